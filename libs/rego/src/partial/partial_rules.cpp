// Rules, as far as what asks for them can contain them.
#include <algorithm>

#include "partial/partial_evaluator.h"

namespace unhidra::rego {
bool PartialEvaluator::has_ordered_rules(const RuleNode& node) {
  return std::ranges::any_of(node.rules,
                             [](const Rule* rule) { return rule->otherwise != nullptr; });
}

bool PartialEvaluator::has_base(const RuleNode& node) const {
  const Value* base = &data_;
  for (const Value& key : node.path()) {
    base = base == nullptr || !base->is(Kind::object) ? nullptr : base->find(key);
  }
  return base != nullptr;
}

bool PartialEvaluator::rules(const RuleNode& node, const Lookup& at, Frame& frame, Take take) {
  if (node.kind == RuleKind::function) {
    return true;
  }
  if (has_ordered_rules(node) || has_base(node)) {
    return original(node, at, frame, take);
  }
  if (unknowns_.is_apart(node)) {
    return from_support(node, at, frame, take);
  }
  if (node.is_whole() && node.children.empty()) {
    return node.kind == RuleKind::complete ? complete(node, at, frame, take)
                                           : elements(node, at, frame, take);
  }
  return members(node, at, frame, take);
}

// With a default only when that is not what is asked for: else whoever asks would have to know that
// no other rule holds.
bool PartialEvaluator::complete(const RuleNode& node, const Lookup& at, Frame& frame, Take take) {
  if (node.fallback != nullptr) {
    const auto& value = node.fallback->value;
    const bool differs = at.is_done() && at.expected != nullptr && value && is_known(*value) &&
                         !(value->value == *at.expected);
    if (!differs) {
      return from_support(node, at, frame, take);
    }
  }
  return std::ranges::all_of(node.rules, [&](const Rule* rule) {
    Frame inner = new_frame(rule->slots);
    return body(rule->body, 0, inner, [&] {
      return raw_value(*rule->value, inner, at.is_done() ? at.expected : nullptr,
                       [&](const Term& found) {
                         if (at.is_done()) {
                           return take(found);
                         }
                         return look_up(found, at, frame, take);
                       });
    });
  });
}

bool PartialEvaluator::elements(const RuleNode& node, const Lookup& at, Frame& frame, Take take) {
  if (at.is_done()) {
    return from_support(node, at, frame, take);
  }
  return std::ranges::all_of(node.rules, [&](const Rule* rule) {
    Frame inner = new_frame(rule->slots);
    return body(rule->body, 0, inner, [&] {
      return value(*rule->value, inner, [&](const Term& element) {
        return match(at.key(), element, frame, true,
                     [&] { return look_up(element, at.next(), frame, take); });
      });
    });
  });
}

// Rules whose heads go on behind this place. What ends inside a head, where several rules make one
// object, is not taken apart; nor is what one rule says of another's part.
bool PartialEvaluator::members(const RuleNode& node, const Lookup& at, Frame& frame, Take take) {
  const std::size_t left = at.ref.items.size() - at.index;
  const auto keys_of_head = [](const Rule* rule) { return rule->head.items.size() - rule->prefix; };
  const bool have_keys =
      std::ranges::all_of(node.rules, [&](const Rule* rule) { return keys_of_head(rule) > 0; });
  const bool reaches = std::ranges::all_of(node.rules, [&](const Rule* rule) {
    return keys_of_head(rule) + (rule->kind == RuleKind::partial_set ? 1 : 0) <= left;
  });
  if (!have_keys || !reaches || node.fallback != nullptr) {
    return have_keys && node.children.empty() && node.fallback == nullptr
               ? from_support(node, at, frame, take)
               : original(node, at, frame, take);
  }
  const bool good = std::ranges::all_of(node.rules, [&](const Rule* rule) {
    Frame inner = new_frame(rule->slots);
    return body(rule->body, 0, inner,
                [&] { return member(*rule, rule->prefix, inner, at, frame, take); });
  });
  return good && (node.children.empty() || data_children(node, nullptr, at, frame, take));
}

bool PartialEvaluator::member(const Rule& rule, std::size_t item, Frame& inner, const Lookup& at,
                              Frame& frame, Take take) {
  if (item < rule.head.items.size()) {
    return value(rule.head.items[item], inner, [&](const Term& key) {
      return match(at.key(), key, frame, true,
                   [&] { return member(rule, item + 1, inner, at.next(), frame, take); });
    });
  }
  return value(*rule.value, inner, [&](const Term& found) {
    if (rule.kind != RuleKind::partial_set) {
      return look_up(found, at, frame, take);
    }
    return match(at.key(), found, frame, true,
                 [&] { return look_up(found, at.next(), frame, take); });
  });
}

bool PartialEvaluator::function(const RuleNode& node, const std::vector<Term>& arguments,
                                bool is_condition, Take take) {
  if (has_ordered_rules(node)) {
    return take(call_of(node, node.name(), arguments));
  }
  // A default that is false is not what a condition asks for.
  const bool defaults =
      node.fallback != nullptr && !(is_condition && is_known(*node.fallback->value) &&
                                    node.fallback->value->value == Value::boolean(false));
  if (defaults || unknowns_.is_apart(node)) {
    const Supported* rules = supported(node);
    if (error_) {
      return false;
    }
    if (rules == nullptr) {
      return take(call_of(node, node.name(), arguments));
    }
    return rules->is_empty || take(call_of(node, support_name(node), arguments));
  }
  return std::ranges::all_of(node.rules, [&](const Rule* rule) {
    Frame inner = new_frame(rule->slots);
    return match_items_of(*rule, arguments, 0, inner, [&] {
      return body(rule->body, 0, inner,
                  [&] { return raw_value(*rule->value, inner, nullptr, take); });
    });
  });
}

Term PartialEvaluator::call_of(const RuleNode& node, std::string name,
                               const std::vector<Term>& arguments) {
  Term out;
  out.type = Term::Type::call;
  out.callee.function = name == node.name() ? &node : nullptr;
  out.callee.arity = arguments.size();
  out.name = std::move(name);
  out.items = arguments;
  return out;
}

bool PartialEvaluator::match_items_of(const Rule& rule, const std::vector<Term>& arguments,
                                      std::size_t index, Frame& inner, Next next) {
  if (index == arguments.size()) {
    return next();
  }
  return match(rule.arguments[index], arguments[index], inner, false,
               [&] { return match_items_of(rule, arguments, index + 1, inner, next); });
}

}  // namespace unhidra::rego
