#pragma once
// Who holds which built-in role. The super administrator's role spans the installation, every other
// one its organisation.

#include "unhidra/access/role.h"

#include "store_users.h"

namespace unhidra::auth::store {

// Writes the rows of the built-in roles, with their present permissions.
Status ensure_built_in_roles(storage::Transaction& tx, Timestamp now);

Result<access::RoleSet> roles_of(storage::Transaction& tx, OrgId org, UserId user);
// None while the user has yet to replace a one-time password.
Result<access::RoleSet> effective_roles(storage::Transaction& tx, const User& user);
Status grant_role(storage::Transaction& tx, OrgId org, UserId user, access::Role role,
                  UserId granted_by, Timestamp now);
Status take_role(storage::Transaction& tx, OrgId org, UserId user, access::Role role);

// Users other than `except` who are not disabled and hold the role: in the whole installation, ...
Result<std::size_t> count_holders(storage::Transaction& tx, access::Role role, UserId except);
// ... or who can administer this organisation.
Result<std::size_t> count_administrators(storage::Transaction& tx, OrgId org, UserId except);

}  // namespace unhidra::auth::store
