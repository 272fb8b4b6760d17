#pragma once
// Organisations, users and invitations: the rules, inside the caller's transaction.

#include <optional>
#include <string>

#include "domain.h"
#include "roles.h"
#include "store_devices.h"
#include "store_users.h"

namespace unhidra::auth {

// ---- the first administrator ----

// Until a super administrator exists, the installation waits for its set-up.
Result<bool> setup_required(storage::Transaction& tx);
// A fresh one-time token; the one before is worth nothing any more. Nothing when set-up is done.
Result<std::optional<std::string>> renew_setup_token(storage::Transaction& tx,
                                                     const Domain& domain);

// Errc::setup_done, Errc::bad_setup_token.
Status check_setup_token(storage::Transaction& tx, std::string_view setup_token);

struct NewAccount {
  std::string username;      // normalised
  std::string display_name;  // empty: the username
  std::string password_hash;
  bool must_change_password = false;
};
// Errc::setup_done, Errc::bad_setup_token, Errc::username_taken. The organisation that open sign-up
// may have made before is taken over and renamed.
Result<store::User> complete_setup(storage::Transaction& tx, const Domain& domain,
                                   std::string_view setup_token, std::string_view organization,
                                   const NewAccount& account);

// ---- organisations ----

struct NewInvitation {
  store::Invitation invitation;
  std::string token;
};
struct NewOrganization {
  store::Organization organization;
  NewInvitation invitation;  // for its first administrator
};
Result<NewOrganization> create_organization(storage::Transaction& tx, const Domain& domain,
                                            const Actor& actor, std::string_view name);

// ---- users ----

// An account with a role and without a giver: sign-up. Errc::username_taken.
Result<store::User> add_user(storage::Transaction& tx, const Domain& domain, OrgId org,
                             const NewAccount& account, access::Role role, UserId given_by);
Result<store::User> create_user(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                                const NewAccount& account, access::Role role);

struct UserChange {
  std::optional<std::string> display_name;
  std::optional<bool> disabled;
};
struct ChangedUser {
  store::User user;
  Ended ended;
  bool renamed = false;  // others are to be told
};
// A checked display name; an empty one: the user name. False when he is called that already.
Result<bool> rename(storage::Transaction& tx, const Domain& domain, store::User& user,
                    std::string_view display_name);
// Disabling ends every session.
Result<ChangedUser> update_user(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                                UserId user, const UserChange& change);
Result<ChangedUser> reset_password(storage::Transaction& tx, const Domain& domain,
                                   const Actor& actor, UserId user,
                                   const std::string& one_time_hash);
// The owner's own change; every other session ends. `checked_hash` is the one that the old password
// was checked against: Errc::bad_credentials when it is no longer the stored one.
Result<Ended> change_password(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                              const std::string& checked_hash, const std::string& new_hash);

// ---- invitations and sign-up ----

Result<NewInvitation> create_invitation(storage::Transaction& tx, const Domain& domain,
                                        const Actor& actor, access::Role role,
                                        std::chrono::milliseconds lifetime);
// Errc::not_found when there is none that is still open.
Status revoke_invitation(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                         InvitationId id);
// Errc::bad_invitation. Does not use it up: redeem does.
Result<store::Invitation> look_at_invitation(storage::Transaction& tx, const Domain& domain,
                                             std::string_view token);
// The new member gets the invitation's role, if he who invited him could still give it.
Result<store::User> redeem_invitation(storage::Transaction& tx, const Domain& domain,
                                      std::string_view token, const NewAccount& account);
// Where one may sign up without an invitation: Errc::sign_up_closed, or none when there is no
// organisation yet.
Result<std::optional<store::Organization>> sign_up_organization(storage::Transaction& tx,
                                                                const Domain& domain,
                                                                std::string_view name_or_id);
// Errc::sign_up_closed. Makes the first organisation when there is none.
Result<store::User> sign_up(storage::Transaction& tx, const Domain& domain,
                            std::string_view organization, const NewAccount& account);

}  // namespace unhidra::auth
