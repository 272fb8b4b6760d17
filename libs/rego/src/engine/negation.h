#pragma once
// What is evaluated before an expression with `not` and not under it.
//
// `not f(g(input.x))` asks for input.x and g of it first: where one of them is undefined the body
// has no solution, though f(...) does not hold either. That is the language's rule (section
// "Negation"); `import future.keywords.not` does without it, and the parser then makes a body of
// what is negated.

#include <string>
#include <vector>

#include "syntax/ast.h"

namespace unhidra::rego {

// Calls inside a negated call, reference or equality; before names are resolved. `made` numbers the
// variables that stand for them.
void take_calls_out(Body& body, std::size_t& made);

// References that a negated expression calls with, looks up or compares inside a collection, to be
// evaluated directly before it; after names are resolved. Adds the slots of the variables for them.
void take_references_out(Expr& expr, Body& before, std::vector<std::string>& slot_names);

}  // namespace unhidra::rego
