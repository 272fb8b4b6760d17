#pragma once
// Rows of sessions: one login each, the family of its refresh tokens.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/storage/transaction.h"

#include "credentials.h"

namespace unhidra::auth::store {

struct Session {
  SessionId id;
  OrgId org_id;
  UserId user_id;
  std::optional<DeviceId> device_id;
  CredentialHash family_hash{};
  CredentialHash refresh_hash{};
  // The refresh before: what was given, and the Idempotency-Key under which it may be repeated.
  std::optional<CredentialHash> previous_refresh_hash;
  std::optional<CredentialHash> retry_key_hash;
  Timestamp created_at{};
  Timestamp last_used_at{};
  Timestamp expires_at{};
  std::optional<Timestamp> revoked_at;
  std::string ip_address;
  std::string user_agent;

  bool alive(Timestamp now) const { return !revoked_at && now < expires_at; }
};

Status insert(storage::Transaction& tx, const Session& session);
// By id alone: for refresh tokens and access tokens, which prove more than the id.
Result<std::optional<Session>> find_session(storage::Transaction& tx, SessionId id);
Result<std::optional<Session>> find_session(storage::Transaction& tx, OrgId org, UserId user,
                                            SessionId id);
// Those that are alive, newest first, of one user or of the organisation.
struct SessionQuery {
  OrgId org_id;
  std::optional<UserId> user_id;
  std::optional<SessionId> before;  // older than this one
  Timestamp now{};
  std::size_t limit = 0;
};
Result<std::vector<Session>> list_sessions(storage::Transaction& tx, const SessionQuery& query);
// Stores the hashes and times of a refresh.
Status update_refresh(storage::Transaction& tx, const Session& session);
Status bind_device(storage::Transaction& tx, SessionId id, DeviceId device);
// The ids of those that were alive and no longer are.
struct Revocation {
  Timestamp now{};
  std::string_view reason;  // "logout", "refresh_reused", ...
};
Result<std::vector<SessionId>> revoke_session(storage::Transaction& tx, OrgId org, SessionId id,
                                              Revocation revocation);
Result<std::vector<SessionId>> revoke_sessions_of_user(storage::Transaction& tx, OrgId org,
                                                       UserId user, std::optional<SessionId> except,
                                                       Revocation revocation);
Result<std::vector<SessionId>> revoke_sessions_of_device(storage::Transaction& tx, OrgId org,
                                                         DeviceId device, Revocation revocation);

// What was revoked since, for the watcher.
struct Revocations {
  std::vector<SessionId> sessions;
  std::vector<DeviceId> devices;
};
Result<Revocations> revoked_since(storage::Transaction& tx, Timestamp since);

}  // namespace unhidra::auth::store
