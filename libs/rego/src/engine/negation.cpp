#include "engine/negation.h"

#include <utility>

#include "engine/probe.h"

namespace unhidra::rego {
namespace {

constexpr std::string_view kBefore = "$before";

// Gives way to a variable, to which an expression before it gives its value.
class Taker {
 public:
  Taker(const Expr& expr, Body& before) : expr_(expr), before_(before) {}

  void replace(Term& term, std::string name, int slot) {
    Term variable;
    variable.type = Term::Type::var;
    variable.location = term.location;
    variable.name = std::move(name);
    variable.slot = slot;
    Expr value;
    value.type = Expr::Type::unify;
    value.location = expr_.location;
    value.with = expr_.with;
    value.items.push_back(variable);
    value.items.push_back(std::exchange(term, variable));
    before_.push_back(std::move(value));
  }

 private:
  const Expr& expr_;
  Body& before_;
};

bool is_equality(const Expr& expr) {
  const Term& term = expr.items[0];
  return expr.type == Expr::Type::unify ||
         (term.is(Term::Type::call) && term.name == "equal" && term.items.size() == 2 &&
          term.callee.builtin != nullptr);
}

class ReferenceTaker {
 public:
  ReferenceTaker(const Expr& expr, Body& before, std::vector<std::string>& slot_names)
      : taker_(expr, before), slot_names_(slot_names) {}

  // The term itself is evaluated under `not`; what it looks up is not.
  void inside(Term& term) {
    if (term.is(Term::Type::ref)) {
      return keys(term);
    }
    whole(term);
  }

  void whole(Term& term) {
    if (is_closure(term)) {
      return;
    }
    if (term.is(Term::Type::ref)) {
      keys(term);
      slot_names_.emplace_back(kBefore);
      return taker_.replace(term, std::string(kBefore), static_cast<int>(slot_names_.size()) - 1);
    }
    for (Term& item : term.items) {
      whole(item);
    }
  }

 private:
  void keys(Term& ref) {
    for (std::size_t i = 1; i < ref.items.size(); ++i) {
      whole(ref.items[i]);
    }
  }

  Taker taker_;
  std::vector<std::string>& slot_names_;
};

void take_calls(Term& term, Taker& taker, std::size_t& made) {
  if (is_closure(term)) {
    return;
  }
  if (term.is(Term::Type::call)) {
    return taker.replace(term, std::string(kBefore) + std::to_string(made++), -1);
  }
  for (Term& item : term.items) {
    take_calls(item, taker, made);
  }
}

}  // namespace

void take_calls_out(Body& body, std::size_t& made) {
  Body out;
  out.reserve(body.size());
  for (Expr& expr : body) {
    if (expr.negated) {
      const bool is_call = expr.type == Expr::Type::term && expr.items[0].is(Term::Type::call);
      Taker taker(expr, out);
      for (Term& item : is_call ? expr.items[0].items : expr.items) {
        take_calls(item, taker, made);
      }
    }
    out.push_back(std::move(expr));
  }
  body = std::move(out);
}

void take_references_out(Expr& expr, Body& before, std::vector<std::string>& slot_names) {
  if (!expr.negated) {
    return;
  }
  ReferenceTaker taker(expr, before, slot_names);
  Term& term = expr.items[0];
  const bool is_call = expr.type == Expr::Type::term && term.is(Term::Type::call);
  for (Term& item : is_call ? term.items : expr.items) {
    is_call && !is_equality(expr) ? taker.whole(item) : taker.inside(item);
  }
}

}  // namespace unhidra::rego
