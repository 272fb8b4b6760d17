#pragma once
// Names to what they mean: imports and rules become references under `data`, variables slots, calls
// what they call; then bodies are put into an order in which every variable is bound before it is
// needed.

#include "engine/policy.h"

namespace unhidra::rego {

// Adds what is wrong with the rule to `problems`.
void resolve_rule(const Policy& policy, const Module& module, const RuleNode& package, Rule& rule,
                  Problems& problems);

}  // namespace unhidra::rego
