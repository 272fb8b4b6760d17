#pragma once
// Where the reference says that a variable is unsafe: at the expression, or the innermost call that
// it has to evaluate before.

#include "syntax/ast.h"

namespace unhidra::rego {

// Of an expression without a place: the variable's own. The expression has the slot in it.
Location unsafe_place(const Expr& expr, int slot);
// A value that no more than its variables is needed for: no call, reference or comprehension.
bool is_plain(const Term& term);

}  // namespace unhidra::rego
