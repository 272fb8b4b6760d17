#pragma once
// Enrolment that waits for a person (RFC 7030 section 4.2.3: 202 with Retry-After). A device's code
// is used with its first request and bound to that request's key; asking again with both is asking
// whether it was decided.

#include <optional>
#include <vector>

#include "unhidra/pki/device_authority.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::automation {

using KeyFingerprint = ByteArray<32>;  // SHA-256 of a SubjectPublicKeyInfo

struct EnrolmentRequest {
  pki::DeviceIdentity identity;
  std::string device_name;  // read only
  ByteArray<32> code_hash{};
  KeyFingerprint fingerprint{};
  std::string ip_address;
  Timestamp created_at{};
  Timestamp expires_at{};
  std::optional<bool> approved;  // nothing: waits
};

enum class Verdict : std::uint8_t { approved, waits };

// What became of a request with this code and key; one that is not there yet is made when the code
// is good. An approved one is over with this. Errc::bad_credentials: neither request nor code, or
// another key; Errc::denied.
Result<Verdict> judge(storage::Transaction& tx, const EnrolmentRequest& request);

// Those that wait, by device.
Result<std::vector<EnrolmentRequest>> waiting(storage::Transaction& tx, OrgId org, DeviceId after,
                                              std::size_t limit, Timestamp now);
// `fingerprint`: the key that was looked at; Errc::conflict when another one waits,
// Errc::not_found when none does.
Status decide(storage::Transaction& tx, const pki::DeviceIdentity& who, bool approved,
              const std::optional<KeyFingerprint>& fingerprint, Timestamp now);
// Nothing waits for the device any more.
Status drop_request(storage::Transaction& tx, const pki::DeviceIdentity& who);

}  // namespace unhidra::automation
