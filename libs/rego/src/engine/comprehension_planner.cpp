// Comprehensions: made where they stand, once an evaluation, or once for all values of a variable.
#include <algorithm>
#include <set>
#include <utility>

#include "engine/conditions.h"
#include "engine/order.h"
#include "engine/rule_planner.h"

namespace unhidra::rego {
namespace {

template <class Part>
bool uses(const Part& part, int slot) {
  std::set<int> slots;
  all_slots(part, slots);
  return slots.contains(slot);
}

}  // namespace

// The variables from outside.
std::vector<int> RulePlanner::needs(const Term& term) const {
  std::set<int> slots;
  all_slots(term, slots);
  std::vector<int> out;
  std::ranges::copy_if(slots, std::back_inserter(out),
                       [&](int slot) { return bound_[static_cast<std::size_t>(slot)]; });
  return out;
}

RulePlanner::Register RulePlanner::comprehension(const Term& term) {
  if (term.logic != Term::Logic::none) {
    logic(term);
    return constant(Value::boolean(true));
  }
  const auto outside = needs(term);
  if (outside.empty()) {
    return kept(term);
  }
  // Worth it where the variable has many values: in a loop or a function.
  const bool repeats = program_.loops > 0 || kind_ == Plan::Kind::function;
  // What is inside an attempt that comes to nothing is planned once more.
  constexpr int kMostAttempts = 2;
  Register out = 0;
  if (outside.size() == 1 && repeats && attempts_ < kMostAttempts &&
      !term.is(Term::Type::object_comp) && indexed(term, outside[0], out)) {
    return out;
  }
  return gathered(term);
}

RulePlanner::Register RulePlanner::kept(const Term& term) {
  const auto number = static_cast<std::int32_t>(program_.known++);
  const Label known = label();
  const Register out = fresh();
  emit(Op::known, out, number).jump = known;
  const Register made = gathered(term);
  emit(Op::remember, made, number);
  emit(Op::move, out, made);
  place(known);
  return out;
}

// [y | ...; z == x; ...] for many x: all its values by z, made once. What stands before the
// condition is evaluated for every x anyway; what follows it must not be able to fail where z is no
// such x.
bool RulePlanner::indexed(const Term& term, int slot, Register& out) {
  const auto found = std::ranges::find_if(
      *term.body, [&](const Expr& expr) { return other_side(expr, slot) != nullptr; });
  if (found == term.body->end()) {
    return false;
  }
  const Term& by = *other_side(*found, slot);
  const bool is_used = uses(by, slot) || uses(term.items[0], slot) ||
                       std::ranges::any_of(*term.body, [&](const Expr& expr) {
                         return &expr != &*found && uses(expr, slot);
                       });
  if (is_used || can_fail(term.items[0]) ||
      std::any_of(found + 1, term.body->end(), [](const Expr& expr) { return can_fail(expr); })) {
    return false;
  }
  const auto before = *this;
  ++attempts_;
  const std::int32_t is_set = term.is(Term::Type::set_comp) ? 1 : 0;
  const auto number = static_cast<std::int32_t>(program_.known++);
  const auto collection = static_cast<std::int32_t>(program_.collections++);
  const Label outer = fail_;
  const Label end = label();
  const Label known = label();
  const auto bound = bound_;
  const Register groups = fresh();
  emit(Op::known, groups, number).jump = known;
  emit(Op::gather, collection);
  fail_ = end;
  Register key = 0;
  const auto outer_rest = std::exchange(rest_, {});
  for (const Expr& one : *term.body) {
    if (&one != &*found) {
      expr(one);
    } else if (has_unbound(by)) {
      give_up();  // the condition binds what the rest needs
    } else {
      key = value(by);
    }
  }
  rest_ = outer_rest;
  emit(Op::collect, collection, key, value(term.items[0]));
  emit_else(Op::jump);
  place(end);
  fail_ = outer;
  bound_ = bound;
  emit(Op::group_of, groups, collection, is_set);
  emit(Op::remember, groups, number);
  place(known);
  out = fresh();
  emit(Op::group, out, groups, slot).d = is_set;
  if (!covered_) {
    *this = before;
    return false;
  }
  --attempts_;
  return true;
}

RulePlanner::Register RulePlanner::gathered(const Term& term) {
  const auto collection = static_cast<std::int32_t>(program_.collections++);
  const Label outer = fail_;
  const Label end = label();
  const auto kept = bound_;
  emit(Op::gather, collection);
  fail_ = end;
  body(*term.body);
  const Register first = value(term.items[0]);
  const bool is_object = term.is(Term::Type::object_comp);
  const Register second = is_object ? value(term.items[1]) : -1;
  emit(Op::collect, collection, first, second);
  emit_else(Op::jump);
  place(end);
  fail_ = outer;
  bound_ = kept;
  const Register out = fresh();
  const Op op = term.is(Term::Type::array_comp) ? Op::array_of
                : is_object                     ? Op::object_of
                                                : Op::set_of;
  program_.locations.push_back(&term.location);
  program_.builtins.push_back(nullptr);
  emit(op, out, collection).d = static_cast<std::int32_t>(program_.locations.size() - 1);
  return out;
}

}  // namespace unhidra::rego
