// Terms: each to the register that has its value.
#include <algorithm>

#include "engine/rule_planner.h"

namespace unhidra::rego {
namespace {

bool is_early(const Term& term) {
  return term.is(Term::Type::ref) || term.is(Term::Type::call);
}

}  // namespace

RulePlanner::Register RulePlanner::value(const Term& term) {
  if (!covered_) {
    return 0;
  }
  if (const auto known = folder_->value(term)) {
    return constant(*known);
  }
  switch (term.type) {
    case Term::Type::var:
      if (term.slot < 0 || !is_bound(term)) {
        give_up();
        return 0;
      }
      return term.slot;
    case Term::Type::ref:
      return ref(term);
    case Term::Type::call:
      return call(term);
    case Term::Type::array_comp:
    case Term::Type::set_comp:
    case Term::Type::object_comp:
      return comprehension(term);
    case Term::Type::text:
      give_up();
      return 0;
    default:
      return composite(term);
  }
}

// References and calls first: they bind what their neighbours use.
std::vector<RulePlanner::Register> RulePlanner::items(const std::vector<Term>& terms,
                                                      std::size_t count) {
  std::vector<Register> out(count);
  for (const bool early : {true, false}) {
    for (std::size_t i = 0; i < count; ++i) {
      if (is_early(terms[i]) == early) {
        out[i] = value(terms[i]);
      }
    }
  }
  return out;
}

RulePlanner::Register RulePlanner::composite(const Term& term) {
  auto parts = items(term.items, term.items.size());
  const Op op = term.is(Term::Type::array) ? Op::array
                : term.is(Term::Type::set) ? Op::set
                                           : Op::object;
  const Register out = fresh();
  emit(op, out, list(std::move(parts)));
  return out;
}

RulePlanner::Register RulePlanner::call(const Term& term) {
  const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
  const std::size_t arity = term.callee.arity;
  // walk has many results, print none.
  if ((builtin == nullptr && term.callee.function == nullptr) ||
      (builtin != nullptr && builtin->name == "walk") || term.items.size() < arity) {
    give_up();
    return 0;
  }
  auto arguments = items(term.items, arity);
  const Register out = fresh();
  if (builtin != nullptr) {
    program_.builtins.push_back(builtin);
    program_.locations.push_back(&term.location);
    emit_else(Op::call, out, static_cast<Register>(program_.builtins.size() - 1),
              list(std::move(arguments)));
  } else {
    program_.nodes.push_back(term.callee.function);
    emit_else(Op::function, out, static_cast<Register>(program_.nodes.size() - 1),
              list(std::move(arguments)));
  }
  if (term.items.size() == arity) {
    return out;
  }
  match(term.items.back(), out);
  return constant(Value::boolean(true));
}

void RulePlanner::match(const Term& pattern, Register from) {
  if (!covered_) {
    return;
  }
  if (pattern.is(Term::Type::var) && pattern.slot >= 0) {
    if (is_bound(pattern)) {
      emit_else(Op::check_equal, 0, pattern.slot, from);
    } else {
      emit(Op::move, pattern.slot, from);
      if (const auto known = from_data_.find(from); known != from_data_.end()) {
        from_data_.insert_or_assign(pattern.slot, known->second);
      }
      bind(pattern, true);
    }
    return;
  }
  const auto size = static_cast<std::int32_t>(pattern.items.size());
  if (pattern.is(Term::Type::array)) {
    emit_else(Op::check_array, 0, from, size);
    for (std::int32_t i = 0; i < size; ++i) {
      const Register part = fresh();
      emit(Op::element, part, from, i);
      match(pattern.items[static_cast<std::size_t>(i)], part);
    }
    return;
  }
  if (pattern.is(Term::Type::object)) {
    emit_else(Op::check_object, 0, from, size / 2);
    for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
      const Register part = fresh();
      emit_else(Op::lookup, part, from, value(pattern.items[i]));
      match(pattern.items[i + 1], part);
    }
    return;
  }
  const Register other = value(pattern);
  emit_else(Op::check_equal, 0, other, from);
}

}  // namespace unhidra::rego
