#pragma once
// KeyPackages (RFC 9420 section 10) of devices: what they publish, and one for whoever wants to add
// the device to a group. Each is handed out once; the last-resort one of a suite when nothing else
// is left.

#include <vector>

#include "unhidra/crypto/provider.h"
#include "unhidra/storage/transaction.h"
#include "unhidra/wire/groups.h"

#include "asker.h"

namespace unhidra::chat {

inline constexpr std::size_t kMaxKeyPackagesPerUpload = 100;
inline constexpr std::size_t kMaxKeyPackageBytes = 4096;
// Waiting here, of one device and suite; below kLow the device is told to send more.
inline constexpr std::uint32_t kMaxStoredKeyPackages = 200;
inline constexpr std::uint32_t kLowKeyPackages = 20;

// All of them or none. One that is here already, or was handed out, is passed over: sending again
// after a lost answer does no harm. Errc::bad_key_package, Errc::too_many_key_packages.
Status store_key_packages(const crypto::Provider& provider, storage::Transaction& tx,
                          const Asker& asker, const wire::PublishKeyPackages& upload,
                          Timestamp now);

Result<wire::KeyPackageCount> count_key_packages(storage::Transaction& tx, DeviceId device,
                                                 std::uint32_t suite, Timestamp now);

struct ClaimedKeyPackages {
  wire::KeyPackages key_packages;
  // Devices that should send more.
  std::vector<std::pair<DeviceId, wire::KeyPackagesLow>> low;
};
// For each device on the user's list that is not revoked and has one; the asking device left out.
// Without `one_time` the last-resort ones alone: the user is asked for too often.
Result<ClaimedKeyPackages> claim_key_packages(storage::Transaction& tx, const Asker& asker,
                                              const wire::ClaimKeyPackages& request, bool one_time,
                                              Timestamp now);

}  // namespace unhidra::chat
