#pragma once
// Who asks, as proved by a token. A principal acts in its own organisation only.

#include <optional>

#include "unhidra/access/errc.h"
#include "unhidra/access/role.h"
#include "unhidra/base/id.h"
#include "unhidra/base/time.h"

namespace unhidra::wire {
struct RoutedPrincipal;
}

namespace unhidra::access {

// Stable: travels between processes.
enum class PrincipalKind : std::uint8_t {
  anonymous = 0,  // no credentials; every id is nil
  user = 1,
  iot_device = 2,  // an API key; device_id is set, user_id is nil
  system = 3,      // the product itself and an administrator's command line
};
std::string_view to_string(PrincipalKind kind);  // "user": the actor_type of audit records

struct Principal {
  PrincipalKind kind = PrincipalKind::anonymous;
  OrgId org_id;
  UserId user_id;
  std::optional<DeviceId> device_id;  // the device the session is bound to
  SessionId session_id;
  RoleSet roles;
  PermissionSet permissions;  // of all roles; what is checked
  Timestamp expires_at{};     // of the token

  bool authenticated() const { return kind != PrincipalKind::anonymous; }
};

// Fills in the permissions.
Principal make_user_principal(OrgId org, UserId user, std::optional<DeviceId> device,
                              SessionId session, RoleSet roles, Timestamp expires_at);
// Nobody with power over others acts in its name.
Principal make_iot_principal(OrgId org, DeviceId device);

// Only users travel in frames. from_wire: Errc::bad_principal for kinds and roles of another
// release; the permissions are computed anew from the roles.
wire::RoutedPrincipal to_wire(const Principal& principal);
Result<Principal> from_wire(const wire::RoutedPrincipal& routed);

}  // namespace unhidra::access
