#pragma once

#include "options.h"

namespace unhidra::bench {

// Prints the figures as one JSON object on stdout.
Status run_chat(const ChatOptions& options);

}  // namespace unhidra::bench
