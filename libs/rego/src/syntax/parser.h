#pragma once
// Tokens to syntax trees. Every problem is an Errc::parse_error with its place and line; after one
// the parser goes on with what begins at the margin.

#include <string>
#include <string_view>

#include "unhidra/rego/engine.h"

#include "syntax/ast.h"
#include "syntax/problems.h"

namespace unhidra::rego {

// Without annotations: what they are written in is not looked at.
Result<std::shared_ptr<Module>> parse_module(std::string_view file, std::string_view source,
                                             Syntax syntax);
// A module without anything but its package.
Result<std::shared_ptr<Module>> parse_package(std::string_view file, std::string_view source,
                                              Syntax syntax);
// Adds to `problems`, those of annotations too; what could be read comes back in any case.
// `capabilities`: of the language; null: all of it.
std::shared_ptr<Module> parse_module(std::string_view file, std::string_view source, Syntax syntax,
                                     Problems& problems,
                                     const Capabilities* capabilities = nullptr);
// A query: one body, without a package. `context`: whose imported keywords it has; may be null.
Body parse_query(std::string_view source, const Module* context, Problems& problems);
Result<Body> parse_query(std::string_view source);
// A ground term.
Result<Value> parse_ground_term(std::string_view source);

}  // namespace unhidra::rego
