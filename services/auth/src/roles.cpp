#include "roles.h"

#include "unhidra/auth/errc.h"

#include "store_roles.h"
#include "store_sessions.h"

namespace unhidra::auth {
namespace {

using access::Role;
using access::RoleSet;

bool has_administrator(RoleSet roles) {
  return roles.has(Role::super_admin) || roles.has(Role::org_admin);
}

access::Principal operator_principal(const Actor& actor) {
  return {.kind = access::PrincipalKind::system,
          .org_id = actor.org,
          .user_id = {},
          .device_id = {},
          .session_id = {},
          .roles = RoleSet(Role::super_admin),
          .permissions = RoleSet(Role::super_admin).permissions()};
}

}  // namespace

Result<access::Principal> present_principal(storage::Transaction& tx, const Domain& domain,
                                            const Actor& actor) {
  if (actor.local_operator) {
    return operator_principal(actor);
  }
  const auto now = domain.clock.now();
  UNHIDRA_TRY(const auto session, store::find_session(tx, actor.org, actor.user, actor.session));
  UNHIDRA_TRY(const auto user, store::find_user(tx, actor.org, actor.user));
  if (!session || !session->alive(now) || !user || user->disabled) {
    return fail(Errc::invalid_session, "this session is over; log in again");
  }
  UNHIDRA_TRY(const auto roles, store::effective_roles(tx, *user));
  auto principal = access::make_user_principal(actor.org, actor.user, session->device_id,
                                               actor.session, roles, session->expires_at);
  if (actor.operation != nullptr) {
    const auto evidence = access::authorize(principal, *actor.operation, {}, now);
    if (!evidence.allowed) {
      return fail(access::denial(evidence));
    }
  }
  return principal;
}

Status check_may_give(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                      Role role) {
  UNHIDRA_TRY(const auto principal, present_principal(tx, domain, actor));
  const auto own = principal.roles.highest();
  if (!own || role > *own) {
    return fail(Errc::role_too_high, "nobody gives or takes a role above his own");
  }
  return {};
}

Result<store::User> find_subject(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                                 UserId user) {
  UNHIDRA_TRY(const auto principal, present_principal(tx, domain, actor));
  UNHIDRA_TRY(auto subject, store::find_user(tx, actor.org, user));
  if (!subject) {
    return fail(Errc::not_found, "there is no such user");
  }
  UNHIDRA_TRY(const auto roles, store::roles_of(tx, actor.org, user));
  if (!access::may_manage(principal, roles)) {
    return fail(Errc::role_too_high, "this user stands above you");
  }
  return *std::move(subject);
}

Status check_not_last(storage::Transaction& tx, OrgId org, UserId user, RoleSet to_lose) {
  if (to_lose.has(Role::super_admin)) {
    UNHIDRA_TRY(const auto others, store::count_holders(tx, Role::super_admin, user));
    if (others == 0) {
      return fail(Errc::last_administrator, "this is the last super administrator");
    }
  }
  if (has_administrator(to_lose)) {
    UNHIDRA_TRY(const auto others, store::count_administrators(tx, org, user));
    UNHIDRA_TRY(auto kept, store::roles_of(tx, org, user));
    for (const auto role : access::kRoles) {
      if (to_lose.has(role)) {
        kept.remove(role);
      }
    }
    if (others == 0 && !has_administrator(kept)) {
      return fail(Errc::last_administrator, "this is the organisation's last administrator");
    }
  }
  return {};
}

Status assign_role(storage::Transaction& tx, const Domain& domain, const Actor& actor, UserId user,
                   Role role) {
  UNHIDRA_TRY(const auto subject, find_subject(tx, domain, actor, user));
  UNHIDRA_TRY_VOID(check_may_give(tx, domain, actor, role));
  UNHIDRA_TRY_VOID(
      store::grant_role(tx, actor.org, subject.id, role, actor.user, domain.clock.now()));
  return {};
}

Status unassign_role(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                     UserId user, Role role) {
  UNHIDRA_TRY(const auto subject, find_subject(tx, domain, actor, user));
  UNHIDRA_TRY_VOID(check_may_give(tx, domain, actor, role));
  UNHIDRA_TRY(const auto roles, store::roles_of(tx, actor.org, subject.id));
  if (!roles.has(role)) {
    return {};
  }
  UNHIDRA_TRY_VOID(check_not_last(tx, actor.org, subject.id, RoleSet(role)));
  UNHIDRA_TRY_VOID(store::take_role(tx, actor.org, subject.id, role));
  return {};
}

}  // namespace unhidra::auth
