#include "engine/order.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "engine/policy.h"
#include "engine/unsafe_place.h"

namespace unhidra::rego {

using Slots = std::set<int>;

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

namespace {

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

// Can an expression be evaluated when some slots are bound, and which others does it bind then?
class Probe {
 public:
  Probe(const Slots& bound, const Slots& outer) : bound_(bound), outer_(outer) {}

  Slots& outputs() { return outputs_; }
  const Slots& missing() const { return missing_; }

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
  Slots missing_;
};

bool Probe::closure(const Slots& inner) {
  bool good = true;
  for (const int slot : inner) {
    if (outer_.contains(slot) && !known(slot)) {
      missing_.insert(slot);
      good = false;
    }
  }
  return good;
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
  switch (term.type) {
    case Term::Type::constant:
      return true;
    case Term::Type::var:
      if (term.slot >= 0 && !known(term.slot)) {
        missing_.insert(term.slot);
        return false;
      }
      return true;
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
      for (const auto& item : term.items) {
        if (item.is(Term::Type::ref) || item.is(Term::Type::call)) {
          good = value(item) && good;
        }
      }
      for (const auto& item : term.items) {
        good = value(item) && good;
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

// Afterwards items[1] is what is evaluated and items[0] what is matched with it.
bool Probe::unify(Expr& expr) {
  for (int turn = 0; turn < 2; ++turn) {
    const Slots outputs = outputs_;
    const Slots missing = missing_;
    if (value(expr.items[1]) && pattern(expr.items[0])) {
      return true;
    }
    outputs_ = outputs;
    if (turn == 0 && !expr.assigns) {
      std::swap(expr.items[0], expr.items[1]);
      missing_ = missing;
    } else {
      if (turn == 1) {
        std::swap(expr.items[0], expr.items[1]);
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
  if (good && expr.negated && !outputs_.empty()) {
    missing_.insert(outputs_.begin(), outputs_.end());
    return false;
  }
  return good;
}

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
  const std::vector<std::string>& slots;
  Problems& problems;
};

bool order_body(Body& body, const Slots& bound, const Names& names);
bool order_closures(Term& term, const Location& around, const Slots& bound, const Names& names);

// `around`: the place of what its head is evaluated with.
bool order_closure(Term& term, const Location& around, const Slots& bound, const Names& names) {
  if (!order_body(*term.body, bound, names)) {
    return false;
  }
  Slots inside = bound;
  bind_body(*term.body, inside);
  bool good = true;
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
  bool good = true;
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

// Each variable once, at its first place.
void tell_unsafe(Body& waiting, const Slots& known, const Slots& outer, const Names& names) {
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::string>> told;
  Slots seen;
  for (auto& expr : waiting) {
    Probe probe(known, outer);
    (void)probe.expr(expr);
    for (const int slot : probe.missing()) {
      if (seen.insert(slot).second) {
        const std::string& name = names.slots[static_cast<std::size_t>(slot)];
        const Location place = unsafe_place(expr, slot);
        told.emplace(place.row, place.column, name.starts_with('$') ? "_" : name);
      }
    }
  }
  const auto& file = waiting[0].location.file;
  for (const auto& [row, column, name] : told) {
    names.problems.add(Errc::unsafe_var, {file, row, column}, "var " + name + " is unsafe");
  }
  if (told.empty()) {
    names.problems.add(Errc::unsafe_var, waiting[0].location, "expression is unsafe");
  }
}

bool order_body(Body& body, const Slots& bound, const Names& names) {
  Body waiting;
  for (auto& expr : body) {
    align_objects(expr);
    split_unify(std::move(expr), waiting);
  }
  Slots outer;
  for (const auto& expr : waiting) {
    outside_slots(expr, outer);
  }
  Slots known = bound;
  Body ordered;
  bool good = true;
  while (!waiting.empty()) {
    bool moved = false;
    for (std::size_t i = 0; i < waiting.size() && !moved; ++i) {
      Probe probe(known, outer);
      if (!probe.expr(waiting[i])) {
        continue;
      }
      known.merge(probe.outputs());
      good = order_closures(waiting[i], known, names) && good;
      ordered.push_back(std::move(waiting[i]));
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
      moved = true;
    }
    if (!moved) {
      tell_unsafe(waiting, known, outer, names);
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

bool order_body(Body& body, const Slots& bound, const std::vector<std::string>& slot_names,
                Problems& problems) {
  return order_body(body, bound, Names{slot_names, problems});
}

}  // namespace unhidra::rego
