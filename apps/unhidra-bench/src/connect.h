#pragma once

#include "options.h"

namespace unhidra::bench {

// Prints the figures as one JSON object on stdout. Forks: call it before any thread is started.
Status run_connect(const ConnectOptions& options);

}  // namespace unhidra::bench
