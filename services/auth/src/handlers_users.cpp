// Administration of users: accounts, roles, their devices and sessions.

#include "unhidra/auth/errc.h"

#include "accounts.h"
#include "core.h"
#include "devices.h"
#include "names.h"
#include "store_roles.h"

namespace unhidra::auth {
namespace {

using access::AuditDraft;
using storage::Transaction;

Result<body::User> user_body(Transaction& tx, const store::User& user) {
  UNHIDRA_TRY(const auto roles, store::roles_of(tx, user.org_id, user.id));
  return body::User{.user_id = user.id,
                    .username = user.username,
                    .display_name = user.display_name,
                    .disabled = user.disabled,
                    .roles = role_names(roles),
                    .created_at = user.created_at,
                    .one_time_password = std::nullopt};
}

Result<body::List<body::User>> users_page(Transaction& tx, const Context& context,
                                          const access::PageRequest& page) {
  UNHIDRA_TRY(const auto after, position_or(page, UserId()));
  const auto org = context.principal().org_id;
  UNHIDRA_TRY(auto rows, store::list_users(tx, org, after, page.limit + 1));
  body::List<body::User> out;
  out.next_cursor = access::next_cursor(context.operation().name, page, rows,
                                        [](const store::User& row) { return row.id.bytes(); });
  for (const auto& row : rows) {
    UNHIDRA_TRY(auto item, user_body(tx, row));
    out.items.push_back(std::move(item));
  }
  return out;
}

Task<Result<body::List<body::User>>> users_list(AuthCore& /*core*/, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  co_return co_await context.read([&](Transaction& tx) { return users_page(tx, context, page); });
}

Task<Result<body::User>> users_get(AuthCore& /*core*/, Context& context) {
  const auto org = context.principal().org_id;
  const auto id = context.path_id<UserId>("user_id");
  co_return co_await context.read([&](Transaction& tx) -> Result<body::User> {
    UNHIDRA_TRY(const auto user, store::find_user(tx, org, id));
    if (!user) {
      return fail(Errc::not_found, "there is no such user");
    }
    return user_body(tx, *user);
  });
}

Task<Result<body::User>> users_create(AuthCore& core, Context& context, body::NewUser in) {
  NewAccount account;
  UNHIDRA_CO_TRY(account.username, normalise_username(in.username));
  UNHIDRA_CO_TRY(account.display_name, check_display_name(in.display_name.value_or("")));
  const auto role = access::parse_role(in.role.value_or("member"));
  if (!role) {
    co_return fail(Errc::bad_request, "there is no such role");
  }
  const auto password = make_one_time_password(core.domain.random);
  account.must_change_password = true;
  UNHIDRA_CO_TRY(account.password_hash,
                 co_await core.passwords.hash(SecretBytes::copy_of(as_bytes(password))));
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(auto made, co_await context.transact([&](Transaction& tx,
                                                          AuditDraft& draft) -> Result<body::User> {
    UNHIDRA_TRY(const auto user, create_user(tx, core.domain, actor, account, *role));
    draft.resource_id = user.id.to_string();
    draft.note("after.role", std::string(access::to_string(*role)));
    return user_body(tx, user);
  }));
  made.one_time_password = password;
  co_return made;
}

struct Updated {
  body::User user;
  Ended ended;
  bool renamed = false;
};

Result<Updated> update_and_note(Transaction& tx, const AuthCore& core, const Actor& actor,
                                UserId id, const UserChange& change, AuditDraft& draft) {
  UNHIDRA_TRY(const auto before, store::find_user(tx, actor.org, id));
  UNHIDRA_TRY(auto changed, update_user(tx, core.domain, actor, id, change));
  if (before->disabled != changed.user.disabled) {
    draft.note("before.disabled", before->disabled ? "true" : "false");
    draft.note("after.disabled", changed.user.disabled ? "true" : "false");
  }
  if (changed.renamed) {
    draft.note("changed.display_name", "true");
  }
  UNHIDRA_TRY(auto user, user_body(tx, changed.user));
  return Updated{std::move(user), std::move(changed.ended), changed.renamed};
}

Task<Result<body::User>> users_update(AuthCore& core, Context& context, body::UserChange in) {
  UserChange change{.display_name = std::nullopt, .disabled = in.disabled};
  if (in.display_name) {
    UNHIDRA_CO_TRY(change.display_name, check_display_name(*in.display_name));
  }
  const auto actor = actor_of(context);
  const auto id = context.path_id<UserId>("user_id");
  UNHIDRA_CO_TRY(auto updated, co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
    return update_and_note(tx, core, actor, id, change, draft);
  }));
  core.revocations.tell(updated.ended);
  if (updated.renamed) {
    co_await tell_renamed(core, actor.org, id);
  }
  co_return std::move(updated.user);
}

Task<Result<body::OneTimePassword>> users_reset_password(AuthCore& core, Context& context) {
  const auto password = make_one_time_password(core.domain.random);
  UNHIDRA_CO_TRY(const auto hash,
                 co_await core.passwords.hash(SecretBytes::copy_of(as_bytes(password))));
  const auto actor = actor_of(context);
  const auto id = context.path_id<UserId>("user_id");
  UNHIDRA_CO_TRY(const auto changed, co_await context.transact([&](Transaction& tx) {
    return reset_password(tx, core.domain, actor, id, hash);
  }));
  core.revocations.tell(changed.ended);
  co_return body::OneTimePassword{.one_time_password = password};
}

Task<Result<body::List<body::Device>>> users_devices(AuthCore& core, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  const auto actor = actor_of(context);
  const auto id = context.path_id<UserId>("user_id");
  UNHIDRA_CO_TRY(auto rows, co_await context.transact(
                                [&](Transaction& tx) -> Result<std::vector<store::Device>> {
                                  UNHIDRA_TRY_VOID(find_subject(tx, core.domain, actor, id));
                                  return devices_page(tx, actor.org, id, page);
                                }));
  co_return page_of<body::Device>(context, page, std::move(rows), [&](const auto& row) {
    return device_body(row, context.principal().device_id);
  });
}

Task<Result<body::List<body::Session>>> users_sessions(AuthCore& core, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  const auto actor = actor_of(context);
  const auto id = context.path_id<UserId>("user_id");
  UNHIDRA_CO_TRY(auto rows, co_await context.transact(
                                [&](Transaction& tx) -> Result<std::vector<store::Session>> {
                                  UNHIDRA_TRY_VOID(find_subject(tx, core.domain, actor, id));
                                  return sessions_page(tx, core.domain, actor.org, id, page);
                                }));
  co_return page_of<body::Session>(context, page, std::move(rows), [&](const auto& row) {
    return session_body(row, actor.session);
  });
}

Task<Result<void>> users_revoke_device(AuthCore& core, Context& context) {
  const auto actor = actor_of(context);
  const auto id = context.path_id<UserId>("user_id");
  const auto device = context.path_id<DeviceId>("device_id");
  UNHIDRA_CO_TRY(const auto ended, co_await context.transact([&](Transaction& tx) -> Result<Ended> {
    UNHIDRA_TRY_VOID(find_subject(tx, core.domain, actor, id));
    return revoke_device(tx, core.domain, actor, id, "client", device);
  }));
  core.revocations.tell(ended);
  co_return Result<void>();
}

Task<Result<void>> users_revoke_session(AuthCore& core, Context& context) {
  const auto actor = actor_of(context);
  const auto id = context.path_id<UserId>("user_id");
  const auto session = context.path_id<SessionId>("session_id");
  UNHIDRA_CO_TRY(const auto ended, co_await context.transact([&](Transaction& tx) -> Result<Ended> {
    UNHIDRA_TRY_VOID(find_subject(tx, core.domain, actor, id));
    return end_session(tx, core.domain, actor.org, id, session, "revoked_by_admin");
  }));
  core.revocations.tell(ended);
  co_return Result<void>();
}

// ---- roles ----

Task<Result<body::List<body::Role>>> roles_list(AuthCore& /*core*/, Context& /*context*/) {
  body::List<body::Role> out;
  for (const auto role : access::kRoles) {
    body::Role item{.role = std::string(access::to_string(role)),
                    .scope = std::string(access::to_string(access::scope_of(role))),
                    .permissions = {}};
    for (const auto& [permission, name] : access::kPermissionNames) {
      if (access::permissions_of(role).has(permission)) {
        item.permissions.emplace_back(name);
      }
    }
    out.items.push_back(std::move(item));
  }
  co_return out;
}

using RoleChange = Status (*)(Transaction&, const Domain&, const Actor&, UserId, access::Role);

Task<Result<void>> change_role(AuthCore& core, Context& context, RoleChange change,
                               std::string_view verb) {
  const auto actor = actor_of(context);
  const auto id = context.path_id<UserId>("user_id");
  const auto role = access::parse_role(context.path_text("role"));
  if (!role) {
    co_return fail(Errc::not_found, "there is no such role");
  }
  UNHIDRA_CO_TRY_VOID(co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Status {
    draft.resource_id = id.to_string();
    draft.note(std::string(verb), std::string(access::to_string(*role)));
    return change(tx, core.domain, actor, id, *role);
  }));
  core.revocations.tell_roles_changed(id);
  co_return Result<void>();
}

}  // namespace

void bind_users(access::Handlers& handlers, AuthCore& core) {
  const auto bind = [&](std::string_view name, auto handler) {
    handlers.on_rest(name, [&core, handler](Context& context) { return handler(core, context); });
  };
  bind("users.list", users_list);
  bind("users.get", users_get);
  bind("users.reset_password", users_reset_password);
  bind("users.devices", users_devices);
  bind("users.revoke_device", users_revoke_device);
  bind("users.sessions", users_sessions);
  bind("users.revoke_session", users_revoke_session);
  bind("roles.list", roles_list);
  bind("roles.assign", [](AuthCore& shared, Context& context) {
    return change_role(shared, context, assign_role, "assigned");
  });
  bind("roles.unassign", [](AuthCore& shared, Context& context) {
    return change_role(shared, context, unassign_role, "unassigned");
  });
  handlers.on_json<body::NewUser>("users.create", [&core](Context& context, body::NewUser in) {
    return users_create(core, context, std::move(in));
  });
  handlers.on_json<body::UserChange>("users.update",
                                     [&core](Context& context, body::UserChange in) {
                                       return users_update(core, context, std::move(in));
                                     });
}

}  // namespace unhidra::auth
