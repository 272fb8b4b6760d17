#pragma once
// Whether a principal may perform an operation, and the evidence for the answer, which the audit
// record keeps. Pure and deny by default.

#include "unhidra/access/operation.h"
#include "unhidra/access/principal.h"

namespace unhidra::access {

enum class Reason : std::uint8_t {
  open_to_everyone,
  own_resource,
  granted_by_role,
  local_operator,
  no_credentials,
  credentials_expired,
  not_a_user,  // a machine's credentials where a person is asked for
  lacks_permission,
  other_organization,  // answered as if the thing did not exist
  outranked,           // the target has more power than the asker
  denied_by_policy,    // the roles allow it, the operation policy does not
};
std::string_view to_string(Reason reason);

struct Evidence {
  bool allowed = false;
  const Operation* operation = nullptr;
  std::optional<Permission> permission = std::nullopt;  // that was needed
  std::optional<Role> role = std::nullopt;              // that gave it
  Reason reason = Reason::no_credentials;
  std::string policy{};       // the revision that was asked, too; empty: none
  std::string_view ground{};  // of the policy's denial; static
};

// What the operation is about, as far as it is known before the handler runs.
struct Resource {
  std::optional<OrgId> org_id =
      std::nullopt;            // where it belongs; absent: the principal's own organisation
  bool from_loopback = false;  // the request comes from the machine itself
};

Evidence authorize(const Principal& principal, const Operation& operation, const Resource& resource,
                   Timestamp now);

// The error that a denial is answered with: 401, 403, or 404 for another organisation's things.
Error denial(const Evidence& evidence);

// Nobody grants or takes what is above him: roles_assign and no less than the role's permissions.
bool may_assign(const Principal& principal, Role role);
// Whether the principal may manage somebody with these roles: nobody manages a more powerful one.
bool may_manage(const Principal& principal, RoleSet target);

}  // namespace unhidra::access
