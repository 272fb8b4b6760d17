#pragma once
// Several devices that are spoken of as one: all the lights of a room, everything in it, the lights
// of the house. Never what locks, and no garage.

#include <span>
#include <vector>

#include "unhidra/actions/intent.h"

namespace unhidra::actions {

struct DeviceSet {
  Target target;
  std::vector<std::size_t> members;  // indexes into the devices
};

// Of two devices at least. `types`: the registry's, of the devices in their order. A name that a
// device has is that device's.
std::vector<DeviceSet> sets_of(std::span<const Target> devices, std::span<const std::string> types);

}  // namespace unhidra::actions
