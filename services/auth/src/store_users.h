#pragma once
// Rows of organizations and users. Everything about users is scoped by organisation: an id of
// another one is not found.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::auth::store {

struct Organization {
  OrgId id;
  std::string name;
  bool open_sign_up = false;
  Timestamp created_at{};
};
// False when the name is taken.
Result<bool> insert(storage::Transaction& tx, const Organization& organization);
// The oldest one: where people belong who name none.
Result<std::optional<Organization>> first_organization(storage::Transaction& tx);
// By id in text form or by name; the first one when empty.
Result<std::optional<Organization>> find_organization(storage::Transaction& tx,
                                                      std::string_view name_or_id);
Result<std::optional<Organization>> find_organization(storage::Transaction& tx, OrgId id);
// False when the name is taken by another one.
Result<bool> update(storage::Transaction& tx, const Organization& organization);
Result<std::vector<Organization>> list_organizations(storage::Transaction& tx, OrgId after,
                                                     std::size_t limit);

struct User {
  UserId id;
  OrgId org_id;
  std::string username;
  std::string display_name;
  std::optional<std::string> password_hash;
  bool must_change_password = false;
  bool disabled = false;
  Timestamp created_at{};
};
// False when the name is taken in the organisation.
Result<bool> insert(storage::Transaction& tx, const User& user);
Result<std::optional<User>> find_user(storage::Transaction& tx, OrgId org, UserId id);
Result<std::optional<User>> find_user(storage::Transaction& tx, OrgId org,
                                      std::string_view username);
// In the order of their ids, after the given one.
Result<std::vector<User>> list_users(storage::Transaction& tx, OrgId org, UserId after,
                                     std::size_t limit);
Status set_display_name(storage::Transaction& tx, const User& user, std::string_view name,
                        Timestamp now);
// Writes, for some of those who have none yet, what the directory of people finds them by; answers
// for how many.
Result<std::size_t> write_search_texts(storage::Transaction& tx);
Status set_disabled(storage::Transaction& tx, OrgId org, UserId id, bool disabled, Timestamp now);
Status set_password(storage::Transaction& tx, OrgId org, UserId id, std::string_view hash,
                    bool must_change, Timestamp now);
Status set_last_login(storage::Transaction& tx, OrgId org, UserId id, Timestamp now);
// The same password at another cost: only while `old_hash` is still the stored one.
Status replace_hash(storage::Transaction& tx, OrgId org, UserId id, std::string_view old_hash,
                    std::string_view new_hash);

}  // namespace unhidra::auth::store
