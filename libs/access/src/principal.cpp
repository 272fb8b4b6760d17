#include "unhidra/access/principal.h"

#include "unhidra/wire/internal.h"

namespace unhidra::access {

std::string_view to_string(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::anonymous:
      return "anonymous";
    case PrincipalKind::user:
      return "user";
    case PrincipalKind::iot_device:
      return "device";
    case PrincipalKind::system:
      break;
  }
  return "system";
}

Principal make_user_principal(OrgId org, UserId user, std::optional<DeviceId> device,
                              SessionId session, RoleSet roles, Timestamp expires_at) {
  Principal out;
  out.kind = PrincipalKind::user;
  out.org_id = org;
  out.user_id = user;
  out.device_id = device;
  out.session_id = session;
  out.roles = roles;
  out.permissions = roles.permissions();
  out.expires_at = expires_at;
  return out;
}

Principal make_iot_principal(OrgId org, DeviceId device) {
  Principal out;
  out.kind = PrincipalKind::iot_device;
  out.org_id = org;
  out.device_id = device;
  out.expires_at = Timestamp::max();
  return out;
}

wire::RoutedPrincipal to_wire(const Principal& principal) {
  return {.org_id = principal.org_id,
          .user_id = principal.user_id,
          .device_id = principal.device_id,
          .session_id = principal.session_id,
          .kind = static_cast<std::uint32_t>(principal.kind),
          .roles = principal.roles.bits(),
          .permissions = principal.permissions.bits(),
          .expires_at = principal.expires_at};
}

Result<Principal> from_wire(const wire::RoutedPrincipal& routed) {
  const auto roles = RoleSet::from_bits(routed.roles);
  if (routed.kind != static_cast<std::uint32_t>(PrincipalKind::user) || !roles) {
    return fail(Errc::bad_principal, "the routed principal is of another release");
  }
  return make_user_principal(routed.org_id, routed.user_id, routed.device_id, routed.session_id,
                             *roles, routed.expires_at);
}

}  // namespace unhidra::access
