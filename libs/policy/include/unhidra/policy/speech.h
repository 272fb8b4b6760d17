#pragma once
// Whether a policy has something to say about a question.

#include <span>
#include <string_view>

#include "unhidra/rego/trace.h"
#include "unhidra/rego/value.h"

namespace unhidra::policy {

// Of "data.unhidra.operations.allow" a policy speaks when a rule or the data has anything in
// data.unhidra.operations: a misspelt rule is a policy that denies, not one that is silent.
bool speaks_of(std::span<const rego::RuleInfo> rules, const rego::Value& data,
               std::string_view query);

}  // namespace unhidra::policy
