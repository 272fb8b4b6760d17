#include "passwords/store_passwords.h"

#include "unhidra/crypto/provider.h"

namespace unhidra::automation {

Bytes salt_of(std::string_view id) {
  const auto digest =
      crypto::native_provider().sha256(as_bytes("unhidra scram salt " + std::string(id)));
  return to_bytes(ByteView(digest).first(16));
}

namespace store {

using storage::Transaction;

namespace {

Result<access::RoleSet> roles_of(Transaction& tx, OrgId org, UserId user) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT r.name FROM user_roles ur JOIN roles r ON r.role_id = ur.role_id "
                       "WHERE ur.user_id = $1 AND ur.org_id = $2 AND r.org_id IS NULL",
                       user, org));
  access::RoleSet out;
  for (const auto row : rows) {
    if (const auto role = access::parse_role(row.get<std::string_view>(0))) {
      out.add(*role);
    }
  }
  return out;
}

}  // namespace

Status insert(Transaction& tx, const MqttPassword& password) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO mqtt_passwords (password_id, org_id, user_id, name, stored_key, server_key, "
      "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      password.id, password.org_id, password.user_id, password.name, password.verifier.stored_key,
      password.verifier.server_key, password.created_at));
  return {};
}

Result<std::vector<MqttPassword>> list(Transaction& tx, OrgId org, UserId user) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT password_id, name, created_at FROM mqtt_passwords WHERE org_id = $1 "
                       "AND user_id = $2 ORDER BY password_id",
                       org, user));
  std::vector<MqttPassword> out;
  for (const auto row : rows) {
    out.push_back({.id = row.get<MqttPasswordId>(0),
                   .org_id = org,
                   .user_id = user,
                   .name = row.get<std::string>(1),
                   .verifier = {},
                   .created_at = row.get<Timestamp>(2)});
  }
  return out;
}

Result<bool> remove(Transaction& tx, OrgId org, UserId user, MqttPasswordId id) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("DELETE FROM mqtt_passwords WHERE org_id = $1 AND user_id = $2 AND "
                         "password_id = $3",
                         org, user, id));
  return changed == 1;
}

Result<std::optional<PasswordHolder>> find_holder(Transaction& tx, MqttPasswordId id,
                                                  Timestamp expires_at) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT p.org_id, p.user_id, p.stored_key, p.server_key, "
                       "u.must_change_password FROM mqtt_passwords p JOIN users u ON u.user_id = "
                       "p.user_id WHERE p.password_id = $1 AND u.disabled = 0",
                       id));
  if (rows.empty()) {
    return std::nullopt;
  }
  const auto row = rows.front();
  const auto org = row.get<OrgId>(0);
  const auto user = row.get<UserId>(1);
  access::RoleSet roles;
  if (row.get<std::int64_t>(4) == 0) {
    UNHIDRA_TRY(roles, roles_of(tx, org, user));
  }
  return PasswordHolder{
      .verifier = {.salt = salt_of(id.to_string()),
                   .stored_key = row.get<ByteArray<32>>(2),
                   .server_key = row.get<ByteArray<32>>(3)},
      // The password stands for the session: revoking it ends what was opened by it.
      .principal = access::make_user_principal(org, user, std::nullopt, SessionId(id.uuid()), roles,
                                               expires_at)};
}

}  // namespace store
}  // namespace unhidra::automation
