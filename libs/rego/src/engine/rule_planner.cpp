// Code, and rules and queries as a whole.
#include "engine/rule_planner.h"

#include <algorithm>

namespace unhidra::rego {

// ---- code ----

Step& RulePlanner::emit(Op op, Register a, Register b, Register c) {
  return program_.steps.emplace_back(Step{.op = op, .a = a, .b = b, .c = c});
}

Step& RulePlanner::emit_else(Op op, Register a, Register b, Register c) {
  Step& step = emit(op, a, b, c);
  step.jump = fail_;
  return step;
}

RulePlanner::Label RulePlanner::label() {
  places_.push_back(0);
  return static_cast<Label>(places_.size() - 1);
}

void RulePlanner::place(Label label) {
  places_[label] = static_cast<std::uint32_t>(program_.steps.size());
}

void RulePlanner::link() {
  for (Step& step : program_.steps) {
    step.jump = places_[step.jump];
  }
}

RulePlanner::Register RulePlanner::constant(const Value& value) {
  program_.constants.push_back(value);
  const Register out = fresh();
  emit(Op::constant, out, static_cast<Register>(program_.constants.size() - 1));
  return out;
}

std::int32_t RulePlanner::path(std::vector<Value> keys) {
  program_.paths.push_back(std::move(keys));
  return static_cast<std::int32_t>(program_.paths.size() - 1);
}

std::int32_t RulePlanner::list(std::vector<Register> registers) {
  program_.lists.push_back(std::move(registers));
  return static_cast<std::int32_t>(program_.lists.size() - 1);
}

bool RulePlanner::has_unbound(const Term& term) const {
  switch (term.type) {
    case Term::Type::var:
      return term.slot >= 0 && !is_bound(term);
    case Term::Type::array:
    case Term::Type::set:
    case Term::Type::object:
      return std::ranges::any_of(term.items, [&](const Term& item) { return has_unbound(item); });
    default:
      return false;
  }
}

// A slot's register has its number; those of the arguments follow.
void RulePlanner::begin(std::size_t slots, std::size_t arguments) {
  bound_.assign(slots, false);
  program_.registers = slots + arguments;
  program_.arguments = static_cast<Register>(slots);
  fail_ = end_ = label();
}

std::optional<Program> RulePlanner::finished() {
  if (!covered_) {
    return std::nullopt;
  }
  link();
  return std::move(program_);
}

// ---- rules ----

void RulePlanner::head(const Rule& rule) {
  Register key = -1;
  if (kind_ == Plan::Kind::object) {
    key = value(rule.head.items[rule.prefix]);
  }
  emit(Op::yield, 0, value(*rule.value), key);
  const bool decides = (kind_ == Plan::Kind::complete || kind_ == Plan::Kind::function) &&
                       rule.value->is(Term::Type::constant);
  if (decides) {
    emit(Op::finish);
  } else {
    emit_else(Op::jump);
  }
}

std::optional<Program> RulePlanner::rule(const Rule& rule) {
  begin(rule.slots, rule.arguments.size());
  program_.rule = &rule;
  const Label end = fail_;
  for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
    match(rule.arguments[i], program_.arguments + static_cast<Register>(i));
  }
  body(rule.body);
  head(rule);
  place(end);
  emit(Op::end);
  return finished();
}

std::optional<Program> RulePlanner::keyed_rule(const Rule& rule) {
  begin(rule.slots, 1);
  program_.rule = &rule;
  const Label end = fail_;
  const bool is_set = kind_ == Plan::Kind::set;
  const Term& key = is_set ? *rule.value : rule.head.items[rule.prefix];
  const bool early = key.is(Term::Type::var) || key.is(Term::Type::constant);
  if (early) {
    match(key, program_.arguments);
  }
  body(rule.body);
  if (!early) {
    emit_else(Op::check_equal, 0, value(key), program_.arguments);
  }
  emit(Op::yield, 0, is_set ? program_.arguments : value(*rule.value), program_.arguments);
  if (is_set || rule.value->is(Term::Type::constant)) {
    emit(Op::finish);
  } else {
    emit_else(Op::jump);
  }
  place(end);
  emit(Op::end);
  return finished();
}

std::optional<Program> RulePlanner::query(const Query& query) {
  begin(query.slots, 0);
  const Label end = fail_;
  body(query.body);
  const bool all_bound = std::ranges::all_of(query.variables, [&](const auto& variable) {
    return bound_[static_cast<std::size_t>(variable.second)];
  });
  covered_ = covered_ && all_bound;
  emit(Op::yield, 0, 0, 0);
  emit_else(Op::jump);
  place(end);
  emit(Op::end);
  return finished();
}

}  // namespace unhidra::rego
