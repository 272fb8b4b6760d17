#pragma once
// What the language allows and its authors regret: looked for before names are resolved.

#include "syntax/problems.h"

namespace unhidra::rego {

// `strict`: all of it. Otherwise, for modules in v1 syntax or with `import rego.v1`: imports that
// hide each other, rules and variables that hide `input` or `data`, deprecated functions.
void check_strictly(const Module& module, bool strict, Problems& problems);

}  // namespace unhidra::rego
