#pragma once
// The life of a session: login, refresh with rotation, end.

#include <optional>
#include <string>

#include "credentials.h"
#include "domain.h"
#include "store_sessions.h"

namespace unhidra::auth {

// Where a request came from, as the session remembers it.
struct Origin {
  std::string ip_address;
  std::string user_agent;
};

struct StartedSession {
  store::Session session;
  RefreshToken refresh_token;
};
Result<StartedSession> start_session(storage::Transaction& tx, const Domain& domain, OrgId org,
                                     UserId user, const Origin& origin);

// What a refresh comes to. Reuse is an outcome and no error, so that the revocation is committed.
struct RefreshOutcome {
  enum class Kind : std::uint8_t { rotated, invalid, reused } kind = Kind::invalid;
  std::optional<StartedSession> next;  // rotated
  // The session that the token names when that is known for sure: for the audit log.
  std::optional<store::Session> session;
  Ended ended;  // reused
};

// Every token is good for one refresh. A second use of any old token ends the session, whoever it
// was: thief and owner cannot be told apart (RFC 9700 section 4.14.2). The one exception keeps a
// client that lost the answer: the same refresh again, proven by the same Idempotency-Key (a secret
// of the client, at least 16 characters), within the retry window and before the lost successor was
// used, gives a new successor.
Result<RefreshOutcome> refresh(storage::Transaction& tx, const Domain& domain,
                               const RefreshToken& token, std::string_view retry_key);

// The user's own session, or anybody's by an administrator's id check before. Errc::not_found.
Result<Ended> end_session(storage::Transaction& tx, const Domain& domain, OrgId org,
                          std::optional<UserId> owner, SessionId session, std::string_view reason);

}  // namespace unhidra::auth
