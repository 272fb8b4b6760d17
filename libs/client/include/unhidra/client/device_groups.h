#pragma once
// Device groups, as a person's device sees them: as a controller, which makes rosters and draws
// secrets, or as a member that another device of the same account has let in, a hub above all.
// docs/security.md, "Device groups".

#include <map>
#include <string>
#include <vector>

#include "unhidra/e2ee/epoch_delivery.h"
#include "unhidra/identity/device_policy.h"

namespace unhidra::client {

inline constexpr std::size_t kMaxDeviceGroups = 100;
inline constexpr std::size_t kMaxDeviceGroupName = 64;  // bytes

// What devices of a group obey; who is not in it has no policy and obeys nobody.
using DeviceRules = std::map<DeviceId, std::vector<identity::DeviceRule>>;

struct DeviceGroupView {
  std::string name;
  identity::DeviceGroup roster;
  DeviceRules rules;        // as the device that made the epoch knows them
  bool controller = false;  // this device made the present epoch, and can hand out its keys
};

struct MemberDelivery {
  DeviceId member;
  Bytes bytes;  // e2ee::seal_epoch
};

// Where things lie in the broker: each device owns "devices/ID/#".
std::string command_topic(DeviceId device);
std::string result_topic(DeviceId device);
std::string state_topic(DeviceId device);
// Of the twin, which is in no broker: what a device says it is, and what is wanted of it.
std::string twin_topic(DeviceId device);
std::string desired_twin_topic(DeviceId device);
std::string delivery_topic(DeviceId device, DeviceGroupId group);

}  // namespace unhidra::client
