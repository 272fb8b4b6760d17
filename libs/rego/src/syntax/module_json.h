#pragma once
// A syntax tree as the reference's JSON: what rego.parse_module answers.

#include "syntax/ast.h"

namespace unhidra::rego {

Value module_to_json(const Module& module);
Value body_to_json(const Body& body);

}  // namespace unhidra::rego
