#pragma once
// Values from YAML and to YAML, as far as JSON can say them: keys become text, and what YAML 1.1
// takes for a boolean, number or null is one.

#include <string>
#include <string_view>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

inline constexpr std::size_t kMaxYaml = 1 << 20;

// The first document. "yaml: line 1: did not find expected ',' or ']'".
Result<Value> parse_yaml(std::string_view text, Environment& environment);
// Block style, keys sorted.
std::string to_yaml(const Value& value);

}  // namespace unhidra::rego::builtins
