#pragma once
// No rule may need its own value.

#include "engine/policy.h"

namespace unhidra::rego {

// Errc::recursion: "rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p".
Status check_recursion(const RuleNode& root);

}  // namespace unhidra::rego
