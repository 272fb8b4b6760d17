#pragma once
// The five built-in roles. Each has everything the next lower one has.

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/access/permission.h"

namespace unhidra::access {

// Rising power; the values are bits of a RoleSet and stable.
enum class Role : std::uint8_t {
  guest = 0,
  member = 1,
  space_admin = 2,
  org_admin = 3,
  super_admin = 4
};
inline constexpr std::array kRoles{Role::guest, Role::member, Role::space_admin, Role::org_admin,
                                   Role::super_admin};

// Where a role holds. `system` is the whole installation: super_admin only.
enum class Scope : std::uint8_t { system, org, space, channel };
std::string_view to_string(Scope scope);

constexpr std::string_view to_string(Role role) {
  constexpr std::array<std::string_view, 5> kNames{"guest", "member", "space_admin", "org_admin",
                                                   "super_admin"};
  return kNames[std::to_underlying(role)];
}
constexpr std::optional<Role> parse_role(std::string_view name) {
  for (const auto role : kRoles) {
    if (to_string(role) == name) {
      return role;
    }
  }
  return std::nullopt;
}
// The scope in which the built-in role is given to a user of an organisation.
constexpr Scope scope_of(Role role) {
  return role == Role::super_admin ? Scope::system : Scope::org;
}

// What the role adds to the one below it.
constexpr PermissionSet own_permissions(Role role) {
  using enum Permission;
  switch (role) {
    case Role::guest:
      return PermissionSet(users_look_up, keys_publish, keys_fetch, conversations_read,
                           messages_send, presence_use, channels_use);
    case Role::member:
      return PermissionSet(conversations_open, channels_create);
    case Role::space_admin:
      return PermissionSet(users_list, invitations_manage, iot_devices_read);
    case Role::org_admin:
      return PermissionSet(organization_manage, users_manage, roles_assign, audit_read,
                           connections_read, iot_devices_manage, policies_read, policies_manage,
                           chat_policy_manage, message_versions_read);
    case Role::super_admin:
      return PermissionSet(organizations_manage, metrics_read);
  }
  return {};
}
// With everything inherited.
constexpr PermissionSet permissions_of(Role role) {
  PermissionSet out;
  for (const auto each : kRoles) {
    if (each <= role) {
      out = out | own_permissions(each);
    }
  }
  return out;
}

class RoleSet {
 public:
  constexpr RoleSet() = default;
  template <class... R>
    requires(std::same_as<R, Role> && ...)
  explicit constexpr RoleSet(R... roles) : bits_((0U | ... | bit(roles))) {}
  // Bits that no role of this release has are refused.
  static constexpr std::optional<RoleSet> from_bits(std::uint32_t bits) {
    if (bits >> kRoles.size() != 0) {
      return std::nullopt;
    }
    RoleSet out;
    out.bits_ = bits;
    return out;
  }

  constexpr void add(Role role) { bits_ |= bit(role); }
  constexpr void remove(Role role) { bits_ &= ~bit(role); }
  constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  // The most powerful one; nothing when empty.
  constexpr std::optional<Role> highest() const {
    if (bits_ == 0) {
      return std::nullopt;
    }
    return static_cast<Role>(std::bit_width(bits_) - 1);
  }
  constexpr PermissionSet permissions() const {
    const auto role = highest();
    return role ? permissions_of(*role) : PermissionSet();
  }
  std::vector<std::string_view> names() const;
  friend constexpr bool operator==(RoleSet, RoleSet) = default;

 private:
  static constexpr std::uint32_t bit(Role role) { return 1U << std::to_underlying(role); }
  std::uint32_t bits_ = 0;
};

}  // namespace unhidra::access
