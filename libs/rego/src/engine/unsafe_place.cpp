#include "engine/unsafe_place.h"

#include <algorithm>

namespace unhidra::rego {
namespace {

const Location* find_in(const Body& body, int slot, const Location* around);

// `around`: the place of what is evaluated as a whole.
const Location* find_in(const Term& term, int slot, const Location* around) {
  if (term.is(Term::Type::var)) {
    const Location* place = around->row == 0 ? &term.location : around;
    return term.slot == slot ? place : nullptr;
  }
  const bool is_whole = term.is(Term::Type::call) || term.is(Term::Type::text);
  const Location* inside = is_whole ? &term.location : around;
  for (const auto& item : term.items) {
    if (const auto* found = find_in(item, slot, inside)) {
      return found;
    }
  }
  return term.body ? find_in(*term.body, slot, inside) : nullptr;
}

const Location* find_in(const Expr& expr, int slot, const Location* around) {
  const bool is_call = expr.type == Expr::Type::term && expr.items[0].is(Term::Type::call);
  for (const Term& item : is_call ? expr.items[0].items : expr.items) {
    if (const auto* found = find_in(item, slot, around)) {
      return found;
    }
  }
  for (const auto& with : expr.with) {
    if (const auto* found = find_in(with.value, slot, around)) {
      return found;
    }
  }
  return expr.body ? find_in(*expr.body, slot, around) : nullptr;
}

const Location* find_in(const Body& body, int slot, const Location* around) {
  for (const auto& expr : body) {
    if (const auto* found = find_in(expr, slot, around)) {
      return found;
    }
  }
  return nullptr;
}

}  // namespace

Location unsafe_place(const Expr& expr, int slot) {
  const Location* found = find_in(expr, slot, &expr.location);
  return found == nullptr ? expr.location : *found;
}

bool is_plain(const Term& term) {
  return !term.is(Term::Type::call) && !term.is(Term::Type::ref) && !term.is(Term::Type::text) &&
         term.body == nullptr && std::ranges::all_of(term.items, is_plain);
}

}  // namespace unhidra::rego
