#pragma once
// A person's passwords for MQTT: made, listed, taken back.

#include "unhidra/access/handlers.h"
#include "unhidra/messaging/bus.h"

namespace unhidra::automation {

inline constexpr std::size_t kMaxMqttPasswords = 32;  // of one person

// The bus outlives the handlers.
void bind_passwords(access::Handlers& handlers, messaging::Bus& bus);

}  // namespace unhidra::automation
