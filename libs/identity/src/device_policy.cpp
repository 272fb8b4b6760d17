#include "unhidra/identity/device_policy.h"

#include <algorithm>
#include <array>

#include "fields.h"
#include "labels.h"

namespace unhidra::identity {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kChallenge = 0x01;
constexpr std::string_view kAnyRole = "any";
constexpr std::array<std::string_view, 4> kRoles{"device", "controller", "hub", "compliance"};

bool is_command(std::string_view name) {
  return !name.empty() && name.size() <= kMaxDeviceCommand &&
         name.find_first_of(" !\n") == std::string_view::npos;
}

Bytes encoded(const DeviceRule& rule) {
  ByteWriter out;
  out.u8(rule.role ? static_cast<std::uint8_t>(*rule.role) : 0)
      .raw(rule.sender.bytes())
      .u8(rule.challenge ? kChallenge : 0)
      .text(rule.command);
  return std::move(out).take();
}

}  // namespace

std::string_view to_string(GroupRole role) {
  return kRoles.at(static_cast<std::size_t>(role) - 1);
}

std::optional<GroupRole> parse_group_role(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name);
  return found == kRoles.end() ? std::nullopt
                               : std::optional(static_cast<GroupRole>(found - kRoles.begin() + 1));
}

Result<DeviceRule> parse_device_rule(std::string_view text) {
  DeviceRule out;
  const auto colon = text.find(':');
  const auto role = text.substr(0, colon);
  auto command = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  out.challenge = command.ends_with('!');
  command.remove_suffix(out.challenge ? 1 : 0);
  out.role = parse_group_role(role);
  out.command = command;
  if ((!out.role && role != kAnyRole) || !is_command(command)) {
    return fail(Errc::malformed,
                "a rule is ROLE:COMMAND, with device, controller, hub, compliance or any, and a "
                "command's name of at most 32 bytes or *");
  }
  return out;
}

std::string to_text(const DeviceRule& rule) {
  return std::string(rule.role ? to_string(*rule.role) : kAnyRole) + ":" + rule.command +
         (rule.challenge ? "!" : "");
}

Result<Bytes> sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& owner,
                   const DevicePolicy& policy) {
  std::vector<Bytes> rules;
  for (const auto& rule : policy.rules) {
    if (!is_command(rule.command)) {
      return fail(Errc::malformed, "the name of a command has 1 to 32 bytes");
    }
    rules.push_back(encoded(rule));
  }
  std::ranges::sort(rules);
  const auto same = std::ranges::unique(rules);
  rules.erase(same.begin(), same.end());
  if (rules.size() > kMaxDeviceRules || policy.version == 0) {
    return fail(Errc::malformed, "a device has at most 16 rules for what it obeys");
  }
  ByteWriter document;
  document.u8(kFormat)
      .raw(policy.group_id.bytes())
      .raw(policy.device_id.bytes())
      .u32(policy.version);
  put_time(document, policy.issued_at);
  document.u8(static_cast<std::uint8_t>(rules.size()));
  for (const auto& rule : rules) {
    document.raw(rule);
  }
  document.raw(owner.public_key().bytes());
  ByteWriter signed_part;
  signed_part.text(kDevicePolicyLabel).raw(document.view());
  document.raw(owner.sign(provider, signed_part.view()).bytes());
  return std::move(document).take();
}

}  // namespace unhidra::identity
