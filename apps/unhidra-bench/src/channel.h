#pragma once

#include "options.h"

namespace unhidra::bench {

// Makes a channel, lets its members write and prints how long each message took to all of them.
Status run_channel(const ChannelOptions& options);

}  // namespace unhidra::bench
