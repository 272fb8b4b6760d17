#include "store_sessions.h"

namespace unhidra::auth::store {
namespace {

using storage::Row;
using storage::Transaction;

constexpr std::string_view kFindSession =
    "SELECT session_id, org_id, user_id, device_id, family_hash, refresh_hash, "
    "previous_refresh_hash, retry_key_hash, created_at, last_used_at, expires_at, revoked_at, "
    "ip_address, user_agent FROM sessions WHERE session_id = $1";
constexpr std::string_view kListOfUser =
    "SELECT session_id, org_id, user_id, device_id, family_hash, refresh_hash, "
    "previous_refresh_hash, retry_key_hash, created_at, last_used_at, expires_at, revoked_at, "
    "ip_address, user_agent FROM sessions WHERE org_id = $1 AND user_id = $2 "
    "AND session_id < $3 AND revoked_at IS NULL AND expires_at > $4 "
    "ORDER BY session_id DESC LIMIT $5";
constexpr std::string_view kListOfOrg =
    "SELECT session_id, org_id, user_id, device_id, family_hash, refresh_hash, "
    "previous_refresh_hash, retry_key_hash, created_at, last_used_at, expires_at, revoked_at, "
    "ip_address, user_agent FROM sessions WHERE org_id = $1 "
    "AND session_id < $2 AND revoked_at IS NULL AND expires_at > $3 "
    "ORDER BY session_id DESC LIMIT $4";

Session read(const Row& row) {
  return {.id = row.get<SessionId>("session_id"),
          .org_id = row.get<OrgId>("org_id"),
          .user_id = row.get<UserId>("user_id"),
          .device_id = row.get<std::optional<DeviceId>>("device_id"),
          .family_hash = row.get<CredentialHash>("family_hash"),
          .refresh_hash = row.get<CredentialHash>("refresh_hash"),
          .previous_refresh_hash = row.get<std::optional<CredentialHash>>("previous_refresh_hash"),
          .retry_key_hash = row.get<std::optional<CredentialHash>>("retry_key_hash"),
          .created_at = row.get<Timestamp>("created_at"),
          .last_used_at = row.get<Timestamp>("last_used_at"),
          .expires_at = row.get<Timestamp>("expires_at"),
          .revoked_at = row.get<std::optional<Timestamp>>("revoked_at"),
          .ip_address = row.get<std::string>("ip_address"),
          .user_agent = row.get<std::string>("user_agent")};
}

std::vector<Session> read_all(const storage::Rows& rows) {
  std::vector<Session> out;
  out.reserve(rows.size());
  for (const auto row : rows) {
    out.push_back(read(row));
  }
  return out;
}

template <class IdType>
std::vector<IdType> ids(const storage::Rows& rows) {
  std::vector<IdType> out;
  out.reserve(rows.size());
  for (const auto row : rows) {
    out.push_back(row.template get<IdType>(0));
  }
  return out;
}

}  // namespace

Status insert(Transaction& tx, const Session& session) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO sessions (session_id, org_id, user_id, device_id, family_hash, refresh_hash, "
      "created_at, last_used_at, expires_at, ip_address, user_agent) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      session.id, session.org_id, session.user_id, session.device_id, session.family_hash,
      session.refresh_hash, session.created_at, session.last_used_at, session.expires_at,
      session.ip_address, session.user_agent));
  return {};
}

Result<std::optional<Session>> find_session(Transaction& tx, SessionId id) {
  UNHIDRA_TRY(const auto rows, tx.query(kFindSession, id));
  return rows.empty() ? std::nullopt : std::optional(read(rows.front()));
}

Result<std::optional<Session>> find_session(Transaction& tx, OrgId org, UserId user, SessionId id) {
  UNHIDRA_TRY(auto session, find_session(tx, id));
  if (session && (session->org_id != org || session->user_id != user)) {
    session.reset();
  }
  return session;
}

Result<std::vector<Session>> list_sessions(Transaction& tx, const SessionQuery& query) {
  Uuid last;
  last.fill(0xff);
  const auto before = query.before.value_or(SessionId(last));
  if (query.user_id) {
    UNHIDRA_TRY(const auto rows, tx.query(kListOfUser, query.org_id, *query.user_id, before,
                                          query.now, query.limit));
    return read_all(rows);
  }
  UNHIDRA_TRY(const auto rows, tx.query(kListOfOrg, query.org_id, before, query.now, query.limit));
  return read_all(rows);
}

Status update_refresh(Transaction& tx, const Session& session) {
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE sessions SET refresh_hash = $2, previous_refresh_hash = $3, retry_key_hash = $4, "
      "last_used_at = $5, expires_at = $6 WHERE session_id = $1",
      session.id, session.refresh_hash, session.previous_refresh_hash, session.retry_key_hash,
      session.last_used_at, session.expires_at));
  return {};
}

Status bind_device(Transaction& tx, SessionId id, DeviceId device) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE sessions SET device_id = $2 WHERE session_id = $1", id, device));
  return {};
}

Result<std::vector<SessionId>> revoke_session(Transaction& tx, OrgId org, SessionId id,
                                              Revocation revocation) {
  UNHIDRA_TRY(const auto rows,
              tx.query("UPDATE sessions SET revoked_at = $3, revoked_reason = $4 "
                       "WHERE org_id = $1 AND session_id = $2 AND revoked_at IS NULL "
                       "RETURNING session_id",
                       org, id, revocation.now, revocation.reason));
  return ids<SessionId>(rows);
}

Result<std::vector<SessionId>> revoke_sessions_of_user(Transaction& tx, OrgId org, UserId user,
                                                       std::optional<SessionId> except,
                                                       Revocation revocation) {
  UNHIDRA_TRY(const auto rows,
              tx.query("UPDATE sessions SET revoked_at = $3, revoked_reason = $4 "
                       "WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NULL "
                       "AND session_id <> $5 RETURNING session_id",
                       org, user, revocation.now, revocation.reason, except.value_or(SessionId())));
  return ids<SessionId>(rows);
}

Result<std::vector<SessionId>> revoke_sessions_of_device(Transaction& tx, OrgId org,
                                                         DeviceId device, Revocation revocation) {
  UNHIDRA_TRY(const auto rows,
              tx.query("UPDATE sessions SET revoked_at = $3, revoked_reason = $4 "
                       "WHERE org_id = $1 AND device_id = $2 AND revoked_at IS NULL "
                       "RETURNING session_id",
                       org, device, revocation.now, revocation.reason));
  return ids<SessionId>(rows);
}

Result<Revocations> revoked_since(Transaction& tx, Timestamp since) {
  Revocations out;
  UNHIDRA_TRY(const auto sessions,
              tx.query("SELECT session_id FROM sessions WHERE revoked_at >= $1", since));
  out.sessions = ids<SessionId>(sessions);
  UNHIDRA_TRY(const auto devices,
              tx.query("SELECT device_id FROM devices WHERE revoked_at >= $1", since));
  out.devices = ids<DeviceId>(devices);
  return out;
}

}  // namespace unhidra::auth::store
