#pragma once
// Text templates in the reference's syntax: {{.a.b}}, {{if}}, {{else}}, {{range}}, {{with}},
// variables, pipelines and the functions and, or, not, eq, ne, lt, le, gt, ge, len, index, print,
// printf, println, html, js, urlquery, slice. No file, call or definition is reached from one.

#include <string>
#include <string_view>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

inline constexpr std::size_t kMaxTemplate = 64 * 1024;

// A missing name reads "<undefined>".
Result<std::string> render(std::string_view pattern, const Value& data, Environment& environment);

}  // namespace unhidra::rego::builtins
