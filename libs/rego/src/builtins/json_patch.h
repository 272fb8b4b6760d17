#pragma once
// JSON Patch (RFC 6902) on values: objects, lists and also sets, whose elements are their own keys.
// A path is a JSON Pointer (RFC 6901; the first slash may be missing) or a list of keys.

#include <vector>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

using Path = std::vector<Value>;

// "operand 2 must be one of {set, array} containing string paths or array of path segments but got
// number".
Result<Path> read_path(const Value& path);
Result<std::vector<Path>> read_paths(const Value& operand);
// {"a": {"b": null}} for a/b. A path that goes on below the end of another says nothing new.
Value tree_of_paths(const std::vector<Path>& paths);

// The member, element or list item of this key; null when there is none.
const Value* child_of(const Value& parent, const Value& key);

Result<Value> apply_patch(const Value& document, const Value& operations, Environment& environment);

}  // namespace unhidra::rego::builtins
