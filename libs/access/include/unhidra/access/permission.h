#pragma once
// What somebody may do. A permission is a bit; a set of them is a 64-bit number, so that checking
// one costs nothing. Bits are stable: sets travel between processes.

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace unhidra::access {

enum class Permission : std::uint8_t {
  organizations_manage = 0,  // every organisation of the installation
  organization_manage = 1,   // the own organisation's settings
  users_list = 2,            // the organisation's directory with all details
  users_manage = 3,          // create, disable, reset passwords, end sessions, revoke devices
  roles_assign = 4,          // never above one's own
  invitations_manage = 5,
  audit_read = 6,
  connections_read = 7,
  iot_devices_manage = 8,
  metrics_read = 9,
  iot_devices_read = 10,
  policies_read = 11,    // of the organisation: versions, and what they would have decided
  policies_manage = 12,  // add, activate, roll back, ask as a shadow

  users_look_up = 20,  // people by name or id, as far as one may know of them
  keys_publish = 21,   // the own device's keys and the own device list
  keys_fetch = 22,
  conversations_open = 23,
  conversations_read = 24,  // those one is a member of
  messages_send = 25,       // likewise
  presence_use = 26,
  channels_create = 27,        // channels and, where one's role in the space allows it, spaces
  channels_use = 28,           // see and enter those that one may
  chat_policy_manage = 29,     // edit window, receipts
  message_versions_read = 30,  // earlier states of messages, as ciphertext
};

struct PermissionName {
  Permission permission;
  std::string_view name;
};
inline constexpr std::array kPermissionNames{
    PermissionName{Permission::organizations_manage, "organizations.manage"},
    PermissionName{Permission::organization_manage, "organization.manage"},
    PermissionName{Permission::users_list, "users.list"},
    PermissionName{Permission::users_manage, "users.manage"},
    PermissionName{Permission::roles_assign, "roles.assign"},
    PermissionName{Permission::invitations_manage, "invitations.manage"},
    PermissionName{Permission::audit_read, "audit.read"},
    PermissionName{Permission::connections_read, "connections.read"},
    PermissionName{Permission::iot_devices_manage, "iot_devices.manage"},
    PermissionName{Permission::metrics_read, "metrics.read"},
    PermissionName{Permission::iot_devices_read, "iot_devices.read"},
    PermissionName{Permission::policies_read, "policies.read"},
    PermissionName{Permission::policies_manage, "policies.manage"},
    PermissionName{Permission::users_look_up, "users.look_up"},
    PermissionName{Permission::keys_publish, "keys.publish"},
    PermissionName{Permission::keys_fetch, "keys.fetch"},
    PermissionName{Permission::conversations_open, "conversations.open"},
    PermissionName{Permission::conversations_read, "conversations.read"},
    PermissionName{Permission::messages_send, "messages.send"},
    PermissionName{Permission::presence_use, "presence.use"},
    PermissionName{Permission::channels_create, "channels.create"},
    PermissionName{Permission::channels_use, "channels.use"},
    PermissionName{Permission::chat_policy_manage, "chat_policy.manage"},
    PermissionName{Permission::message_versions_read, "message_versions.read"},
};

constexpr std::string_view to_string(Permission permission) {
  for (const auto& row : kPermissionNames) {
    if (row.permission == permission) {
      return row.name;
    }
  }
  return {};
}
constexpr std::optional<Permission> parse_permission(std::string_view name) {
  for (const auto& row : kPermissionNames) {
    if (row.name == name) {
      return row.permission;
    }
  }
  return std::nullopt;
}

class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  template <class... P>
    requires(std::same_as<P, Permission> && ...)
  explicit constexpr PermissionSet(P... permissions) : bits_((0 | ... | bit(permissions))) {}
  static constexpr PermissionSet from_bits(std::uint64_t bits) {
    PermissionSet out;
    out.bits_ = bits;
    return out;
  }

  constexpr bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }
  constexpr bool includes(PermissionSet other) const { return (other.bits_ & ~bits_) == 0; }
  constexpr std::uint64_t bits() const { return bits_; }
  friend constexpr PermissionSet operator|(PermissionSet a, PermissionSet b) {
    return from_bits(a.bits_ | b.bits_);
  }
  friend constexpr bool operator==(PermissionSet, PermissionSet) = default;

 private:
  static constexpr std::uint64_t bit(Permission permission) {
    return std::uint64_t{1} << std::to_underlying(permission);
  }
  std::uint64_t bits_ = 0;
};

}  // namespace unhidra::access
