#include "accounts.h"

#include "unhidra/auth/errc.h"

#include "store_roles.h"
#include "store_server.h"
#include "store_sessions.h"

namespace unhidra::auth {
namespace {

using storage::Transaction;

constexpr std::string_view kSetupState = "setup_token";
constexpr std::string_view kDefaultOrganization = "Default";

Result<store::Organization> make_organization(Transaction& tx, const Domain& domain,
                                              std::string_view name) {
  store::Organization organization{.id = domain.make_id<OrgId>(),
                                   .name = std::string(name),
                                   .open_sign_up = false,
                                   .created_at = domain.clock.now()};
  UNHIDRA_TRY(const bool inserted, store::insert(tx, organization));
  if (!inserted) {
    return fail(Errc::name_taken, "an organisation of this name exists");
  }
  return organization;
}

// The organisation that set-up makes or takes over.
Result<store::Organization> organization_for_setup(Transaction& tx, const Domain& domain,
                                                   std::string_view name) {
  UNHIDRA_TRY(auto first, store::first_organization(tx));
  if (!first) {
    return make_organization(tx, domain, name.empty() ? kDefaultOrganization : name);
  }
  if (!name.empty() && name != first->name) {
    UNHIDRA_TRY(const auto other, store::find_organization(tx, name));
    if (other) {
      return *other;
    }
    first->name = name;
    UNHIDRA_TRY_VOID(store::update(tx, *first));
  }
  return *std::move(first);
}

}  // namespace

Result<bool> setup_required(Transaction& tx) {
  UNHIDRA_TRY(const auto holders, store::count_holders(tx, access::Role::super_admin, UserId()));
  return holders == 0;
}

Result<std::optional<std::string>> renew_setup_token(Transaction& tx, const Domain& domain) {
  UNHIDRA_TRY(const bool required, setup_required(tx));
  if (!required) {
    return std::nullopt;
  }
  auto token = make_credential("uhs", domain.random);
  UNHIDRA_TRY_VOID(store::put_state(tx, kSetupState, hash_credential(token), domain.clock.now()));
  return token;
}

Status check_setup_token(Transaction& tx, std::string_view setup_token) {
  UNHIDRA_TRY(const bool required, setup_required(tx));
  if (!required) {
    return fail(Errc::setup_done, "this server has its administrator already");
  }
  UNHIDRA_TRY(const auto expected, store::get_state(tx, kSetupState));
  if (!expected || !constant_time_equal(*expected, hash_credential(setup_token))) {
    return fail(Errc::bad_setup_token, "this is not the set-up token that the server printed");
  }
  return {};
}

Result<store::User> complete_setup(Transaction& tx, const Domain& domain,
                                   std::string_view setup_token, std::string_view organization,
                                   const NewAccount& account) {
  UNHIDRA_TRY_VOID(check_setup_token(tx, setup_token));
  UNHIDRA_TRY(const auto org, organization_for_setup(tx, domain, organization));
  UNHIDRA_TRY(auto user,
              add_user(tx, domain, org.id, account, access::Role::super_admin, UserId()));
  UNHIDRA_TRY_VOID(store::delete_state(tx, kSetupState));
  return user;
}

Result<NewOrganization> create_organization(Transaction& tx, const Domain& domain,
                                            const Actor& actor, std::string_view name) {
  UNHIDRA_TRY_VOID(check_may_give(tx, domain, actor, access::Role::super_admin));
  UNHIDRA_TRY(auto organization, make_organization(tx, domain, name));
  NewInvitation invitation{.invitation = {}, .token = make_credential("uhi", domain.random)};
  const auto now = domain.clock.now();
  invitation.invitation = {.id = domain.make_id<InvitationId>(),
                           .org_id = organization.id,
                           .token_hash = hash_credential(invitation.token),
                           .role = access::Role::org_admin,
                           .created_by = UserId(),  // he who made it is no member of it
                           .created_at = now,
                           .expires_at = now + domain.settings.invitation_lifetime,
                           .used_at = {},
                           .used_by = {},
                           .revoked_at = {}};
  UNHIDRA_TRY_VOID(store::insert(tx, invitation.invitation));
  return NewOrganization{std::move(organization), std::move(invitation)};
}

Result<store::User> add_user(Transaction& tx, const Domain& domain, OrgId org,
                             const NewAccount& account, access::Role role, UserId given_by) {
  store::User user{
      .id = domain.make_id<UserId>(),
      .org_id = org,
      .username = account.username,
      .display_name = account.display_name.empty() ? account.username : account.display_name,
      .password_hash = account.password_hash,
      .must_change_password = account.must_change_password,
      .disabled = false,
      .created_at = domain.clock.now()};
  UNHIDRA_TRY(const bool inserted, store::insert(tx, user));
  if (!inserted) {
    return fail(Errc::username_taken, "this username is taken");
  }
  UNHIDRA_TRY_VOID(store::grant_role(tx, org, user.id, role, given_by, user.created_at));
  return user;
}

Result<store::User> create_user(Transaction& tx, const Domain& domain, const Actor& actor,
                                const NewAccount& account, access::Role role) {
  UNHIDRA_TRY_VOID(check_may_give(tx, domain, actor, role));
  return add_user(tx, domain, actor.org, account, role, actor.user);
}

Result<bool> rename(Transaction& tx, const Domain& domain, store::User& user,
                    std::string_view display_name) {
  const auto name = display_name.empty() ? std::string_view(user.username) : display_name;
  if (name == user.display_name) {
    return false;
  }
  UNHIDRA_TRY_VOID(store::set_display_name(tx, user, name, domain.clock.now()));
  user.display_name = name;
  return true;
}

Result<ChangedUser> update_user(Transaction& tx, const Domain& domain, const Actor& actor,
                                UserId id, const UserChange& change) {
  UNHIDRA_TRY(auto user, find_subject(tx, domain, actor, id));
  const auto now = domain.clock.now();
  ChangedUser out{.user = std::move(user), .ended = {}, .renamed = false};
  if (change.display_name) {
    UNHIDRA_TRY(out.renamed, rename(tx, domain, out.user, *change.display_name));
  }
  if (change.disabled && *change.disabled != out.user.disabled) {
    if (*change.disabled) {
      UNHIDRA_TRY(const auto roles, store::roles_of(tx, actor.org, id));
      UNHIDRA_TRY_VOID(check_not_last(tx, actor.org, id, roles));
      UNHIDRA_TRY(out.ended.sessions, store::revoke_sessions_of_user(
                                          tx, actor.org, id, std::nullopt, {now, "user_disabled"}));
    }
    out.user.disabled = *change.disabled;
    UNHIDRA_TRY_VOID(store::set_disabled(tx, actor.org, id, out.user.disabled, now));
  }
  return out;
}

Result<ChangedUser> reset_password(Transaction& tx, const Domain& domain, const Actor& actor,
                                   UserId id, const std::string& one_time_hash) {
  UNHIDRA_TRY(auto user, find_subject(tx, domain, actor, id));
  const auto now = domain.clock.now();
  UNHIDRA_TRY_VOID(store::set_password(tx, actor.org, id, one_time_hash, true, now));
  ChangedUser out{.user = std::move(user), .ended = {}, .renamed = false};
  UNHIDRA_TRY(out.ended.sessions, store::revoke_sessions_of_user(tx, actor.org, id, std::nullopt,
                                                                 {now, "password_reset"}));
  return out;
}

Result<Ended> change_password(Transaction& tx, const Domain& domain, const Actor& actor,
                              const std::string& checked_hash, const std::string& new_hash) {
  UNHIDRA_TRY_VOID(present_principal(tx, domain, actor));
  UNHIDRA_TRY(const auto user, store::find_user(tx, actor.org, actor.user));
  if (!user || user->password_hash != checked_hash) {
    return fail(Errc::bad_credentials, "the password is wrong");
  }
  const auto now = domain.clock.now();
  UNHIDRA_TRY_VOID(store::set_password(tx, actor.org, actor.user, new_hash, false, now));
  Ended ended;
  UNHIDRA_TRY(ended.sessions,
              store::revoke_sessions_of_user(tx, actor.org, actor.user, actor.session,
                                             {now, "password_changed"}));
  return ended;
}

Result<NewInvitation> create_invitation(Transaction& tx, const Domain& domain, const Actor& actor,
                                        access::Role role, std::chrono::milliseconds lifetime) {
  UNHIDRA_TRY_VOID(check_may_give(tx, domain, actor, role));
  const auto now = domain.clock.now();
  NewInvitation out{.invitation = {}, .token = make_credential("uhi", domain.random)};
  out.invitation = {.id = domain.make_id<InvitationId>(),
                    .org_id = actor.org,
                    .token_hash = hash_credential(out.token),
                    .role = role,
                    .created_by = actor.user,
                    .created_at = now,
                    .expires_at = now + lifetime,
                    .used_at = {},
                    .used_by = {},
                    .revoked_at = {}};
  UNHIDRA_TRY_VOID(store::insert(tx, out.invitation));
  return out;
}

Status revoke_invitation(Transaction& tx, const Domain& domain, const Actor& actor,
                         InvitationId id) {
  UNHIDRA_TRY_VOID(present_principal(tx, domain, actor));
  UNHIDRA_TRY(const bool revoked, store::revoke_invitation(tx, actor.org, id, domain.clock.now()));
  if (!revoked) {
    return fail(Errc::not_found, "there is no open invitation of this id");
  }
  return {};
}

Result<store::Invitation> look_at_invitation(Transaction& tx, const Domain& domain,
                                             std::string_view token) {
  UNHIDRA_TRY(auto invitation, store::find_invitation(tx, hash_credential(token)));
  if (!invitation || !invitation->good(domain.clock.now())) {
    return fail(Errc::bad_invitation, "this invitation is not valid, or not any more");
  }
  if (!invitation->created_by.is_nil()) {
    // Somebody who has lost his role, or his account, since then invites nobody.
    UNHIDRA_TRY(const auto inviter,
                store::find_user(tx, invitation->org_id, invitation->created_by));
    UNHIDRA_TRY(const auto roles, store::roles_of(tx, invitation->org_id, invitation->created_by));
    if (!inviter || inviter->disabled || !roles.highest() || *roles.highest() < invitation->role) {
      return fail(Errc::bad_invitation, "this invitation is not valid, or not any more");
    }
  }
  return *std::move(invitation);
}

Result<store::User> redeem_invitation(Transaction& tx, const Domain& domain, std::string_view token,
                                      const NewAccount& account) {
  UNHIDRA_TRY(const auto invitation, look_at_invitation(tx, domain, token));
  UNHIDRA_TRY(auto user, add_user(tx, domain, invitation.org_id, account, invitation.role,
                                  invitation.created_by));
  UNHIDRA_TRY(const bool first,
              store::use_invitation(tx, invitation.id, user.id, domain.clock.now()));
  if (!first) {
    return fail(Errc::bad_invitation, "this invitation is not valid, or not any more");
  }
  return user;
}

Result<std::optional<store::Organization>> sign_up_organization(Transaction& tx,
                                                                const Domain& domain,
                                                                std::string_view name_or_id) {
  UNHIDRA_TRY(auto org, store::find_organization(tx, name_or_id));
  const bool open = domain.settings.open_sign_up || (org && org->open_sign_up);
  if (!open || (!org && !name_or_id.empty())) {
    return fail(Errc::sign_up_closed, "signing up here needs an invitation");
  }
  return org;
}

Result<store::User> sign_up(Transaction& tx, const Domain& domain, std::string_view organization,
                            const NewAccount& account) {
  UNHIDRA_TRY(auto org, sign_up_organization(tx, domain, organization));
  if (!org) {
    UNHIDRA_TRY(org, make_organization(tx, domain, kDefaultOrganization));
  }
  return add_user(tx, domain, org->id, account, access::Role::member, UserId());
}

}  // namespace unhidra::auth
