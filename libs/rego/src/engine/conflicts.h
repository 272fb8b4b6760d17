#pragma once
// Rules and packages that cannot be at one place.

#include "engine/policy.h"

namespace unhidra::rego {

// Errc::type_error, where the reference tells it.
void check_conflicts(const Policy& policy, Problems& problems);

}  // namespace unhidra::rego
