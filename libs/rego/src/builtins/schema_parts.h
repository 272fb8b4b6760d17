#pragma once
// What the checker and the validator of JSON Schemas share.

#include <array>
#include <string>
#include <string_view>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

inline constexpr int kMaxSchemaDepth = 128;
// The keywords whose values are lists of schemas.
inline constexpr auto kSchemaLists = std::to_array<std::string_view>({"allOf", "anyOf", "oneOf"});

// "integer" for 1.0 too, "array" for sets.
std::string schema_type_of(const Value& value);
bool has_schema_type(const Value& value, std::string_view type);
bool is_schema_list(const Value& value);
// Of `format`; one that is not known says nothing.
bool has_format(std::string_view text, std::string_view format);
// "#" or "#/definitions/x" in the schema `root`; null: there is none.
const Value* resolve_schema(const Value& root, std::string_view reference);

}  // namespace unhidra::rego::builtins
