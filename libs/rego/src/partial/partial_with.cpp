// `with`: what is replaced by what is known is worked out; otherwise it stays, and what is asked
// under it is a rule of support where that means the same.
#include <algorithm>

#include "partial/partial_evaluator.h"

namespace unhidra::rego {

// Nothing in it depends on what is not known, when the whole input is replaced by what is.
bool PartialEvaluator::is_known_with(const Expr& expr, const Frame& frame) const {
  bool replaces = false;
  for (const With& with : expr.with) {
    replaces = replaces || (with.target.items.size() == 1 && with.target.items[0].name == "input");
    const RuleNode* other = with.value.callee.function;
    if (unknown(with.value, frame) || (other != nullptr && unknowns_.has(*other))) {
      return false;
    }
  }
  bool known = replaces;
  each_term(expr, [&](const Term& term) {
    if (term.slot >= 0) {
      known = known && !unknown(term, frame);
    }
    const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
    known = known && (builtin == nullptr || !builtin->varies) && term.name != "print" &&
            (term.callee.function == nullptr || !unknowns_.has(*term.callee.function, true));
    if (term.is(Term::Type::ref) && term.items[0].name == "data" && term.items[0].slot < 0) {
      known = known && !unknowns_.touches(place_of(term, frame)) &&
              !unknowns_.has_below(policy_.root(), true);
    }
  });
  return known;
}

// It says what things are that are not known: rules of support, for which they are not known
// either, answer under it as the rules that they came from do.
bool PartialEvaluator::replaces_the_unknown(const Expr& expr, const Frame& frame) const {
  return std::ranges::all_of(expr.with, [&](const With& with) {
    const Term& head = with.target.items[0];
    const bool is_place = head.is(Term::Type::var) && head.slot < 0 && with.target.name.empty() &&
                          with.value.callee.function == nullptr &&
                          with.value.callee.builtin == nullptr;
    return is_place && unknowns_.covers(place_of(with.target, frame)) &&
           !unknown(with.value, frame);
  });
}

void PartialEvaluator::ask_support(Term& term) {
  for (Term& item : term.items) {
    ask_support(item);
  }
  if (term.body) {
    term.body = std::make_shared<Body>(*term.body);
    std::ranges::for_each(*term.body, [&](Expr& one) { ask_support(one); });
  }
  if (term.is(Term::Type::call)) {
    if (const RuleNode* function = term.callee.function; function != nullptr) {
      if (!has_ordered_rules(*function) && unknowns_.has(*function) && supported(*function)) {
        term.name = support_name(*function);
        term.callee.function = nullptr;
      }
    }
    return;
  }
  const bool is_data = term.is(Term::Type::ref) && term.items[0].is(Term::Type::var) &&
                       term.items[0].slot < 0 && term.items[0].name == "data";
  const RuleNode* node = is_data ? &policy_.root() : nullptr;
  std::size_t used = 1;
  for (; node != nullptr && !node->has_rules() && used < term.items.size(); ++used) {
    const Term& key = term.items[used];
    node = key.is_constant_string() ? node->child(key.value.text()) : nullptr;
  }
  const bool has_rules = node != nullptr && node->has_rules() && node->kind != RuleKind::function &&
                         unknowns_.has(*node) && !has_ordered_rules(*node) && !has_base(*node) &&
                         node->children.empty();
  if (const Supported* rules = has_rules ? supported(*node) : nullptr) {
    term = extended(rules->ref, std::span<const Term>(term.items).subspan(used));
  }
}

void PartialEvaluator::ask_support(Expr& expr) {
  std::ranges::for_each(expr.items, [&](Term& item) { ask_support(item); });
  if (expr.body) {
    expr.body = std::make_shared<Body>(*expr.body);
    std::ranges::for_each(*expr.body, [&](Expr& one) { ask_support(one); });
  }
}

bool PartialEvaluator::with_expr(const Expr& expr, Frame& frame, Next next) {
  if (!unknown(expr, frame) || is_known_with(expr, frame)) {
    return known_expr(expr, frame, next);
  }
  if (!replaces_the_unknown(expr, frame)) {
    return kept(expr, frame, next);
  }
  Expr asked = expr;
  ask_support(asked);
  return !error_ && kept(asked, frame, next);
}

}  // namespace unhidra::rego
