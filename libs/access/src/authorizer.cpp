#include "unhidra/access/authorizer.h"

namespace unhidra::access {
namespace {

// The lowest role of the principal that has the permission.
std::optional<Role> granting_role(const Principal& principal, Permission permission) {
  for (const auto role : kRoles) {
    if (principal.roles.has(role) && permissions_of(role).has(permission)) {
      return role;
    }
  }
  return std::nullopt;
}

// Why these credentials are not good enough for anything but open operations; nothing when they
// are.
std::optional<Reason> refusal(const Principal& principal, const Resource& resource, Timestamp now) {
  if (!principal.authenticated()) {
    return Reason::no_credentials;
  }
  if (principal.expires_at <= now) {
    return Reason::credentials_expired;
  }
  if (principal.kind == PrincipalKind::iot_device) {
    return Reason::not_a_user;
  }
  if (resource.org_id && *resource.org_id != principal.org_id &&
      !principal.permissions.has(Permission::organizations_manage)) {
    return Reason::other_organization;
  }
  return std::nullopt;
}

Evidence check_permission(const Principal& principal, const Operation& operation) {
  Evidence out{.operation = &operation, .permission = operation.permission};
  out.role = granting_role(principal, operation.permission);
  out.allowed = out.role.has_value() && principal.permissions.has(operation.permission);
  out.reason = out.allowed ? Reason::granted_by_role : Reason::lacks_permission;
  return out;
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::open_to_everyone:
      return "open_to_everyone";
    case Reason::own_resource:
      return "own_resource";
    case Reason::granted_by_role:
      return "granted_by_role";
    case Reason::local_operator:
      return "local_operator";
    case Reason::no_credentials:
      return "no_credentials";
    case Reason::credentials_expired:
      return "credentials_expired";
    case Reason::not_a_user:
      return "not_a_user";
    case Reason::lacks_permission:
      return "lacks_permission";
    case Reason::other_organization:
      return "other_organization";
    case Reason::denied_by_policy:
      return "denied_by_policy";
    case Reason::outranked:
      break;
  }
  return "outranked";
}

Evidence authorize(const Principal& principal, const Operation& operation, const Resource& resource,
                   Timestamp now) {
  if (operation.access == Access::everyone) {
    return {.allowed = true, .operation = &operation, .reason = Reason::open_to_everyone};
  }
  if (operation.access == Access::operators && resource.from_loopback) {
    return {.allowed = true, .operation = &operation, .reason = Reason::local_operator};
  }
  if (const auto reason = refusal(principal, resource, now)) {
    return {.allowed = false, .operation = &operation, .reason = *reason};
  }
  if (operation.access == Access::self) {
    return {.allowed = true, .operation = &operation, .reason = Reason::own_resource};
  }
  return check_permission(principal, operation);
}

Error denial(const Evidence& evidence) {
  switch (evidence.reason) {
    case Reason::no_credentials:
      return Error(Errc::unauthenticated, "sign in first");
    case Reason::credentials_expired:
      return Error(Errc::unauthenticated, "the access token has expired");
    case Reason::other_organization:
      return Error(Errc::not_found, "not found");
    case Reason::not_a_user:
      return Error(Errc::denied, "only a signed-in user may do this");
    case Reason::denied_by_policy:
      return Error(Errc::denied, "not allowed here and now by the policy");
    default:
      break;
  }
  std::string message = "not allowed";
  if (evidence.permission) {
    message.append(": this needs the permission ").append(to_string(*evidence.permission));
  }
  return Error(Errc::denied, std::move(message));
}

bool may_assign(const Principal& principal, Role role) {
  return principal.permissions.has(Permission::roles_assign) &&
         principal.permissions.includes(permissions_of(role));
}

bool may_manage(const Principal& principal, RoleSet target) {
  return principal.permissions.includes(target.permissions());
}

}  // namespace unhidra::access
