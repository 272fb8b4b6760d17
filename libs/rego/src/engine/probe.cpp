#include "engine/probe.h"

#include <algorithm>

#include "values/work.h"

namespace unhidra::rego {

void all_slots(const Term& term, Slots& out) {
  if (term.is(Term::Type::var) && term.slot >= 0) {
    out.insert(term.slot);
  }
  for (const auto& item : term.items) {
    all_slots(item, out);
  }
  if (term.body) {
    all_slots(*term.body, out);
  }
}
void all_slots(const Expr& expr, Slots& out) {
  for (const auto& item : expr.items) {
    all_slots(item, out);
  }
  if (expr.body) {
    all_slots(*expr.body, out);
  }
  for (const auto& with : expr.with) {
    all_slots(with.target, out);
    all_slots(with.value, out);
  }
}
void all_slots(const Body& body, Slots& out) {
  for (const auto& expr : body) {
    all_slots(expr, out);
  }
}

bool is_closure(const Term& term) {
  return term.is(Term::Type::array_comp) || term.is(Term::Type::set_comp) ||
         term.is(Term::Type::object_comp);
}

void outside_slots(const Term& term, Slots& out) {
  if (term.is(Term::Type::var) && term.slot >= 0) {
    out.insert(term.slot);
  }
  if (!is_closure(term)) {
    for (const auto& item : term.items) {
      outside_slots(item, out);
    }
  }
}

void outside_slots(const Expr& expr, Slots& out) {
  if (expr.type == Expr::Type::some_vars) {
    return;
  }
  if (expr.type == Expr::Type::every) {
    outside_slots(expr.items.back(), out);
  } else {
    for (const auto& item : expr.items) {
      outside_slots(item, out);
    }
  }
  for (const auto& with : expr.with) {
    outside_slots(with.target, out);
    outside_slots(with.value, out);
  }
}

bool Probe::closure(const Slots& inner) {
  return std::ranges::none_of(inner,
                              [&](int slot) { return outer_.contains(slot) && !known(slot); });
}

bool Probe::ref(const Term& term) {
  const Term& head = term.items[0];
  if (!(head.is(Term::Type::var) && head.slot < 0) && !value(head)) {
    return false;
  }
  return std::all_of(term.items.begin() + 1, term.items.end(),
                     [&](const Term& key) { return pattern(key); });
}

bool Probe::call(const Term& term) {
  const std::size_t inputs = std::min(term.items.size(), term.callee.arity);
  const bool is_print = term.name == "print";
  bool good = true;
  // References bind what their neighbours use: they come first.
  for (const bool early : {true, false}) {
    for (std::size_t i = 0; i < inputs; ++i) {
      const Term& item = term.items[i];
      if ((item.is(Term::Type::ref) || item.is(Term::Type::call)) == early) {
        good = value(item) && good;
      }
    }
  }
  for (std::size_t i = inputs; i < term.items.size(); ++i) {
    good = (is_print ? value(term.items[i]) : pattern(term.items[i])) && good;
  }
  return good;
}

bool Probe::value(const Term& term) {
  constexpr std::uint64_t kWorkOfTerm = 16;
  if (!WorkScope::take(kWorkOfTerm)) {
    return false;
  }
  switch (term.type) {
    case Term::Type::constant:
      return true;
    case Term::Type::var:
      return term.slot < 0 || known(term.slot);
    case Term::Type::ref:
      return ref(term);
    case Term::Type::call:
      return call(term);
    case Term::Type::array_comp:
    case Term::Type::set_comp:
    case Term::Type::object_comp: {
      Slots inner;
      all_slots(term, inner);
      return closure(inner);
    }
    default: {
      // References bind what their neighbours use: they come first.
      bool good = true;
      for (const bool early : {true, false}) {
        for (const auto& item : term.items) {
          if ((item.is(Term::Type::ref) || item.is(Term::Type::call)) == early) {
            good = value(item) && good;
          }
        }
      }
      return good;
    }
  }
}

bool Probe::pattern(const Term& term) {
  if (term.is(Term::Type::var)) {
    if (term.slot >= 0 && !bound_.contains(term.slot)) {
      outputs_.insert(term.slot);
    }
    return true;
  }
  if (term.is(Term::Type::array)) {
    bool good = true;
    for (const auto& item : term.items) {
      good = pattern(item) && good;
    }
    return good;
  }
  if (term.is(Term::Type::object)) {
    bool good = true;
    for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
      good = value(term.items[i]) && pattern(term.items[i + 1]) && good;
    }
    return good;
  }
  return value(term);
}

namespace {

void turn_sides(Expr& expr) {
  std::swap(expr.items[0], expr.items[1]);
  expr.turned = !expr.turned;
}

}  // namespace

// Afterwards items[1] is what is evaluated and items[0] what is matched with it.
bool Probe::unify(Expr& expr) {
  for (int turn = 0; turn < 2; ++turn) {
    const Slots outputs = outputs_;
    if (value(expr.items[1]) && pattern(expr.items[0])) {
      return true;
    }
    outputs_ = outputs;
    if (turn == 0 && !expr.assigns) {
      turn_sides(expr);
    } else {
      if (turn == 1) {
        turn_sides(expr);
      }
      break;
    }
  }
  return false;
}

bool Probe::expr(Expr& expr) {
  bool good = true;
  for (const auto& with : expr.with) {
    for (std::size_t i = 1; i < with.target.items.size(); ++i) {
      good = value(with.target.items[i]) && good;
    }
    good = value(with.value) && good;
  }
  switch (expr.type) {
    case Expr::Type::term:
      good = value(expr.items[0]) && good;
      break;
    case Expr::Type::unify:
      good = unify(expr) && good;
      break;
    case Expr::Type::some_vars:
      break;
    case Expr::Type::some_in:
      good = value(expr.items.back()) && good;
      for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
        good = pattern(expr.items[i]) && good;
      }
      break;
    case Expr::Type::every: {
      good = value(expr.items.back()) && good;
      Slots inner;
      all_slots(*expr.body, inner);
      good = closure(inner) && good;
      break;
    }
  }
  const bool may_bind = !expr.negated && expr.operand_of.empty();
  return good && (may_bind || outputs_.empty());
}

}  // namespace unhidra::rego
