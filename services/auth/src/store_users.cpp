#include "store_users.h"

#include "names.h"

namespace unhidra::auth::store {
namespace {

using storage::Row;
using storage::Transaction;

#define UNHIDRA_USER_COLUMNS                                                       \
  "user_id, org_id, username, display_name, password_hash, must_change_password, " \
  "disabled, created_at"

Organization read_organization(const Row& row) {
  return {.id = row.get<OrgId>("org_id"),
          .name = row.get<std::string>("name"),
          .open_sign_up = row.get<bool>("open_sign_up"),
          .created_at = row.get<Timestamp>("created_at")};
}

User read_user(const Row& row) {
  return {.id = row.get<UserId>("user_id"),
          .org_id = row.get<OrgId>("org_id"),
          .username = row.get<std::string>("username"),
          .display_name = row.get<std::string>("display_name"),
          .password_hash = row.get<std::optional<std::string>>("password_hash"),
          .must_change_password = row.get<bool>("must_change_password"),
          .disabled = row.get<bool>("disabled"),
          .created_at = row.get<Timestamp>("created_at")};
}

std::optional<Organization> one_organization(const storage::Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(read_organization(rows.front()));
}

std::optional<User> one_user(const storage::Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(read_user(rows.front()));
}

}  // namespace

Result<bool> insert(Transaction& tx, const Organization& organization) {
  UNHIDRA_TRY(const auto inserted,
              tx.execute("INSERT INTO organizations (org_id, name, created_at) "
                         "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                         organization.id, organization.name, organization.created_at));
  return inserted == 1;
}

Result<std::optional<Organization>> first_organization(Transaction& tx) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT org_id, name, open_sign_up, created_at FROM organizations "
                       "ORDER BY created_at, org_id LIMIT 1"));
  return one_organization(rows);
}

Result<std::optional<Organization>> find_organization(Transaction& tx,
                                                      std::string_view name_or_id) {
  if (name_or_id.empty()) {
    return first_organization(tx);
  }
  if (const auto id = OrgId::parse(name_or_id)) {
    return find_organization(tx, *id);
  }
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT org_id, name, open_sign_up, created_at FROM organizations WHERE name = $1",
               name_or_id));
  return one_organization(rows);
}

Result<std::optional<Organization>> find_organization(Transaction& tx, OrgId id) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT org_id, name, open_sign_up, created_at FROM organizations WHERE org_id = $1",
               id));
  return one_organization(rows);
}

Result<bool> update(Transaction& tx, const Organization& organization) {
  // A statement that breaks UNIQUE would doom the transaction: ask before.
  UNHIDRA_TRY(const auto others,
              tx.query("SELECT org_id FROM organizations WHERE name = $1 AND org_id <> $2",
                       organization.name, organization.id));
  if (!others.empty()) {
    return false;
  }
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE organizations SET name = $2, open_sign_up = $3 WHERE org_id = $1",
                 organization.id, organization.name, organization.open_sign_up));
  return true;
}

Result<std::vector<Organization>> list_organizations(Transaction& tx, OrgId after,
                                                     std::size_t limit) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT org_id, name, open_sign_up, created_at FROM organizations WHERE org_id > $1 "
               "ORDER BY org_id LIMIT $2",
               after, limit));
  std::vector<Organization> out;
  for (const auto row : rows) {
    out.push_back(read_organization(row));
  }
  return out;
}

Result<bool> insert(Transaction& tx, const User& user) {
  UNHIDRA_TRY(const auto inserted,
              tx.execute("INSERT INTO users (" UNHIDRA_USER_COLUMNS ", updated_at, search_text) "
                         "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) ON CONFLICT DO NOTHING",
                         user.id, user.org_id, user.username, user.display_name, user.password_hash,
                         user.must_change_password, user.disabled, user.created_at,
                         search_text_of(user.username, user.display_name)));
  return inserted == 1;
}

Result<std::optional<User>> find_user(Transaction& tx, OrgId org, UserId id) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT " UNHIDRA_USER_COLUMNS
                                        " FROM users WHERE org_id = $1 AND user_id = $2",
                                        org, id));
  return one_user(rows);
}

Result<std::optional<User>> find_user(Transaction& tx, OrgId org, std::string_view username) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT " UNHIDRA_USER_COLUMNS
                                        " FROM users WHERE org_id = $1 AND username = $2",
                                        org, username));
  return one_user(rows);
}

Result<std::vector<User>> list_users(Transaction& tx, OrgId org, UserId after, std::size_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT " UNHIDRA_USER_COLUMNS
                       " FROM users WHERE org_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
                       org, after, limit));
  std::vector<User> out;
  for (const auto row : rows) {
    out.push_back(read_user(row));
  }
  return out;
}

Status set_display_name(Transaction& tx, const User& user, std::string_view name, Timestamp now) {
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE users SET display_name = $3, updated_at = $4, display_name_changed_at = $4, "
      "search_text = $5 WHERE org_id = $1 AND user_id = $2",
      user.org_id, user.id, name, now, search_text_of(user.username, name)));
  return {};
}

Result<std::size_t> write_search_texts(Transaction& tx) {
  constexpr std::size_t kAtOnce = 500;
  UNHIDRA_TRY(const auto rows, tx.query("SELECT user_id, username, display_name FROM users WHERE "
                                        "search_text IS NULL ORDER BY user_id LIMIT $1",
                                        kAtOnce));
  for (const Row row : rows) {
    UNHIDRA_TRY_VOID(
        tx.execute_later("UPDATE users SET search_text = $2 WHERE user_id = $1", row.get<UserId>(0),
                         search_text_of(row.get<std::string>(1), row.get<std::string>(2))));
  }
  return rows.size();
}

Status set_disabled(Transaction& tx, OrgId org, UserId id, bool disabled, Timestamp now) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE users SET disabled = $3, updated_at = $4 "
                 "WHERE org_id = $1 AND user_id = $2",
                 org, id, disabled, now));
  return {};
}

Status set_password(Transaction& tx, OrgId org, UserId id, std::string_view hash, bool must_change,
                    Timestamp now) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE users SET password_hash = $3, must_change_password = $4, "
                 "updated_at = $5, password_changed_at = $5 WHERE org_id = $1 AND user_id = $2",
                 org, id, hash, must_change, now));
  return {};
}

Status set_last_login(Transaction& tx, OrgId org, UserId id, Timestamp now) {
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE users SET last_login_at = $3 WHERE org_id = $1 AND user_id = $2", org, id, now));
  return {};
}

Status replace_hash(Transaction& tx, OrgId org, UserId id, std::string_view old_hash,
                    std::string_view new_hash) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE users SET password_hash = $4 "
                 "WHERE org_id = $1 AND user_id = $2 AND password_hash = $3",
                 org, id, old_hash, new_hash));
  return {};
}

}  // namespace unhidra::auth::store
