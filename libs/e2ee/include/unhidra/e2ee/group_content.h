#pragma once
// What a sealed payload of a device group says, inside the ciphertext. docs/security.md, "Device
// groups".

#include <optional>

#include "unhidra/base/time.h"
#include "unhidra/e2ee/errc.h"
#include "unhidra/identity/group_payload.h"

namespace unhidra::e2ee {

inline constexpr std::size_t kMaxGroupBody = std::size_t{1024} * 1024;  // bytes

using RequestId = ByteArray<16>;
using Challenge = ByteArray<16>;

struct GroupContent {
  // When it was sealed. A device without a clock learns from signed payloads of its controllers
  // that it is at least so late.
  Timestamp sent_at{};
  // Not to be acted on after this instant.
  std::optional<Timestamp> not_after;
  // Of a command, and of its result.
  std::optional<RequestId> request_id;
  // What the device asked to see again before it does something that must not be replayed.
  std::optional<Challenge> challenge;
  Bytes body;

  friend bool operator==(const GroupContent&, const GroupContent&) = default;
};

// Commands and results need a request id, commands a deadline or a challenge too. Times have
// milliseconds. Errc::malformed.
Result<SecretBytes> encode(identity::PayloadKind kind, const GroupContent& content);
Result<GroupContent> decode_group_content(identity::PayloadKind kind, ByteView plaintext);

}  // namespace unhidra::e2ee
