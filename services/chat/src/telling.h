#pragma once
// Events to devices, after the commit that they tell of. Loss is harmless: a device asks for what
// it lacks.

#include <span>

#include "unhidra/messaging/device_events.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frame_bodies.h"

namespace unhidra::chat {

// To every connection of each device.
template <class Event>
void tell(messaging::Bus& bus, std::span<const DeviceId> devices, const Event& event) {
  (void)messaging::tell_devices(
      bus, devices, wire::make_response(0, wire::response_field<Event>(), wire::encode(event)));
}
template <class Event>
void tell(messaging::Bus& bus, DeviceId device, const Event& event) {
  tell(bus, std::span<const DeviceId>(&device, 1), event);
}

}  // namespace unhidra::chat
