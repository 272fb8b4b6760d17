#pragma once
// What the basic credential of a leaf in a group says: whose device it is. Byte layout:
// docs/security.md, "Members and messages of groups".

#include "unhidra/base/id.h"
#include "unhidra/identity/errc.h"

namespace unhidra::identity {

struct MemberName {
  UserId user_id;
  DeviceId device_id;
  friend auto operator<=>(const MemberName&, const MemberName&) = default;
};

Bytes encode(const MemberName& name);
// Errc::malformed.
Result<MemberName> decode_member_name(ByteView bytes);

// The name that the server's own external sender has in groups (RFC 9420 section 12.1.8.1).
inline constexpr std::string_view kDeliveryServiceName = "unhidra delivery service 1";

}  // namespace unhidra::identity
