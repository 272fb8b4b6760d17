// The own account: who am I, password, sessions, logout.

#include "unhidra/auth/errc.h"

#include "accounts.h"
#include "core.h"
#include "names.h"
#include "password_rules.h"
#include "store_roles.h"

namespace unhidra::auth {
namespace {

using storage::Transaction;

std::unexpected<Error> over() {
  return fail(Errc::invalid_session, "this session is over; log in again");
}

Result<body::Account> account_of(Transaction& tx, const access::Principal& me) {
  UNHIDRA_TRY(const auto user, store::find_user(tx, me.org_id, me.user_id));
  UNHIDRA_TRY(const auto organization, store::find_organization(tx, me.org_id));
  if (!user || !organization) {
    return over();
  }
  UNHIDRA_TRY(const auto roles, store::roles_of(tx, me.org_id, me.user_id));
  return body::Account{.user_id = user->id,
                       .username = user->username,
                       .display_name = user->display_name,
                       .organization_id = organization->id,
                       .organization = organization->name,
                       .roles = role_names(roles),
                       .session_id = me.session_id,
                       .device_id = me.device_id,
                       .must_change_password = user->must_change_password,
                       .created_at = user->created_at};
}

Task<Result<body::Account>> account_get(AuthCore& /*core*/, Context& context) {
  const auto& me = context.principal();
  co_return co_await context.read([&](Transaction& tx) { return account_of(tx, me); });
}

Task<Result<body::Account>> account_update(AuthCore& core, Context& context,
                                           body::AccountChange in) {
  UNHIDRA_CO_TRY(const auto name, check_display_name(in.display_name));
  const auto& me = context.principal();
  bool renamed = false;
  UNHIDRA_CO_TRY(auto account,
                 co_await context.transact(
                     [&](Transaction& tx, access::AuditDraft& draft) -> Result<body::Account> {
                       UNHIDRA_TRY(auto user, store::find_user(tx, me.org_id, me.user_id));
                       if (!user) {
                         return over();
                       }
                       UNHIDRA_TRY(renamed, rename(tx, core.domain, *user, name));
                       draft.resource_id = me.user_id.to_string();
                       draft.note("changed.display_name", renamed ? "true" : "false");
                       return account_of(tx, me);
                     }));
  if (renamed) {
    co_await tell_renamed(core, me.org_id, me.user_id);
  }
  co_return account;
}

Task<Result<void>> account_change_password(AuthCore& core, Context& context,
                                           body::ChangePassword in) {
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(const auto user, co_await context.read([&](Transaction& tx) {
    return store::find_user(tx, actor.org, actor.user);
  }));
  if (!user || !user->password_hash) {
    co_return over();
  }
  UNHIDRA_CO_TRY_VOID(check_new_password(text_of(in.new_password), user->username));
  if (in.new_password == in.current_password) {
    co_return fail(Errc::weak_password, "the new password is the present one");
  }
  UNHIDRA_CO_TRY(const auto verdict, co_await core.passwords.verify(
                                         user->password_hash, std::move(in.current_password)));
  if (!verdict.matches) {
    co_return fail(Errc::wrong_password, "the present password is wrong");
  }
  UNHIDRA_CO_TRY(const auto hash, co_await core.passwords.hash(std::move(in.new_password)));
  UNHIDRA_CO_TRY(const auto ended, co_await context.transact([&](Transaction& tx) {
    return change_password(tx, core.domain, actor, *user->password_hash, hash);
  }));
  core.revocations.tell(ended);
  co_return Result<void>();
}

Task<Result<void>> auth_logout(AuthCore& core, Context& context) {
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(const auto ended, co_await context.transact([&](Transaction& tx) {
    return end_session(tx, core.domain, actor.org, actor.user, actor.session, "logout");
  }));
  core.revocations.tell(ended);
  co_return Result<void>();
}

Task<Result<body::List<body::Session>>> sessions_list(AuthCore& core, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  const auto& me = context.principal();
  UNHIDRA_CO_TRY(auto rows, co_await context.read([&](Transaction& tx) {
    return sessions_page(tx, core.domain, me.org_id, me.user_id, page);
  }));
  co_return page_of<body::Session>(context, page, std::move(rows), [&](const auto& row) {
    return session_body(row, me.session_id);
  });
}

Task<Result<void>> sessions_revoke(AuthCore& core, Context& context) {
  const auto actor = actor_of(context);
  const auto session = context.path_id<SessionId>("session_id");
  UNHIDRA_CO_TRY(const auto ended, co_await context.transact([&](Transaction& tx) {
    return end_session(tx, core.domain, actor.org, actor.user, session, "revoked");
  }));
  core.revocations.tell(ended);
  co_return Result<void>();
}

}  // namespace

void bind_account(access::Handlers& handlers, AuthCore& core) {
  handlers.on_rest("account.get", [&core](Context& context) { return account_get(core, context); });
  handlers.on_json<body::AccountChange>("account.update",
                                        [&core](Context& context, body::AccountChange in) {
                                          return account_update(core, context, std::move(in));
                                        });
  handlers.on_json<body::ChangePassword>(
      "account.change_password", [&core](Context& context, body::ChangePassword in) {
        return account_change_password(core, context, std::move(in));
      });
  handlers.on_rest("auth.logout", [&core](Context& context) { return auth_logout(core, context); });
  handlers.on_rest("sessions.list",
                   [&core](Context& context) { return sessions_list(core, context); });
  handlers.on_rest("sessions.revoke",
                   [&core](Context& context) { return sessions_revoke(core, context); });
}

}  // namespace unhidra::auth
