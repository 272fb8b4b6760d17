#include "store_devices.h"

namespace unhidra::auth::store {
namespace {

using storage::Row;
using storage::Transaction;

#define UNHIDRA_DEVICE_COLUMNS                                                 \
  "device_id, org_id, user_id, name, platform, kind, created_at, created_by, " \
  "last_seen_at, revoked_at, api_key_hash"
#define UNHIDRA_INVITATION_COLUMNS                                                \
  "invitation_id, org_id, token_hash, role, created_by, created_at, expires_at, " \
  "used_at, used_by, revoked_at"

Device read_device(const Row& row) {
  return {.id = row.get<DeviceId>("device_id"),
          .org_id = row.get<OrgId>("org_id"),
          .user_id = row.get<std::optional<UserId>>("user_id"),
          .name = row.get<std::string>("name"),
          .platform = row.get<std::string>("platform"),
          .kind = row.get<std::string>("kind"),
          .created_at = row.get<Timestamp>("created_at"),
          .created_by = row.get<std::optional<UserId>>("created_by").value_or(UserId()),
          .last_seen_at = row.get<std::optional<Timestamp>>("last_seen_at"),
          .revoked_at = row.get<std::optional<Timestamp>>("revoked_at"),
          .api_key_hash = row.get<std::optional<CredentialHash>>("api_key_hash")};
}

Invitation read_invitation(const Row& row) {
  return {
      .id = row.get<InvitationId>("invitation_id"),
      .org_id = row.get<OrgId>("org_id"),
      .token_hash = row.get<CredentialHash>("token_hash"),
      .role = access::parse_role(row.get<std::string_view>("role")).value_or(access::Role::guest),
      .created_by = row.get<std::optional<UserId>>("created_by").value_or(UserId()),
      .created_at = row.get<Timestamp>("created_at"),
      .expires_at = row.get<Timestamp>("expires_at"),
      .used_at = row.get<std::optional<Timestamp>>("used_at"),
      .used_by = row.get<std::optional<UserId>>("used_by"),
      .revoked_at = row.get<std::optional<Timestamp>>("revoked_at")};
}

std::vector<Device> read_devices(const storage::Rows& rows) {
  std::vector<Device> out;
  for (const auto row : rows) {
    out.push_back(read_device(row));
  }
  return out;
}

}  // namespace

Status insert(Transaction& tx, const Device& device) {
  UNHIDRA_TRY_VOID(tx.execute("INSERT INTO devices (" UNHIDRA_DEVICE_COLUMNS
                              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                              device.id, device.org_id, device.user_id, device.name,
                              device.platform, device.kind, device.created_at, device.created_by,
                              device.last_seen_at, device.revoked_at, device.api_key_hash));
  return {};
}

Result<std::optional<Device>> find_device(Transaction& tx, OrgId org, DeviceId id) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT " UNHIDRA_DEVICE_COLUMNS
                                        " FROM devices WHERE org_id = $1 AND device_id = $2",
                                        org, id));
  return rows.empty() ? std::nullopt : std::optional(read_device(rows.front()));
}

Result<std::optional<OrgId>> organization_of_device(Transaction& tx, DeviceId id) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT org_id FROM devices WHERE device_id = $1", id));
  return rows.empty() ? std::nullopt : std::optional(rows.front().get<OrgId>(0));
}

Result<std::optional<Device>> find_device_by_key(Transaction& tx, const CredentialHash& key) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT " UNHIDRA_DEVICE_COLUMNS " FROM devices WHERE api_key_hash = $1", key));
  return rows.empty() ? std::nullopt : std::optional(read_device(rows.front()));
}

Result<std::vector<Device>> list_devices_of_user(Transaction& tx, OrgId org, UserId user,
                                                 DeviceId after, std::size_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT " UNHIDRA_DEVICE_COLUMNS
                       " FROM devices WHERE user_id = $1 AND org_id = $2 AND device_id > $3 "
                       "ORDER BY device_id LIMIT $4",
                       user, org, after, limit));
  return read_devices(rows);
}

Result<std::vector<Device>> list_devices(Transaction& tx, OrgId org, std::string_view kind,
                                         DeviceId after, std::size_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT " UNHIDRA_DEVICE_COLUMNS
                       " FROM devices WHERE org_id = $1 AND kind = $2 AND device_id > $3 "
                       "ORDER BY device_id LIMIT $4",
                       org, kind, after, limit));
  return read_devices(rows);
}

Result<std::size_t> count_live_devices(Transaction& tx, OrgId org, UserId user) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT COUNT(*) FROM devices "
                                        "WHERE user_id = $1 AND org_id = $2 AND revoked_at IS NULL",
                                        user, org));
  return rows.front().get<std::size_t>(0);
}

Result<bool> revoke_device(Transaction& tx, OrgId org, DeviceId id, Timestamp now) {
  UNHIDRA_TRY(const auto changed, tx.execute("UPDATE devices SET revoked_at = $3 WHERE org_id = $1 "
                                             "AND device_id = $2 AND revoked_at IS NULL",
                                             org, id, now));
  return changed == 1;
}

Status touch_device(Transaction& tx, OrgId org, DeviceId id, Timestamp now) {
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE devices SET last_seen_at = $3 WHERE org_id = $1 AND device_id = $2", org, id, now));
  return {};
}

Status insert(Transaction& tx, const Invitation& invitation) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO invitations (invitation_id, org_id, token_hash, role, created_by, created_at, "
      "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      invitation.id, invitation.org_id, invitation.token_hash, access::to_string(invitation.role),
      invitation.created_by.is_nil() ? std::nullopt : std::optional(invitation.created_by),
      invitation.created_at, invitation.expires_at));
  return {};
}

Result<std::optional<Invitation>> find_invitation(Transaction& tx, const CredentialHash& token) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT " UNHIDRA_INVITATION_COLUMNS
                                        " FROM invitations WHERE token_hash = $1",
                                        token));
  return rows.empty() ? std::nullopt : std::optional(read_invitation(rows.front()));
}

Result<std::vector<Invitation>> list_invitations(Transaction& tx, OrgId org, InvitationId after,
                                                 std::size_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT " UNHIDRA_INVITATION_COLUMNS
                       " FROM invitations WHERE org_id = $1 AND invitation_id > $2 "
                       "ORDER BY invitation_id LIMIT $3",
                       org, after, limit));
  std::vector<Invitation> out;
  for (const auto row : rows) {
    out.push_back(read_invitation(row));
  }
  return out;
}

Result<bool> use_invitation(Transaction& tx, InvitationId id, UserId by, Timestamp now) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE invitations SET used_at = $3, used_by = $2 "
                         "WHERE invitation_id = $1 AND used_at IS NULL AND revoked_at IS NULL "
                         "AND expires_at > $3",
                         id, by, now));
  return changed == 1;
}

Result<bool> revoke_invitation(Transaction& tx, OrgId org, InvitationId id, Timestamp now) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE invitations SET revoked_at = $3 WHERE org_id = $1 "
                         "AND invitation_id = $2 AND used_at IS NULL AND revoked_at IS NULL",
                         org, id, now));
  return changed == 1;
}

}  // namespace unhidra::auth::store
