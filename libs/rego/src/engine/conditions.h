#pragma once
// What planners look for in the expressions of a body.

#include <array>

#include "syntax/ast.h"

namespace unhidra::rego {

// The sides of an equality that is neither negated nor under `with`; none: it is something else.
const Term* equality_sides(const Expr& expr);
// `x == term` or `term == x` for the variable in the slot: the term.
const Term* other_side(const Expr& expr, int slot);
// It may be an error and not only fail: it calls a function or needs a document.
bool can_fail(const Expr& expr);
bool can_fail(const Term& term);

}  // namespace unhidra::rego
