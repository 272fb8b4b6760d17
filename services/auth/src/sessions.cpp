#include "sessions.h"

#include <algorithm>

#include "unhidra/auth/errc.h"
#include "unhidra/base/text.h"

#include "store_users.h"

namespace unhidra::auth {
namespace {

constexpr std::size_t kMinRetryKey = 16;
constexpr std::size_t kMaxUserAgent = 256;

Timestamp expiry(const Domain& domain, const store::Session& session, Timestamp now) {
  return std::min<Timestamp>(now + domain.settings.refresh_token_lifetime,
                             session.created_at + domain.settings.session_lifetime);
}

bool same(const CredentialHash& a, const CredentialHash& b) {
  return constant_time_equal(a, b);
}

bool is_retry(const Domain& domain, const store::Session& session, const RefreshToken& token,
              std::string_view retry_key, Timestamp now) {
  return retry_key.size() >= kMinRetryKey && session.previous_refresh_hash &&
         session.retry_key_hash && same(*session.previous_refresh_hash, token.rotation_hash()) &&
         same(*session.retry_key_hash, hash_credential(retry_key)) &&
         now - session.last_used_at <= domain.settings.refresh_retry_window;
}

// The successor of `token` replaces what the session holds.
Result<StartedSession> rotate(storage::Transaction& tx, const Domain& domain,
                              store::Session session, const RefreshToken& token,
                              std::string_view retry_key, Timestamp now) {
  auto next = token.next(domain.random);
  session.previous_refresh_hash = token.rotation_hash();
  session.retry_key_hash =
      retry_key.size() >= kMinRetryKey ? std::optional(hash_credential(retry_key)) : std::nullopt;
  session.refresh_hash = next.rotation_hash();
  session.last_used_at = now;
  session.expires_at = expiry(domain, session, now);
  UNHIDRA_TRY_VOID(store::update_refresh(tx, session));
  return StartedSession{std::move(session), std::move(next)};
}

}  // namespace

Result<StartedSession> start_session(storage::Transaction& tx, const Domain& domain, OrgId org,
                                     UserId user, const Origin& origin) {
  const auto now = domain.clock.now();
  const auto id = domain.make_id<SessionId>();
  auto token = RefreshToken::make(id, domain.random);
  store::Session session;
  session.id = id;
  session.org_id = org;
  session.user_id = user;
  session.family_hash = token.family_hash();
  session.refresh_hash = token.rotation_hash();
  session.created_at = now;
  session.last_used_at = now;
  session.expires_at = expiry(domain, session, now);
  session.ip_address = origin.ip_address;
  session.user_agent = printable(std::string_view(origin.user_agent).substr(0, kMaxUserAgent));
  UNHIDRA_TRY_VOID(store::insert(tx, session));
  return StartedSession{std::move(session), std::move(token)};
}

Result<RefreshOutcome> refresh(storage::Transaction& tx, const Domain& domain,
                               const RefreshToken& token, std::string_view retry_key) {
  const auto now = domain.clock.now();
  RefreshOutcome out;
  UNHIDRA_TRY(auto session, store::find_session(tx, token.session));
  if (!session || !same(session->family_hash, token.family_hash())) {
    return out;
  }
  out.session = session;
  UNHIDRA_TRY(const auto user, store::find_user(tx, session->org_id, session->user_id));
  if (!session->alive(now) || !user || user->disabled) {
    return out;
  }
  if (same(session->refresh_hash, token.rotation_hash()) ||
      is_retry(domain, *session, token, retry_key, now)) {
    UNHIDRA_TRY(out.next, rotate(tx, domain, *session, token, retry_key, now));
    out.kind = RefreshOutcome::Kind::rotated;
    return out;
  }
  out.kind = RefreshOutcome::Kind::reused;
  UNHIDRA_TRY(out.ended.sessions,
              store::revoke_session(tx, session->org_id, session->id, {now, "refresh_reused"}));
  return out;
}

Result<Ended> end_session(storage::Transaction& tx, const Domain& domain, OrgId org,
                          std::optional<UserId> owner, SessionId id, std::string_view reason) {
  UNHIDRA_TRY(const auto session, store::find_session(tx, id));
  const auto now = domain.clock.now();
  if (!session || session->org_id != org || (owner && session->user_id != *owner) ||
      !session->alive(now)) {
    return fail(Errc::not_found, "there is no such session");
  }
  Ended ended;
  UNHIDRA_TRY(ended.sessions, store::revoke_session(tx, org, id, {now, reason}));
  return ended;
}

}  // namespace unhidra::auth
