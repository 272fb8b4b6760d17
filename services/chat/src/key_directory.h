#pragma once
// The public keys of devices: what they publish, and prekey bundles for whoever wants to start a
// session (X3DH, revision 1, section 3). Functions on one transaction; they check what a client may
// not be trusted with.

#include <vector>

#include "unhidra/crypto/provider.h"
#include "unhidra/storage/transaction.h"
#include "unhidra/wire/keys.h"

#include "asker.h"

namespace unhidra::chat {

// One-time prekeys that a device may have waiting here, and below how many it is told to send more.
inline constexpr std::size_t kMaxStoredPreKeys = 500;
inline constexpr std::uint32_t kLowPreKeys = 20;

// Everything that needs no database: key shapes, signatures, duplicates, counts.
Status check_upload(const crypto::Provider& provider, DeviceId device_id,
                    const wire::PublishKeys& upload, Timestamp now);
// True when these are the device's first.
Result<bool> store_keys(storage::Transaction& tx, const Asker& asker,
                        const wire::PublishKeys& upload, Timestamp now);

Result<std::uint32_t> count_prekeys(storage::Transaction& tx, DeviceId device_id);

struct HandedOut {
  wire::PreKeyBundles bundles;
  std::vector<std::pair<DeviceId, std::uint32_t>>
      low;  // devices that should send more, and what they have left
};
// One bundle for each device of the user, or of those named; each one-time prekey once. Without
// `with_one_time` the bundles hold signed prekeys alone (the target is asked for too often).
Result<HandedOut> hand_out_bundles(storage::Transaction& tx, const Asker& asker,
                                   const wire::FetchPreKeyBundles& request, bool with_one_time,
                                   Timestamp now);

// SHA-256 over the keys the server holds for the asking device.
Result<wire::KeyDigest> key_digest(const crypto::Provider& provider, storage::Transaction& tx,
                                   const Asker& asker);

}  // namespace unhidra::chat
