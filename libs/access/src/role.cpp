#include "unhidra/access/role.h"

namespace unhidra::access {

// Each role includes all that the lower ones may do.
static_assert(permissions_of(Role::super_admin).includes(permissions_of(Role::org_admin)));
static_assert(permissions_of(Role::org_admin).includes(permissions_of(Role::space_admin)));
static_assert(permissions_of(Role::space_admin).includes(permissions_of(Role::member)));
static_assert(permissions_of(Role::member).includes(permissions_of(Role::guest)));

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::system:
      return "system";
    case Scope::org:
      return "org";
    case Scope::space:
      return "space";
    case Scope::channel:
      break;
  }
  return "channel";
}

std::vector<std::string_view> RoleSet::names() const {
  std::vector<std::string_view> out;
  for (const auto role : kRoles) {
    if (has(role)) {
      out.push_back(to_string(role));
    }
  }
  return out;
}

}  // namespace unhidra::access
