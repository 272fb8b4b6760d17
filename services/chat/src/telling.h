#pragma once
// Events to devices, after the commit that they tell of. Loss is harmless: a device asks for what
// it lacks.

#include <span>

#include "unhidra/base/text.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"

namespace unhidra::chat {

// To every connection of each device.
template <class Event>
void tell(messaging::Bus& bus, std::span<const DeviceId> devices, const Event& event) {
  const auto frame = wire::make_response(0, wire::response_field<Event>(), wire::encode(event));
  for (const auto device : devices) {
    (void)bus.publish("device." + to_hex(device.bytes()), frame);
  }
}
template <class Event>
void tell(messaging::Bus& bus, DeviceId device, const Event& event) {
  tell(bus, std::span<const DeviceId>(&device, 1), event);
}

}  // namespace unhidra::chat
