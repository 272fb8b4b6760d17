#pragma once
// Values from YAML and to YAML, as far as JSON can say them: keys become text, and what YAML 1.1
// takes for a boolean, number or null is one.

#include <string>
#include <string_view>

#include "builtins/function.h"
#include "builtins/yaml_node.h"

namespace unhidra::rego::builtins {

inline constexpr std::size_t kMaxYaml = 1 << 20;
inline constexpr int kMaxYamlDepth = 256;

// Whether `yes`, `on` and their like are booleans, or text as in YAML 1.2.
enum class YamlBooleans : std::uint8_t { words, only_true_and_false };

// The first document. "yaml: line 1: did not find expected ',' or ']'".
Result<Value> parse_yaml(std::string_view text, Environment& environment);
// What a scalar means.
Value yaml_scalar(const YamlNode& node, YamlBooleans booleans);
Result<Value> value_of_yaml(const YamlNode& node, Environment& environment, YamlBooleans booleans);
// Block style, keys sorted.
std::string to_yaml(const Value& value);

}  // namespace unhidra::rego::builtins
