// Does something depend on what is not known?
#include <algorithm>

#include "partial/partial_evaluator.h"

namespace unhidra::rego {

bool PartialEvaluator::has_unbound(const Term& term, const Frame& frame) const {
  if (term.is(Term::Type::var)) {
    return term.slot >= 0 && !frame.slots[static_cast<std::size_t>(term.slot)];
  }
  return is_collection(term) && std::ranges::any_of(term.items, [&](const Term& item) {
           return has_unbound(item, frame);
         });
}

std::optional<Value> PartialEvaluator::constant_of(const Term& term, const Frame& frame) const {
  if (is_known(term)) {
    return term.value;
  }
  if (term.is(Term::Type::var) && term.slot >= 0) {
    const auto& bound = frame.slots[static_cast<std::size_t>(term.slot)];
    return bound && is_known(*bound) ? std::optional(bound->value) : std::nullopt;
  }
  return std::nullopt;
}

DataPlace PartialEvaluator::place_of(const Term& ref, const Frame& frame) const {
  DataPlace out;
  out.is_input = ref.items[0].name == "input";
  for (std::size_t i = 1; i < ref.items.size(); ++i) {
    auto key = constant_of(ref.items[i], frame);
    if (!key) {
      break;
    }
    out.path.push_back(std::move(*key));
  }
  return out;
}

bool PartialEvaluator::unknown(const Body& body, const Frame& frame) const {
  return std::ranges::any_of(body, [&](const Expr& one) { return unknown(one, frame); });
}

bool PartialEvaluator::unknown(const Expr& expr, const Frame& frame) const {
  return std::ranges::any_of(expr.items, [&](const Term& item) { return unknown(item, frame); }) ||
         (expr.body && unknown(*expr.body, frame)) ||
         std::ranges::any_of(expr.with, [&](const With& with) {
           const RuleNode* other = with.value.callee.function;
           return unknown(with.value, frame) || (other != nullptr && unknowns_.has(*other)) ||
                  std::ranges::any_of(with.target.items, [&](const Term& item) {
                    return item.slot >= 0 && unknown(item, frame);
                  });
         });
}

bool PartialEvaluator::unknown(const Term& term, const Frame& frame) const {
  if (term.is(Term::Type::var)) {
    if (term.slot < 0) {
      return false;
    }
    const auto& bound = frame.slots[static_cast<std::size_t>(term.slot)];
    return bound && !is_known(*bound);
  }
  if (term.is(Term::Type::ref) && unknown_ref(term, frame)) {
    return true;
  }
  if (term.is(Term::Type::call)) {
    const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
    const RuleNode* function = term.callee.function;
    if (term.name == "print" || (builtin != nullptr && builtin->varies) ||
        (function != nullptr && unknowns_.has(*function))) {
      return true;
    }
  }
  return std::ranges::any_of(term.items, [&](const Term& item) { return unknown(item, frame); }) ||
         (term.body && unknown(*term.body, frame));
}

bool PartialEvaluator::unknown_ref(const Term& ref, const Frame& frame) const {
  const Term& head = ref.items[0];
  if (!head.is(Term::Type::var) || head.slot >= 0) {
    return false;
  }
  return unknowns_.touches(place_of(ref, frame)) ||
         (head.name == "data" && unknown_below(policy_.root(), ref, 1, frame));
}

// A key that is not a constant may be any.
bool PartialEvaluator::unknown_below(const RuleNode& node, const Term& ref, std::size_t index,
                                     const Frame& frame) const {
  if (unknowns_.has(node)) {
    return true;
  }
  if (index == ref.items.size()) {
    return unknowns_.has_below(node);
  }
  if (const auto key = constant_of(ref.items[index], frame)) {
    const RuleNode* child = key->is(Kind::string) ? node.child(key->text()) : nullptr;
    return child != nullptr && unknown_below(*child, ref, index + 1, frame);
  }
  return std::ranges::any_of(node.children, [&](const auto& child) {
    return unknown_below(*child.second, ref, index + 1, frame);
  });
}

}  // namespace unhidra::rego
