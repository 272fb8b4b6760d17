#include "unhidra/auth/administration.h"

#include "unhidra/access/operator_event.h"
#include "unhidra/audit/chain.h"
#include "unhidra/auth/errc.h"
#include "unhidra/crypto/password.h"

#include "accounts.h"
#include "devices.h"
#include "key_ring.h"
#include "names.h"
#include "sessions.h"

namespace unhidra::auth {
namespace {

using storage::Transaction;

constexpr std::size_t kMaxLines = 1000;

// The success event of an operation that is done from the machine itself.
Status record(Transaction& tx, const Domain& domain, std::string_view operation, OrgId org,
              std::string resource_id) {
  const auto event =
      access::operator_event(operation, org, std::move(resource_id), domain.clock, domain.random);
  UNHIDRA_TRY_VOID(audit::append(tx, event));
  return {};
}

Result<store::Organization> organization_named(Transaction& tx, std::string_view name_or_id) {
  UNHIDRA_TRY(auto found, store::find_organization(tx, name_or_id));
  if (!found) {
    return fail(Errc::not_found, name_or_id.empty()
                                     ? "there is no organisation yet"
                                     : "there is no organisation " + std::string(name_or_id));
  }
  return *std::move(found);
}

Result<store::User> user_named(Transaction& tx, OrgId org, std::string_view username) {
  UNHIDRA_TRY(const auto name, normalise_username(username));
  UNHIDRA_TRY(auto found, store::find_user(tx, org, name));
  if (!found) {
    return fail(Errc::not_found, "there is no user " + name);
  }
  return *std::move(found);
}

Actor operator_of(OrgId org) {
  return {.org = org, .local_operator = true};
}

Result<std::string> hash_of(const AuthSettings& settings, RandomSource& random,
                            std::string_view password) {
  return crypto::hash_password(
      crypto::native_provider(), random, as_bytes(password),
      {.memory_kib = settings.password_memory_kib, .passes = settings.password_passes});
}

// Names of the users that lines speak of, looked up once each.
Result<std::string> username_of(Transaction& tx, OrgId org, const std::optional<UserId>& id) {
  if (!id) {
    return std::string();
  }
  UNHIDRA_TRY(const auto user, store::find_user(tx, org, *id));
  return user ? user->username : std::string();
}

Result<DeviceLine> device_line(Transaction& tx, const store::Device& device) {
  UNHIDRA_TRY(auto username, username_of(tx, device.org_id, device.user_id));
  return DeviceLine{.id = device.id,
                    .username = std::move(username),
                    .name = device.name,
                    .platform = device.platform,
                    .kind = device.kind,
                    .created_at = device.created_at,
                    .last_seen_at = device.last_seen_at,
                    .revoked_at = device.revoked_at};
}

Result<std::vector<store::Device>> devices_of(Transaction& tx, OrgId org,
                                              std::string_view username) {
  if (!username.empty()) {
    UNHIDRA_TRY(const auto user, user_named(tx, org, username));
    return store::list_devices_of_user(tx, org, user.id, DeviceId(), kMaxLines);
  }
  UNHIDRA_TRY(auto devices, store::list_devices(tx, org, "client", DeviceId(), kMaxLines));
  UNHIDRA_TRY(const auto iot, store::list_devices(tx, org, "iot", DeviceId(), kMaxLines));
  devices.insert(devices.end(), iot.begin(), iot.end());
  return devices;
}

}  // namespace

Administration::Administration(storage::Database& database, const pki::KeyProvider& provider,
                               const Clock& clock, RandomSource& random, AuthSettings settings)
    : database_(database),
      provider_(provider),
      clock_(clock),
      random_(random),
      settings_(std::move(settings)) {}

Result<OrgId> Administration::organization_id(std::string_view organization) {
  return database_.read_sync([&](Transaction& tx) -> Result<OrgId> {
    UNHIDRA_TRY(const auto found, organization_named(tx, organization));
    return found.id;
  });
}

Result<OrganizationCreated> Administration::create_organization(std::string_view name) {
  const Domain domain{clock_, random_, settings_};
  UNHIDRA_TRY(const auto checked, check_organization_name(name));
  return database_.write_sync([&](Transaction& tx) -> Result<OrganizationCreated> {
    UNHIDRA_TRY(auto made, auth::create_organization(tx, domain, operator_of({}), checked));
    UNHIDRA_TRY_VOID(record(tx, domain, "organizations.create", made.organization.id,
                            made.organization.id.to_string()));
    return OrganizationCreated{.id = made.organization.id,
                               .name = made.organization.name,
                               .invitation = made.invitation.token,
                               .invitation_expires_at = made.invitation.invitation.expires_at};
  });
}

Result<UserCreated> Administration::create_user(std::string_view organization,
                                                std::string_view username,
                                                std::string_view display_name,
                                                std::string_view role_name) {
  const Domain domain{clock_, random_, settings_};
  const auto role = access::parse_role(role_name);
  if (!role) {
    return fail(Errc::bad_request, "there is no role " + std::string(role_name));
  }
  NewAccount account;
  UNHIDRA_TRY(account.username, normalise_username(username));
  UNHIDRA_TRY(account.display_name, check_display_name(display_name));
  const auto password = make_one_time_password(random_);
  UNHIDRA_TRY(account.password_hash, hash_of(settings_, random_, password));
  account.must_change_password = true;
  return database_.write_sync([&](Transaction& tx) -> Result<UserCreated> {
    UNHIDRA_TRY(const auto org, organization_named(tx, organization));
    UNHIDRA_TRY(const auto user,
                auth::create_user(tx, domain, operator_of(org.id), account, *role));
    UNHIDRA_TRY_VOID(record(tx, domain, "users.create", org.id, user.id.to_string()));
    return UserCreated{user.id, org.id, user.username, password};
  });
}

Result<UserCreated> Administration::reset_password(std::string_view organization,
                                                   std::string_view username) {
  const Domain domain{clock_, random_, settings_};
  const auto password = make_one_time_password(random_);
  UNHIDRA_TRY(const auto hash, hash_of(settings_, random_, password));
  return database_.write_sync([&](Transaction& tx) -> Result<UserCreated> {
    UNHIDRA_TRY(const auto org, organization_named(tx, organization));
    UNHIDRA_TRY(const auto user, user_named(tx, org.id, username));
    UNHIDRA_TRY_VOID(auth::reset_password(tx, domain, operator_of(org.id), user.id, hash));
    UNHIDRA_TRY_VOID(record(tx, domain, "users.reset_password", org.id, user.id.to_string()));
    return UserCreated{user.id, org.id, user.username, password};
  });
}

Result<std::vector<DeviceLine>> Administration::devices(std::string_view organization,
                                                        std::string_view username) {
  return database_.read_sync([&](Transaction& tx) -> Result<std::vector<DeviceLine>> {
    UNHIDRA_TRY(const auto org, organization_named(tx, organization));
    UNHIDRA_TRY(const auto rows, devices_of(tx, org.id, username));
    std::vector<DeviceLine> out;
    for (const auto& row : rows) {
      UNHIDRA_TRY(auto line, device_line(tx, row));
      out.push_back(std::move(line));
    }
    return out;
  });
}

Status Administration::revoke_device(DeviceId id) {
  const Domain domain{clock_, random_, settings_};
  return database_.write_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto org, store::organization_of_device(tx, id));
    if (!org) {
      return fail(Errc::not_found, "there is no such device");
    }
    UNHIDRA_TRY(const auto device, store::find_device(tx, *org, id));
    UNHIDRA_TRY_VOID(
        auth::revoke_device(tx, domain, operator_of(*org), std::nullopt, device->kind, id));
    return record(tx, domain, "users.revoke_device", *org, id.to_string());
  });
}

Result<std::vector<SessionLine>> Administration::sessions(std::string_view organization,
                                                          std::string_view username) {
  return database_.read_sync([&](Transaction& tx) -> Result<std::vector<SessionLine>> {
    UNHIDRA_TRY(const auto org, organization_named(tx, organization));
    store::SessionQuery query{.org_id = org.id, .now = clock_.now(), .limit = kMaxLines};
    if (!username.empty()) {
      UNHIDRA_TRY(const auto user, user_named(tx, org.id, username));
      query.user_id = user.id;
    }
    UNHIDRA_TRY(const auto rows, store::list_sessions(tx, query));
    std::vector<SessionLine> out;
    for (const auto& row : rows) {
      UNHIDRA_TRY(auto name, username_of(tx, org.id, row.user_id));
      out.push_back({.id = row.id,
                     .username = std::move(name),
                     .device_id = row.device_id,
                     .created_at = row.created_at,
                     .last_used_at = row.last_used_at,
                     .expires_at = row.expires_at,
                     .ip_address = row.ip_address,
                     .user_agent = row.user_agent});
    }
    return out;
  });
}

Status Administration::revoke_session(SessionId id) {
  const Domain domain{clock_, random_, settings_};
  return database_.write_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto session, store::find_session(tx, id));
    if (!session) {
      return fail(Errc::not_found, "there is no such session");
    }
    UNHIDRA_TRY_VOID(
        end_session(tx, domain, session->org_id, std::nullopt, id, "revoked_by_operator"));
    return record(tx, domain, "users.revoke_session", session->org_id, id.to_string());
  });
}

Result<std::vector<KeyLine>> Administration::signing_keys() {
  UNHIDRA_TRY(const auto rows, database_.read_sync([&](Transaction& tx) {
    return store::list_signing_keys(tx, clock_.now());
  }));
  std::vector<KeyLine> out;
  for (const auto& row : rows) {
    out.push_back({row.kid, row.algorithm, row.not_before, row.retire_at});
  }
  return out;
}

Result<KeyLine> Administration::rotate_signing_keys(bool at_once) {
  const Domain domain{clock_, random_, settings_};
  const auto rotation = at_once ? Rotation::immediate : Rotation::overlapping;
  UNHIDRA_TRY(const auto key, next_signing_key(domain, provider_, rotation));
  const auto written = database_.write_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(add_signing_key(tx, domain, key, rotation));
    auto event = access::operator_event(OrgId(), key.kid, clock_, random_);
    event.event_type = "signing_key.rotated";
    event.resource_type = "signing_key";
    event.action = "create";
    UNHIDRA_TRY_VOID(audit::append(tx, event));
    return {};
  });
  UNHIDRA_TRY_VOID(written);
  return KeyLine{key.kid, key.algorithm, key.not_before, key.retire_at};
}

}  // namespace unhidra::auth
