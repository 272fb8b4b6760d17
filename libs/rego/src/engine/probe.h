#pragma once
// What an expression needs and binds.

#include <set>

#include "syntax/ast.h"

namespace unhidra::rego {

using Slots = std::set<int>;

bool is_closure(const Term& term);
// Adds every slot in it, closures included.
void all_slots(const Body& body, Slots& out);
void all_slots(const Expr& expr, Slots& out);
void all_slots(const Term& term, Slots& out);
// Adds those outside its closures.
void outside_slots(const Term& term, Slots& out);
void outside_slots(const Expr& expr, Slots& out);

// Can an expression be evaluated when some slots are bound, and which others does it bind then?
class Probe {
 public:
  Probe(const Slots& bound, const Slots& outer) : bound_(bound), outer_(outer) {}

  Slots& outputs() { return outputs_; }

  bool expr(Expr& expr);
  bool value(const Term& term);
  bool pattern(const Term& term);

 private:
  bool known(int slot) const { return bound_.contains(slot) || outputs_.contains(slot); }
  bool closure(const Slots& inner);
  bool call(const Term& term);
  bool unify(Expr& expr);
  bool ref(const Term& term);

  const Slots& bound_;
  const Slots& outer_;
  Slots outputs_;
};

}  // namespace unhidra::rego
