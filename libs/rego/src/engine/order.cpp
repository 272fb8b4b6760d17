#include "engine/order.h"

#include <algorithm>
#include <iterator>

#include "engine/negation.h"
#include "engine/policy.h"
#include "engine/probe.h"
#include "engine/unsafe_place.h"
#include "engine/unsafe_variables.h"
#include "values/work.h"

namespace unhidra::rego {

namespace {

bool is_constant(const Term& term) {
  return is_plain(term) && !term.is(Term::Type::var) &&
         std::ranges::all_of(term.items, is_constant);
}

// [x, 1] = [2, y] is x = 2 and 1 = y.
void split_unify(Expr expr, Body& out) {
  const bool splits = expr.type == Expr::Type::unify && !expr.negated && expr.items.size() == 2 &&
                      expr.items[0].is(Term::Type::array) && expr.items[1].is(Term::Type::array) &&
                      expr.items[0].items.size() == expr.items[1].items.size() &&
                      !(is_constant(expr.items[0]) && is_constant(expr.items[1]));
  if (!splits) {
    out.push_back(std::move(expr));
    return;
  }
  for (std::size_t i = 0; i < expr.items[0].items.size(); ++i) {
    Expr part;
    part.type = Expr::Type::unify;
    part.location = expr.location;
    part.assigns = expr.assigns;
    part.with = expr.with;
    part.items.push_back(expr.items[0].items[i]);
    part.items.push_back(expr.items[1].items[i]);
    split_unify(std::move(part), out);
  }
}

// {"a": x} = {"a": 1} likewise, where the keys are constants.
bool align_objects(Expr& expr) {
  if (expr.type != Expr::Type::unify || expr.negated || !expr.items[0].is(Term::Type::object) ||
      !expr.items[1].is(Term::Type::object) ||
      expr.items[0].items.size() != expr.items[1].items.size() ||
      (is_constant(expr.items[0]) && is_constant(expr.items[1]))) {
    return false;
  }
  Term left;
  Term right;
  left.type = right.type = Term::Type::array;
  auto& a = expr.items[0].items;
  auto& b = expr.items[1].items;
  for (std::size_t i = 0; i + 1 < a.size(); i += 2) {
    for (std::size_t k = 0; k + 1 < b.size(); k += 2) {
      if (a[i].is(Term::Type::constant) && b[k].is(Term::Type::constant) &&
          a[i].value == b[k].value) {
        left.items.push_back(a[i + 1]);
        right.items.push_back(b[k + 1]);
      }
    }
  }
  if (left.items.size() * 2 != a.size() || left.items.empty()) {
    return false;
  }
  expr.items[0] = std::move(left);
  expr.items[1] = std::move(right);
  return true;
}

// What stays the same while bodies inside each other are ordered.
struct Names {
  std::vector<std::string>& slots;
  Problems& problems;
  std::vector<UnsafeVariable>& unsafe;
};

bool order_body(Body& body, const Slots& bound, const Names& names);
bool order_closures(Term& term, const Location& around, const Slots& bound, const Names& names);

// An interpolated string has one text: what is in it binds nothing and has one value.
bool check_text(const Term& text, const Slots& bound, const Names& names) {
  bool good = true;
  for (const Term& part : text.items) {
    if (!is_closure(part)) {
      continue;
    }
    const Term& value = (*part.body)[0].items[1];
    const Slots outer;
    Probe probe(bound, outer);
    (void)probe.value(value);
    for (const int slot : probe.outputs()) {
      const std::string& name = names.slots[static_cast<std::size_t>(slot)];
      names.problems.add(Errc::compile_error, value.location,
                         "var " + (name.starts_with('$') ? "_" : name) + " is undeclared");
      good = false;
    }
    if (value.is(Term::Type::call) && value.name == "walk") {
      names.problems.add(
          Errc::compile_error, value.location,
          "illegal call to relation built-in 'walk' that may cause multiple outputs");
      good = false;
    }
  }
  return good;
}

// `around`: the place of what its head is evaluated with.
bool order_closure(Term& term, const Location& around, const Slots& bound, const Names& names) {
  bool good = order_body(*term.body, bound, names);
  Slots inside = bound;
  bind_body(*term.body, inside);
  for (auto& item : term.items) {
    Body needs(1);
    needs[0].location = around;
    needs[0].items.push_back(std::move(item));
    good = order_body(needs, inside, names) && good;
    bind_body(needs, inside);
    item = std::move(needs[0].items[0]);
  }
  return good;
}

bool order_closures(Term& term, const Location& around, const Slots& bound, const Names& names) {
  if (is_closure(term)) {
    return order_closure(term, around, bound, names);
  }
  const bool is_whole = term.is(Term::Type::call) || term.is(Term::Type::text);
  const Location& inside = is_whole ? term.location : around;
  bool good = !term.is(Term::Type::text) || check_text(term, bound, names);
  for (auto& item : term.items) {
    good = order_closures(item, inside, bound, names) && good;
  }
  return good;
}

bool order_closures(Expr& expr, const Slots& bound, const Names& names) {
  bool good = true;
  for (auto& item : expr.items) {
    good = order_closures(item, expr.location, bound, names) && good;
  }
  for (auto& with : expr.with) {
    good = order_closures(with.value, expr.location, bound, names) && good;
  }
  if (expr.type == Expr::Type::every) {
    Slots inside = bound;
    for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
      outside_slots(expr.items[i], inside);
    }
    good = order_body(*expr.body, inside, names) && good;
  }
  return good;
}

bool prints(const Expr& expr) {
  return expr.type == Expr::Type::term && expr.items[0].is(Term::Type::call) &&
         expr.items[0].name == "print";
}

// What is printed has its value from what stands before.
bool check_prints(const Body& body, const Slots& bound, const Names& names) {
  const bool prints_any = std::ranges::any_of(body, prints);
  if (!prints_any) {
    return true;
  }
  Slots before = bound;
  bool good = true;
  for (const Expr& expr : body) {
    const Term& term = expr.items[0];
    for (std::size_t i = 0; prints(expr) && i < term.items.size(); ++i) {
      Slots needed;
      outside_slots(term.items[i], needed);
      for (const int slot : needed) {
        const std::string& name = names.slots[static_cast<std::size_t>(slot)];
        if (!before.contains(slot) && !name.starts_with('$')) {
          names.problems.add(Errc::compile_error, term.items[i].location,
                             "var " + name + " is undeclared");
          good = false;
        }
      }
    }
    outside_slots(expr, before);
  }
  return good;
}

bool order_body(Body& body, const Slots& bound, const Names& names) {
  if (!check_prints(body, bound, names)) {
    return false;
  }
  Body waiting;
  for (auto& expr : body) {
    align_objects(expr);
    split_unify(std::move(expr), waiting);
  }
  Slots outer;
  for (const auto& expr : waiting) {
    outside_slots(expr, outer);
  }
  constexpr std::uint64_t kWorkOfSlot = 32;
  if (!WorkScope::take((bound.size() + waiting.size()) * kWorkOfSlot)) {
    body = std::move(waiting);
    return false;
  }
  Slots known = bound;
  Body ordered;
  bool good = true;
  while (!waiting.empty()) {
    bool moved = false;
    for (std::size_t i = 0; i < waiting.size() && !moved && WorkScope::take(kWorkOfSlot); ++i) {
      Probe probe(known, outer);
      if (!probe.expr(waiting[i])) {
        continue;
      }
      known.merge(probe.outputs());
      good = order_closures(waiting[i], known, names) && good;
      take_references_out(waiting[i], ordered, names.slots);
      ordered.push_back(std::move(waiting[i]));
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
      moved = true;
    }
    if (!moved) {
      std::ranges::move(unsafe_variables(waiting, known, outer), std::back_inserter(names.unsafe));
      std::ranges::move(waiting, std::back_inserter(ordered));
      body = std::move(ordered);
      return false;
    }
  }
  body = std::move(ordered);
  return good;
}

}  // namespace

void bind_body(const Body& body, Slots& bound) {
  for (const auto& expr : body) {
    if (!expr.negated) {
      outside_slots(expr, bound);
    }
  }
}

bool order_body(Body& body, const Slots& bound, std::vector<std::string>& slot_names,
                const Rule* rule, Problems& problems) {
  std::vector<UnsafeVariable> unsafe;
  const bool good = order_body(body, bound, Names{slot_names, problems, unsafe});
  tell_unsafe(unsafe, slot_names, rule, problems);
  return good;
}

}  // namespace unhidra::rego
