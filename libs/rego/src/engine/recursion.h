#pragma once
// No rule may need its own value.

#include "engine/policy.h"

namespace unhidra::rego {

// Errc::recursion: "rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p".
void check_recursion(const RuleNode& root, Problems& problems);

}  // namespace unhidra::rego
