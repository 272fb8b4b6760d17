// Expressions: what fails goes on at fail_.
#include <algorithm>
#include <array>

#include "engine/rule_planner.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

std::optional<Comparison> comparison_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Comparison>, 5> kNames = {{
      {"lt", Comparison::less},
      {"lte", Comparison::less_or_equal},
      {"gt", Comparison::greater},
      {"gte", Comparison::greater_or_equal},
      {"neq", Comparison::differs},
  }};
  const auto found =
      std::ranges::find(kNames, name, &std::pair<std::string_view, Comparison>::first);
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void RulePlanner::body(const Body& body) {
  const auto outer = rest_;
  for (std::size_t i = 0; i < body.size() && covered_; ++i) {
    rest_ = std::span(body).subspan(i + 1);
    expr(body[i]);
  }
  rest_ = outer;
}

void RulePlanner::expr(const Expr& expr) {
  constexpr std::uint64_t kWorkOfExpression = 256;
  if (!expr.with.empty() || !WorkScope::take(kWorkOfExpression)) {
    return give_up();
  }
  expr.negated ? negated(expr) : plain(expr);
}

void RulePlanner::plain(const Expr& expr) {
  switch (expr.type) {
    case Expr::Type::term:
      return condition(expr.items[0]);
    case Expr::Type::unify:
      return unify(expr.items[0], expr.items[1]);
    case Expr::Type::some_vars:
      return;
    case Expr::Type::some_in:
      return some_in(expr);
    case Expr::Type::every:
      break;
  }
  every(expr);
}

// What holds goes on behind it, and is not looked at again when that fails.
void RulePlanner::logic(const Term& term) {
  const Label outer = fail_;
  const Label holds = label();
  const auto kept = bound_;
  const auto way = [&](std::span<const Expr> exprs) {
    const Label fails = label();
    fail_ = fails;
    const auto outer_rest = rest_;
    for (std::size_t i = 0; i < exprs.size() && covered_; ++i) {
      rest_ = exprs.subspan(i + 1);
      expr(exprs[i]);
    }
    rest_ = outer_rest;
    emit(Op::jump).jump = holds;
    place(fails);
    bound_ = kept;
  };
  const std::span<const Expr> exprs = *term.body;
  if (term.logic == Term::Logic::disjunction) {
    for (std::size_t i = 0; i < exprs.size(); ++i) {
      way(exprs.subspan(i, 1));
    }
  } else {
    way(exprs);
  }
  fail_ = outer;
  emit_else(Op::jump);
  place(holds);
}

void RulePlanner::condition(const Term& term) {
  if (term.logic != Term::Logic::none) {
    return logic(term);
  }
  if (const auto known = folder_->value(term)) {
    return known->is(Kind::boolean) && !known->as_boolean() ? never() : void();
  }
  if (term.is(Term::Type::call) && comparison(term)) {
    return;
  }
  emit_else(Op::check_true, 0, value(term));
}

void RulePlanner::never() {
  // At the level of the body itself nothing else can come.
  program_.is_dead = program_.is_dead || (fail_ == end_ && program_.loops == 0);
  emit_else(Op::jump);
}

// Conditions that need no value of their own.
bool RulePlanner::comparison(const Term& call) {
  const auto order = comparison_of(call.name);
  const bool is_equal = call.name == "equal";
  const bool is_prefix = call.name == "startswith";
  if (call.callee.builtin == nullptr || call.items.size() != 2 || call.callee.arity != 2 ||
      !(order || is_equal || is_prefix)) {
    return false;
  }
  const auto sides = items(call.items, 2);
  if (is_prefix) {
    emit_else(Op::check_prefix, 0, sides[0], sides[1]).d =
        static_cast<std::int32_t>(program_.builtins.size());
    program_.builtins.push_back(static_cast<const builtins::Builtin*>(call.callee.builtin));
    program_.locations.push_back(&call.location);
  } else if (is_equal) {
    emit_else(Op::check_equal, 0, sides[0], sides[1]);
  } else {
    emit_else(Op::check_compare, 0, sides[0], sides[1]).d = static_cast<std::int32_t>(*order);
  }
  return true;
}

void RulePlanner::unify(const Term& pattern, const Term& term) {
  target_ = term.is(Term::Type::ref) ? &pattern : nullptr;
  const Register from = value(term);
  target_ = nullptr;
  match(pattern, from);
}

// What follows goes on where the expression fails.
void RulePlanner::negated(const Expr& expr) {
  const Label outer = fail_;
  const Label holds_not = label();
  const auto kept = bound_;
  fail_ = holds_not;
  plain(expr);
  fail_ = outer;
  emit_else(Op::jump);
  place(holds_not);
  bound_ = kept;
}

void RulePlanner::begin_loop(Register domain, Register key, Register value, const Term* element) {
  const auto loop = static_cast<std::int32_t>(program_.loops++);
  emit_loop(loop, domain, element);
  const Label turn = label();
  place(turn);
  emit_else(Op::next, loop, key, value);
  fail_ = turn;
  goes_on_in_data(domain, value, std::nullopt);
}

void RulePlanner::every(const Expr& expr) {
  const Term& value_var = expr.items[expr.items.size() - 2];
  const Term* key_var = expr.items.size() == 3 ? &expr.items[0] : nullptr;
  const Register domain = value(expr.items.back());
  const Label outer = fail_;
  const Label all = label();
  const Label turn = label();
  const auto loop = static_cast<std::int32_t>(program_.loops++);
  emit_else(Op::loop, loop, domain);
  place(turn);
  emit(Op::next, loop, key_var == nullptr ? -1 : key_var->slot, value_var.slot).jump = all;
  const auto kept = bound_;
  bind(value_var, true);
  if (key_var != nullptr) {
    bind(*key_var, true);
  }
  body(*expr.body);  // without a solution the whole fails
  emit(Op::jump).jump = turn;
  place(all);
  bound_ = kept;
  fail_ = outer;
}

void RulePlanner::some_in(const Expr& expr) {
  const Term& value_term = expr.items[expr.items.size() - 2];
  const Term* key_term = expr.items.size() == 3 ? &expr.items[0] : nullptr;
  const bool needs_key = key_term != nullptr && !is_wildcard(*key_term);
  const Register domain = value(expr.items.back());
  const Register key = needs_key ? fresh() : -1;
  const Register element = fresh();
  begin_loop(domain, key, element, &value_term);
  match(value_term, element);
  if (needs_key) {
    match(*key_term, key);
  }
}

}  // namespace unhidra::rego
