#pragma once
// Names to what they mean: imports and rules become references under `data`, variables slots, calls
// what they call; then bodies are put into an order in which every variable is bound before it is
// needed.

#include "engine/policy.h"

namespace unhidra::rego {

Status resolve_rule(const Policy& policy, const Module& module, const RuleNode& package,
                    Rule& rule);

}  // namespace unhidra::rego
