#pragma once
// What a device lets others command, signed by an owner of its group and kept on the device; and
// how owners write its rules. Devices read it with firmware/core (uh/policy.h). Byte layout:
// docs/security.md, "Device policies".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/identity/device_group.h"

namespace unhidra::identity {

inline constexpr std::size_t kMaxDeviceRules = 16;
inline constexpr std::size_t kMaxDeviceCommand = 32;   // bytes of a command's name
inline constexpr std::size_t kMaxDevicePolicy = 1152;  // bytes of a signed policy

// "device", "controller", "hub", "compliance".
std::string_view to_string(GroupRole role);
std::optional<GroupRole> parse_group_role(std::string_view name);

struct DeviceRule {
  std::optional<GroupRole> role;  // nothing: any
  DeviceId sender;                // nil: any
  std::string command;            // its name; "*": any
  bool challenge = false;         // only as the answer to a challenge of the device: locks, garages
  friend bool operator==(const DeviceRule&, const DeviceRule&) = default;
};
// "ROLE:COMMAND", ROLE "any" for all of them; "!" behind it asks for a challenge. Errc::malformed.
Result<DeviceRule> parse_device_rule(std::string_view text);
// As it is parsed; a sender is not written.
std::string to_text(const DeviceRule& rule);

struct DevicePolicy {
  DeviceGroupId group_id;
  DeviceId device_id;
  std::uint32_t version = 1;  // a device believes a higher one than the one it has
  Timestamp issued_at{};
  std::vector<DeviceRule> rules;
};
// The document; equal rules stand in it once. Errc::malformed when it is over a limit.
Result<Bytes> sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& owner,
                   const DevicePolicy& policy);

}  // namespace unhidra::identity
