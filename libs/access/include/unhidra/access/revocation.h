#pragma once
// What no longer holds, told to every process that lets somebody in because of it.

#include "unhidra/access/principal.h"

namespace unhidra::access {

// Published by whoever ends it, at least once, after the commit.
inline constexpr std::string_view kRevokedSubject = "auth.revoked";

// What was revoked, or a user whose roles are others now: every connection that rests on it is
// closed. After a change of roles the client may come back at once, with its roles of then.
struct Revocation {
  enum class Kind : std::uint8_t { session = 1, device = 2, user = 3, roles = 4 };
  Kind kind = Kind::session;
  Uuid id{};

  bool covers(const Principal& principal) const;
  // For good: what comes later is covered as well.
  bool stays() const { return kind != Kind::roles; }
  // The message on the bus: kind, then the 16 bytes of the id.
  Bytes encode() const;
  // Errors: truncated and the like; invalid for an unknown kind.
  static Result<Revocation> decode(ByteView bytes);
};

}  // namespace unhidra::access
