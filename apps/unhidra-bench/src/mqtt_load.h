#pragma once

#include "options.h"

namespace unhidra::bench {

Status run_mqtt(const MqttOptions& options);

}  // namespace unhidra::bench
