#pragma once
// Tokens to syntax trees. A problem is one Errc::parse_error with the reference's form of text:
// "file:row: rego_parse_error: ...", then the line and a mark under the place.

#include <string>
#include <string_view>

#include "unhidra/rego/engine.h"

#include "syntax/ast.h"

namespace unhidra::rego {

Result<std::shared_ptr<Module>> parse_module(std::string_view file, std::string_view source,
                                             Syntax syntax);
// A query: one body, without a package.
Result<Body> parse_query(std::string_view source);
// A ground term.
Result<Value> parse_ground_term(std::string_view source);

}  // namespace unhidra::rego
