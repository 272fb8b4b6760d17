// Elsewhere the stack is the program's, not this module's.

#include "module.h"

namespace unhidra::core {

void wipe_dead_stack() {}

}  // namespace unhidra::core
