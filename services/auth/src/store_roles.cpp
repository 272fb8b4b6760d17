#include "store_roles.h"

#include <utility>

namespace unhidra::auth::store {
namespace {

using access::Role;
using storage::Transaction;

// Fixed, so that every installation names them alike: version 8 (RFC 9562 section 5.8), the last
// byte is the role.
RoleId role_id(Role role) {
  Uuid uuid{0x75, 0x6e, 0x68, 0x69, 0x64, 0x72, 0x80, 0x61, 0x80, 0, 0, 0, 0, 0, 0, 0};
  uuid[15] = static_cast<Byte>(std::to_underlying(role) + 1);
  return RoleId(uuid);
}

std::string permissions_json(Role role) {
  std::string out = "[";
  for (const auto& [permission, name] : access::kPermissionNames) {
    if (access::permissions_of(role).has(permission)) {
      out += (out.size() > 1 ? ",\"" : "\"") + std::string(name) + '"';
    }
  }
  return out + "]";
}

}  // namespace

Status ensure_built_in_roles(Transaction& tx, Timestamp now) {
  for (const auto role : access::kRoles) {
    UNHIDRA_TRY_VOID(
        tx.execute("INSERT INTO roles (role_id, org_id, name, permissions, created_at) "
                   "VALUES ($1, NULL, $2, $3, $4) "
                   "ON CONFLICT (role_id) DO UPDATE SET permissions = excluded.permissions",
                   role_id(role), access::to_string(role), permissions_json(role), now));
  }
  return {};
}

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

Result<access::RoleSet> effective_roles(Transaction& tx, const User& user) {
  if (user.must_change_password) {
    return access::RoleSet();
  }
  return roles_of(tx, user.org_id, user.id);
}

Status grant_role(Transaction& tx, OrgId org, UserId user, Role role, UserId granted_by,
                  Timestamp now) {
  const auto scope = access::scope_of(role);
  const auto scope_id = scope == access::Scope::system ? Uuid{} : org.uuid();
  const auto giver =
      granted_by.is_nil() ? std::optional<UserId>() : std::optional<UserId>(granted_by);
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO user_roles (user_id, role_id, scope, scope_id, org_id, granted_by, granted_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
      user, role_id(role), access::to_string(scope), scope_id, org, giver, now));
  return {};
}

Status take_role(Transaction& tx, OrgId org, UserId user, Role role) {
  UNHIDRA_TRY_VOID(
      tx.execute("DELETE FROM user_roles WHERE user_id = $1 AND org_id = $2 AND role_id = $3", user,
                 org, role_id(role)));
  return {};
}

Result<std::size_t> count_holders(Transaction& tx, Role role, UserId except) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT COUNT(DISTINCT u.user_id) FROM user_roles ur "
                       "JOIN users u ON u.user_id = ur.user_id "
                       "WHERE ur.role_id = $1 AND u.disabled = 0 AND u.user_id <> $2",
                       role_id(role), except));
  return rows.front().get<std::size_t>(0);
}

Result<std::size_t> count_administrators(Transaction& tx, OrgId org, UserId except) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT COUNT(DISTINCT u.user_id) FROM user_roles ur "
                       "JOIN users u ON u.user_id = ur.user_id "
                       "WHERE ur.org_id = $1 AND ur.role_id IN ($2, $3) AND u.disabled = 0 "
                       "AND u.user_id <> $4",
                       org, role_id(Role::super_admin), role_id(Role::org_admin), except));
  return rows.front().get<std::size_t>(0);
}

}  // namespace unhidra::auth::store
