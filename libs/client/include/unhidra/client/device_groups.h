#pragma once
// Device groups, as a person's device sees them: as a controller, which makes rosters and draws
// secrets, or as a member that another device of the same account has let in, a hub above all.
// docs/security.md, "Device groups".

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/e2ee/device_channel.h"
#include "unhidra/e2ee/epoch_delivery.h"
#include "unhidra/identity/device_policy.h"

namespace unhidra::client {

inline constexpr std::size_t kMaxDeviceGroups = 100;
inline constexpr std::size_t kMaxDeviceGroupName = 64;  // bytes
inline constexpr std::chrono::seconds kMaxDeviceKeyAge{std::chrono::hours(24 * 366)};

// What devices of a group obey; who is not in it has no policy and obeys nobody.
using DeviceRules = std::map<DeviceId, std::vector<identity::DeviceRule>>;

struct DeviceGroupView {
  std::string name;
  identity::DeviceGroup roster;
  DeviceRules rules;        // as the device that made the epoch knows them
  bool controller = false;  // this device made the present epoch, and can hand out its keys
  // When this device draws new ones by itself. Nothing: it does not lead the group, or is not to.
  std::optional<Timestamp> new_keys_at;
};

// An epoch's keys on their way to a member, to be kept by the broker at `topic`.
struct MemberDelivery {
  DeviceId member;
  std::string topic;
  // By e2ee::seal_epoch, or over the device's pairwise channel (e2ee/device_channel.h). Empty: it
  // has a channel, but no session that this device may send on before its prekeys have come anew.
  Bytes bytes;
  bool by_channel = false;
};

// Where things lie in the broker: each device owns "devices/ID/#".
std::string command_topic(DeviceId device);
std::string result_topic(DeviceId device);
std::string state_topic(DeviceId device);
// Of the twin, which is in no broker: what a device says it is, and what is wanted of it.
std::string twin_topic(DeviceId device);
std::string desired_twin_topic(DeviceId device);
std::string delivery_topic(DeviceId device, DeviceGroupId group);
std::string delivery_topics(DeviceId device);  // a filter: those of all groups
// Of a device's pairwise channel: what it publishes of itself, what a controller tells it, and what
// it answers.
std::string prekeys_topic(DeviceId device);
std::string channel_topic(DeviceId device, DeviceId controller);
std::string channel_answer_topic(DeviceId device, DeviceId controller);

}  // namespace unhidra::client
