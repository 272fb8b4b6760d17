#include "devices.h"

#include "unhidra/auth/errc.h"

#include "roles.h"

namespace unhidra::auth {
namespace {

using storage::Transaction;

store::Device make_device(const Domain& domain, const Actor& actor, const NewDevice& device) {
  store::Device out;
  out.id = domain.make_id<DeviceId>();
  out.org_id = actor.org;
  out.name = device.name;
  out.platform = device.platform;
  out.created_at = domain.clock.now();
  out.created_by = actor.user;
  return out;
}

}  // namespace

Result<BoundDevice> register_device(Transaction& tx, const Domain& domain, const Actor& actor,
                                    const NewDevice& device) {
  UNHIDRA_TRY_VOID(present_principal(tx, domain, actor));
  UNHIDRA_TRY(auto session, store::find_session(tx, actor.session));
  if (!session) {
    return fail(Errc::invalid_session, "this session is over; log in again");
  }
  if (session->device_id) {
    return fail(Errc::device_bound, "this session belongs to a device already");
  }
  UNHIDRA_TRY(const auto count, store::count_live_devices(tx, actor.org, actor.user));
  if (count >= domain.settings.max_devices) {
    return fail(Errc::too_many_devices, "you have " + std::to_string(count) +
                                            " devices; revoke one before you add another");
  }
  auto made = make_device(domain, actor, device);
  made.user_id = actor.user;
  made.last_seen_at = made.created_at;
  UNHIDRA_TRY_VOID(store::insert(tx, made));
  UNHIDRA_TRY_VOID(store::bind_device(tx, session->id, made.id));
  session->device_id = made.id;
  return BoundDevice{std::move(made), *std::move(session)};
}

Status return_to_device(Transaction& tx, const store::User& user, store::Session& session,
                        DeviceId id) {
  UNHIDRA_TRY(const auto device, store::find_device(tx, user.org_id, id));
  if (!device || device->kind != "client" || device->user_id != user.id || device->revoked_at) {
    return fail(Errc::not_found, "there is no such device");
  }
  UNHIDRA_TRY_VOID(store::bind_device(tx, session.id, id));
  session.device_id = id;
  return {};
}

Result<Ended> revoke_device(Transaction& tx, const Domain& domain, const Actor& actor,
                            std::optional<UserId> owner, std::string_view kind, DeviceId id) {
  UNHIDRA_TRY_VOID(present_principal(tx, domain, actor));
  UNHIDRA_TRY(const auto device, store::find_device(tx, actor.org, id));
  if (!device || device->kind != kind || (owner && device->user_id != *owner)) {
    return fail(Errc::not_found, "there is no such device");
  }
  const auto now = domain.clock.now();
  UNHIDRA_TRY(const bool revoked, store::revoke_device(tx, actor.org, id, now));
  if (!revoked) {
    return fail(Errc::not_found, "there is no such device");
  }
  Ended ended{.sessions = {}, .devices = {id}};
  UNHIDRA_TRY(ended.sessions,
              store::revoke_sessions_of_device(tx, actor.org, id, {now, "device_revoked"}));
  return ended;
}

Result<NewIotDevice> create_iot_device(Transaction& tx, const Domain& domain, const Actor& actor,
                                       const NewDevice& device) {
  UNHIDRA_TRY_VOID(present_principal(tx, domain, actor));
  NewIotDevice out{.device = make_device(domain, actor, device),
                   .api_key = make_credential("uhd", domain.random)};
  out.device.kind = "iot";
  out.device.api_key_hash = hash_credential(out.api_key);
  UNHIDRA_TRY_VOID(store::insert(tx, out.device));
  return out;
}

}  // namespace unhidra::auth
