#pragma once
// Metadata: comments in YAML that begin with "METADATA" and belong to what follows them.

#include <vector>

#include "syntax/ast.h"
#include "syntax/lexer.h"

namespace unhidra::rego {

void attach_annotations(const std::vector<Comment>& comments, Module& module);

}  // namespace unhidra::rego
