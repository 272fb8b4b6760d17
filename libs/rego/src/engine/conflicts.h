#pragma once
// Rules and packages that cannot be at one place.

#include "engine/policy.h"

namespace unhidra::rego {

// Errc::type_error, where the reference tells it.
void check_conflicts(const Policy& policy, Problems& problems);
// Of a package, of what is below it, and of a document one annotation speaks.
void check_annotations(const Policy& policy, Problems& problems);

}  // namespace unhidra::rego
