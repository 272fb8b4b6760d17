// `not` of what is not known.
#include <algorithm>

#include "partial/partial_evaluator.h"

namespace unhidra::rego {
namespace {

// Of "(A and B) or (C and D)" the opposite is four queries: more than these are not written out.
constexpr std::size_t kMostComplements = 16;

bool has_computed(std::span<const Term> terms) {
  return std::ranges::any_of(
      terms, [](const Term& term) { return is_computed(term) || has_computed(term.items); });
}

// Its opposite says the same as its absence: nothing inside it could be undefined by itself.
bool is_simple(const Expr& expr) {
  if (!expr.with.empty() || expr.body) {
    return false;
  }
  return std::ranges::none_of(expr.items, [](const Term& term) {
    const bool is_value = is_known(term) || term.is(Term::Type::var);
    const bool may_ask =
        term.is(Term::Type::ref) || term.is(Term::Type::call) || is_collection(term);
    return !is_value && (!may_ask || has_computed(term.items));
  });
}

bool can_be_turned(const std::vector<Body>& bodies, const Names& around) {
  std::size_t size = 1;
  for (const Body& body : bodies) {
    size *= body.size();
    for (const Expr& expr : body) {
      Names used;
      add_variables(expr, used);
      const bool is_bound = std::ranges::includes(around, used);
      if (size > kMostComplements || !is_simple(expr) || (!expr.negated && !is_bound)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

void PartialEvaluator::add_variables_around(const Frame& frame, Names& out) const {
  for (const Body& body : kept_) {
    add_variables(body, out);
  }
  for (const auto& slot : frame.slots) {
    if (slot) {
      add_variables(*slot, out);
    }
  }
}

bool PartialEvaluator::negated(const Expr& expr, Frame& frame, Next next) {
  Names around;
  add_variables_around(frame, around);
  std::vector<Body> bodies;
  kept_.emplace_back();
  Expr inner = expr;
  inner.negated = false;
  const bool good = plain_expr(inner, frame, [&] {
    ++made_;
    if (auto body = simplified(kept_.back(), around)) {
      bodies.push_back(std::move(*body));
    }
    return step();
  });
  kept_.pop_back();
  if (!good) {
    return false;
  }
  if (std::ranges::any_of(bodies, &Body::empty)) {
    return true;
  }
  return can_be_turned(bodies, around) ? complements(bodies, 0, next)
                                       : negated_apart(bodies, around, next);
}

bool PartialEvaluator::complements(const std::vector<Body>& bodies, std::size_t index, Next next) {
  if (index == bodies.size()) {
    return next();
  }
  return std::ranges::all_of(bodies[index], [&](Expr expr) {
    expr.negated = !expr.negated;
    return keep(std::move(expr), [&] { return complements(bodies, index + 1, next); });
  });
}

// A rule of support holds what is negated; what it is asked with are its arguments.
bool PartialEvaluator::negated_apart(const std::vector<Body>& bodies, const Names& around,
                                     Next next) {
  Names used;
  for (const Body& body : bodies) {
    add_variables(body, used);
  }
  std::vector<Term> arguments;
  std::string parameters;
  for (const std::string& name : used) {
    if (around.contains(name)) {
      parameters += (parameters.empty() ? "" : ", ") + name;
      arguments.push_back(variable_term(name));
    }
  }
  const std::string name = "__not" + std::to_string(++negations_) + "__";
  const std::string head = name + (arguments.empty() ? "" : "(" + parameters + ")");
  std::vector<std::string> rules;
  for (const Body& body : bodies) {
    rules.push_back(rule_text(head, body));
  }
  Expr absent = term_expr(apart_rule(name, std::move(rules), std::move(arguments)));
  absent.negated = true;
  return keep(std::move(absent), next);
}

}  // namespace unhidra::rego
