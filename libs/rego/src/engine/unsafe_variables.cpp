#include "engine/unsafe_variables.h"

#include <algorithm>
#include <map>

#include "engine/policy.h"
#include "engine/unsafe_place.h"
#include "syntax/term_text.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

bool is_subset(const Slots& inner, const Slots& outer) {
  return std::ranges::includes(outer, inner);
}

bool has_safe_head(const Term& ref, const Slots& known) {
  const Term& head = ref.items[0];
  if (head.is(Term::Type::var)) {
    return head.slot < 0 || known.contains(head.slot);
  }
  Slots needed;
  outside_slots(head, needed);
  return is_subset(needed, known);
}

// What a key binds: not the heads of the references in it.
void key_slots(const Term& key, Slots& out) {
  if (is_closure(key)) {
    return;
  }
  if (key.is(Term::Type::var)) {
    if (key.slot >= 0) {
      out.insert(key.slot);
    }
    return;
  }
  for (std::size_t i = key.is(Term::Type::ref) ? 1 : 0; i < key.items.size(); ++i) {
    key_slots(key.items[i], out);
  }
}

// References bind their keys when it is known what they look into.
void reference_outputs(const Term& term, const Slots& known, Slots& out) {
  if (is_closure(term)) {
    return;
  }
  if (term.is(Term::Type::ref)) {
    if (!has_safe_head(term, known)) {
      return;
    }
    for (std::size_t i = 1; i < term.items.size(); ++i) {
      key_slots(term.items[i], out);
    }
  }
  for (const Term& item : term.items) {
    reference_outputs(item, known, out);
  }
}

// f(x, y) with one argument more than f has binds that one when it knows the others.
void call_outputs(const Term& call, const Slots& known, Slots& out) {
  Slots inputs;
  // What is printed is no answer.
  const std::size_t arity =
      call.name == "print" ? call.items.size() : std::min(call.callee.arity, call.items.size());
  for (std::size_t i = 0; i < arity; ++i) {
    key_slots(call.items[i], inputs);
  }
  Slots all = known;
  all.insert(out.begin(), out.end());
  if (is_subset(inputs, all)) {
    for (std::size_t i = arity; i < call.items.size(); ++i) {
      outside_slots(call.items[i], out);
    }
  }
}

// A variable takes the value of what is beside it; a call has none as long as it waits.
void unify_outputs(const Term& var, const Term& value, const Slots& known, Slots& out) {
  const bool binds =
      is_closure(value) || (value.is(Term::Type::ref) && has_safe_head(value, known));
  if (binds && var.is(Term::Type::var) && var.slot >= 0) {
    out.insert(var.slot);
  }
}

Slots outputs_of(const Expr& expr, const Slots& known) {
  Slots out;
  Slots replacements;
  for (const With& with : expr.with) {
    outside_slots(with.value, replacements);
  }
  if (expr.negated || !expr.operand_of.empty() || !is_subset(replacements, known)) {
    return out;
  }
  for (const Term& item : expr.items) {
    reference_outputs(item, known, out);
  }
  if (expr.type == Expr::Type::unify) {
    unify_outputs(expr.items[0], expr.items[1], known, out);
    unify_outputs(expr.items[1], expr.items[0], known, out);
  } else if (expr.type == Expr::Type::term && expr.items[0].is(Term::Type::call)) {
    call_outputs(expr.items[0], known, out);
  }
  return out;
}

// What closures in it take from around them.
void closed_over(const Term& term, const Slots& outer, Slots& out) {
  if (is_closure(term)) {
    Slots inner;
    all_slots(term, inner);
    std::ranges::set_intersection(inner, outer, std::inserter(out, out.end()));
    return;
  }
  for (const Term& item : term.items) {
    closed_over(item, outer, out);
  }
}

Slots closed_over(const Expr& expr, const Slots& outer) {
  Slots out;
  for (const Term& item : expr.items) {
    closed_over(item, outer, out);
  }
  for (const With& with : expr.with) {
    closed_over(with.value, outer, out);
  }
  if (expr.body) {
    Slots inner;
    all_slots(*expr.body, inner);
    std::ranges::set_intersection(inner, outer, std::inserter(out, out.end()));
  }
  return out;
}

Slots without(const Slots& slots, const Slots& others) {
  Slots out;
  std::ranges::set_difference(slots, others, std::inserter(out, out.end()));
  return out;
}

Slots unsafe_in(const Expr& expr, const Slots& known, const Slots& outer) {
  Slots all;
  outside_slots(expr, all);
  const Slots outputs = outputs_of(expr, known);
  const Slots closed = without(closed_over(expr, outer), known);
  if (closed.empty()) {
    return without(without(all, known), outputs);
  }
  // x = [x | ...] waits for itself.
  return closed == outputs ? without(all, known) : without(closed, outputs);
}

// A place alone does not tell rules of several names on one line apart.
std::string beside_others(const Rule& rule) {
  constexpr std::uint64_t kWorkOfRule = 8;
  if (!WorkScope::take(rule.module->rules.size() * kWorkOfRule)) {
    return {};
  }
  const std::string name = ref_text(rule.head, rule.head.items.size());
  const bool shares = std::ranges::any_of(rule.module->rules, [&](const auto& other) {
    return other->location.row == rule.location.row &&
           ref_text(other->head, other->head.items.size()) != name;
  });
  return shares ? " in rule " + name : std::string();
}

// By the compiler, which numbers what the text writes as `_`.
bool is_made_up(std::string_view name) {
  return name.size() > 1 && name[0] == '$' && (name[1] < '0' || name[1] > '9');
}

}  // namespace

std::vector<UnsafeVariable> unsafe_variables(const Body& waiting, const Slots& known,
                                             const Slots& outer) {
  std::vector<UnsafeVariable> out;
  constexpr std::uint64_t kWorkOfSlot = 32;
  for (const Expr& expr : waiting) {
    if (!WorkScope::take((known.size() + outer.size()) * kWorkOfSlot)) {
      break;
    }
    for (const int slot : unsafe_in(expr, known, outer)) {
      out.push_back({slot, unsafe_place(expr, slot)});
    }
  }
  if (out.empty()) {
    out.push_back({kNoVariable, waiting[0].location});
  }
  return out;
}

void tell_unsafe(std::span<const UnsafeVariable> unsafe, const std::vector<std::string>& slots,
                 const Rule* rule, Problems& problems) {
  if (unsafe.empty()) {
    return;
  }
  using Spot = std::pair<std::uint32_t, std::uint32_t>;
  std::map<int, Spot> first;
  for (const auto& [slot, place] : unsafe) {
    if (slot == kNoVariable) {
      continue;
    }
    const Spot at(place.row, place.column);
    const auto [known, is_new] = first.try_emplace(slot, at);
    known->second = is_new ? at : std::min(known->second, at);
  }
  std::set<std::pair<Spot, std::string>> told;
  for (const auto& [slot, place] : first) {
    const std::string& name = slots[static_cast<std::size_t>(slot)];
    if (!is_made_up(name)) {
      told.emplace(place, name.starts_with('$') ? "_" : name);
    }
  }
  const auto& file = unsafe[0].place.file;
  const std::string where = rule == nullptr ? std::string() : beside_others(*rule);
  for (const auto& [place, name] : told) {
    problems.add(Errc::unsafe_var, {file, place.first, place.second},
                 "var " + name + " is unsafe" + where);
  }
  if (told.empty()) {
    problems.add(Errc::unsafe_var, unsafe[0].place, "expression is unsafe");
  }
}

}  // namespace unhidra::rego
