#pragma once
// Somebody is called otherwise: asked of the chat role, which knows whom that concerns.

#include <string_view>

#include "unhidra/base/id.h"

namespace unhidra::access {

// After the commit: the organisation's id, then the user's. Answered with nothing. A question that
// is lost does no harm: a client asks on its next connection who is called otherwise.
inline constexpr std::string_view kProfileChangedSubject = "chat.profile_changed";

struct ProfileChange {
  OrgId org;
  UserId user;

  Bytes encode() const;
  // Errors: truncated and the like.
  static Result<ProfileChange> decode(ByteView bytes);
};

}  // namespace unhidra::access
