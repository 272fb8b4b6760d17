#include "principals.h"

#include "unhidra/auth/errc.h"

#include "store_devices.h"
#include "store_roles.h"
#include "store_sessions.h"

namespace unhidra::auth {
namespace {

constexpr std::string_view kApiKeyPrefix = "uhd_";
// A device's last_seen_at is no more exact than this, so that it costs few writes.
constexpr std::chrono::minutes kSeenInterval{5};

std::unexpected<Error> over() {
  return fail(Errc::invalid_session, "this session is over; log in again");
}

bool stale(const store::Device& device, Timestamp now) {
  return !device.last_seen_at || *device.last_seen_at + kSeenInterval < now;
}

}  // namespace

Result<access::Principal> principal_of_session(storage::Transaction& tx, const Domain& domain,
                                               SessionId id, std::optional<DeviceId> device) {
  UNHIDRA_TRY(const auto session, store::find_session(tx, id));
  if (!session || !session->alive(domain.clock.now()) || (device && session->device_id != device)) {
    return over();
  }
  UNHIDRA_TRY(const auto user, store::find_user(tx, session->org_id, session->user_id));
  if (!user || user->disabled) {
    return over();
  }
  if (device) {
    UNHIDRA_TRY(const auto row, store::find_device(tx, session->org_id, *device));
    if (!row || row->revoked_at) {
      return over();
    }
  }
  UNHIDRA_TRY(const auto roles, store::effective_roles(tx, *user));
  return access::make_user_principal(session->org_id, session->user_id, device, id, roles,
                                     session->expires_at);
}

Task<Result<access::Principal>> Verifier::verify(std::string token) {
  if (token.starts_with(kApiKeyPrefix)) {
    co_return co_await verify_api_key(std::move(token));
  }
  UNHIDRA_CO_TRY(const auto claims, keys_.verify(token));
  UNHIDRA_CO_TRY(auto principal, co_await check(claims.session, claims.device));
  if (principal.org_id != claims.org || principal.user_id != claims.user) {
    co_return over();
  }
  principal.expires_at = claims.expires_at;
  co_return principal;
}

Task<Result<access::Principal>> Verifier::check(SessionId session, std::optional<DeviceId> device) {
  co_return co_await database_.read(
      [&](storage::Transaction& tx) { return principal_of_session(tx, domain_, session, device); });
}

Task<Result<access::Principal>> Verifier::verify_api_key(std::string key) {
  const auto hash = hash_credential(key);
  UNHIDRA_CO_TRY(const auto device, co_await database_.read([&](storage::Transaction& tx) {
    return store::find_device_by_key(tx, hash);
  }));
  if (!device || device->revoked_at) {
    co_return fail(Errc::bad_credentials, "this API key is not valid");
  }
  const auto now = domain_.clock.now();
  if (stale(*device, now)) {
    // Not worth failing for: the next request writes it.
    (void)co_await database_.write(
        [&](storage::Transaction& tx) {
          return store::touch_device(tx, device->org_id, device->id, now);
        },
        storage::LaneKey(device->org_id));
  }
  co_return access::make_iot_principal(device->org_id, device->id);
}

}  // namespace unhidra::auth
