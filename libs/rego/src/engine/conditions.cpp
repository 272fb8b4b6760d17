#include "engine/conditions.h"

#include <algorithm>

namespace unhidra::rego {

const Term* equality_sides(const Expr& expr) {
  if (expr.negated || !expr.with.empty()) {
    return nullptr;
  }
  if (expr.type == Expr::Type::unify) {
    return expr.items.data();
  }
  const bool is_call = expr.type == Expr::Type::term && expr.items[0].is(Term::Type::call) &&
                       expr.items[0].name == "equal" && expr.items[0].items.size() == 2;
  return is_call ? expr.items[0].items.data() : nullptr;
}

const Term* other_side(const Expr& expr, int slot) {
  const Term* sides = equality_sides(expr);
  for (std::size_t i = 0; sides != nullptr && i < 2; ++i) {
    if (sides[i].is(Term::Type::var) && sides[i].slot == slot) {
      return &sides[1 - i];
    }
  }
  return nullptr;
}

// A call of a function may be an error, and so may be a document.
bool can_fail(const Term& term) {
  constexpr std::array<std::string_view, 6> kComparisons = {"equal", "neq", "lt",
                                                            "lte",   "gt",  "gte"};
  if (term.is(Term::Type::call) &&
      std::ranges::find(kComparisons, term.name) == kComparisons.end()) {
    return true;
  }
  if (term.is(Term::Type::ref) && term.items[0].is(Term::Type::var) && term.items[0].slot < 0 &&
      term.items[0].name == "data") {
    return true;
  }
  return std::ranges::any_of(term.items, [](const Term& item) { return can_fail(item); }) ||
         (term.body && std::ranges::any_of(*term.body, [](const Expr& e) { return can_fail(e); }));
}

bool can_fail(const Expr& expr) {
  return std::ranges::any_of(expr.items, [](const Term& item) { return can_fail(item); }) ||
         (expr.body && std::ranges::any_of(*expr.body, [](const Expr& e) { return can_fail(e); }));
}

}  // namespace unhidra::rego
