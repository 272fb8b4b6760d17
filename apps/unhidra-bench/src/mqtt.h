#pragma once
// Load for an MQTT broker, this one or another: it speaks 3.1.1, which all of them know.

#include "unhidra/base/error.h"

#include "options.h"

namespace unhidra::bench {

// Prints the figures. Errc::invalid, unavailable when the broker does not answer.
Status run_mqtt(const MqttOptions& options);

}  // namespace unhidra::bench
