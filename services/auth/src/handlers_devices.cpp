// Devices of the own account, and IoT devices of the organisation.

#include "unhidra/auth/errc.h"

#include "core.h"
#include "devices.h"
#include "names.h"
#include "store_roles.h"

namespace unhidra::auth {
namespace {

using access::AuditDraft;
using storage::Transaction;

constexpr std::size_t kMaxName = 64;

Result<NewDevice> check_device(const body::NewDevice& in) {
  NewDevice out;
  UNHIDRA_TRY(out.name, check_display_name(in.name));
  UNHIDRA_TRY(out.platform, check_display_name(in.platform.value_or("")));
  if (out.name.empty() || out.name.size() > kMaxName || out.platform.size() > kMaxName) {
    return fail(Errc::bad_request, "a device has a name, and it and its platform have 64 bytes");
  }
  return out;
}

struct Registered {
  store::User user;
  access::RoleSet roles;
  store::Session session;
};

Result<Registered> register_and_note(Transaction& tx, const AuthCore& core, const Actor& actor,
                                     const NewDevice& device, AuditDraft& draft) {
  UNHIDRA_TRY(auto bound, register_device(tx, core.domain, actor, device));
  UNHIDRA_TRY(auto user, store::find_user(tx, actor.org, actor.user));
  UNHIDRA_TRY(const auto roles, store::roles_of(tx, actor.org, actor.user));
  draft.resource_id = bound.device.id.to_string();
  draft.note("name", device.name);
  return Registered{*std::move(user), roles, std::move(bound.session)};
}

// The new access token names the device. The refresh token stays good: it stands for the session.
Task<Result<body::RegisteredDevice>> devices_register(AuthCore& core, Context& context,
                                                      body::NewDevice in) {
  UNHIDRA_CO_TRY(const auto device, check_device(in));
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(const auto registered,
                 co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
                   return register_and_note(tx, core, actor, device, draft);
                 }));
  UNHIDRA_CO_TRY(auto token,
                 access_token(core, registered.session, registered.user, registered.roles));
  co_return body::RegisteredDevice{
      .device_id = *registered.session.device_id,
      .access_token = std::move(token),
      .token_type = "Bearer",
      .expires_in = whole_seconds(core.domain.settings.access_token_lifetime)};
}

Task<Result<body::List<body::Device>>> devices_list(AuthCore& /*core*/, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  const auto& me = context.principal();
  UNHIDRA_CO_TRY(auto rows, co_await context.read([&](Transaction& tx) {
    return devices_page(tx, me.org_id, me.user_id, page);
  }));
  co_return page_of<body::Device>(context, page, std::move(rows),
                                  [&](const auto& row) { return device_body(row, me.device_id); });
}

Task<Result<void>> devices_revoke(AuthCore& core, Context& context) {
  const auto actor = actor_of(context);
  const auto device = context.path_id<DeviceId>("device_id");
  UNHIDRA_CO_TRY(const auto ended, co_await context.transact([&](Transaction& tx) {
    return revoke_device(tx, core.domain, actor, actor.user, "client", device);
  }));
  core.revocations.tell(ended);
  co_return Result<void>();
}

Task<Result<body::CreatedIotDevice>> iot_devices_create(AuthCore& core, Context& context,
                                                        body::NewDevice in) {
  UNHIDRA_CO_TRY(const auto device, check_device(in));
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(
      auto made,
      co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<NewIotDevice> {
        UNHIDRA_TRY(auto out, create_iot_device(tx, core.domain, actor, device));
        draft.resource_id = out.device.id.to_string();
        draft.note("name", device.name);
        return out;
      }));
  co_return body::CreatedIotDevice{.device = device_body(made.device, std::nullopt),
                                   .api_key = std::move(made.api_key)};
}

Task<Result<void>> iot_devices_revoke(AuthCore& core, Context& context) {
  const auto actor = actor_of(context);
  const auto device = context.path_id<DeviceId>("device_id");
  UNHIDRA_CO_TRY(const auto ended, co_await context.transact([&](Transaction& tx) {
    return revoke_device(tx, core.domain, actor, std::nullopt, "iot", device);
  }));
  core.revocations.tell(ended);
  co_return Result<void>();
}

}  // namespace

void bind_devices(access::Handlers& handlers, AuthCore& core) {
  handlers.on_json<body::NewDevice>("devices.register",
                                    [&core](Context& context, body::NewDevice in) {
                                      return devices_register(core, context, std::move(in));
                                    });
  handlers.on_rest("devices.list",
                   [&core](Context& context) { return devices_list(core, context); });
  handlers.on_rest("devices.revoke",
                   [&core](Context& context) { return devices_revoke(core, context); });
  handlers.on_json<body::NewDevice>("iot_devices.create",
                                    [&core](Context& context, body::NewDevice in) {
                                      return iot_devices_create(core, context, std::move(in));
                                    });
  handlers.on_rest("iot_devices.revoke",
                   [&core](Context& context) { return iot_devices_revoke(core, context); });
}

}  // namespace unhidra::auth
