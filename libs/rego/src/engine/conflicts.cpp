#include "engine/conflicts.h"

#include <algorithm>
#include <map>

#include "syntax/term_text.h"

namespace unhidra::rego {
namespace {

using Rules = std::vector<const Rule*>;
using RulesByNode = std::map<const RuleNode*, Rules>;

// In the order of the modules, defaults too.
RulesByNode rules_by_node(const Policy& policy) {
  RulesByNode out;
  for (const auto& module : policy.modules()) {
    for (const auto& rule : module->rules) {
      out[rule->node].push_back(rule.get());
    }
  }
  return out;
}

bool is_dynamic(const Rule& rule) {
  return rule.head.items.size() != rule.prefix;
}

void name_rules_below(const RuleNode& node, std::string& out) {
  for (const auto& [key, child] : node.children) {
    if (!child->rules.empty()) {
      out += (out.empty() ? "" : " ") + rule_name(*child->rules[0]);
    }
    name_rules_below(*child, out);
  }
}

// Of one kind, and functions of one arity; a value of its own or one of its members.
bool is_alike(const Rules& rules) {
  const auto is_complete = [](const Rule* rule) {
    return rule->kind != RuleKind::partial_set && !is_dynamic(*rule);
  };
  return std::ranges::all_of(rules, [&](const Rule* rule) {
    return rule->kind == rules[0]->kind && rule->arguments.size() == rules[0]->arguments.size() &&
           is_complete(rule) == is_complete(rules[0]);
  });
}

void check_defaults(const Rules& rules, Problems& problems) {
  const Rule* first = nullptr;
  std::string places;
  std::size_t count = 0;
  for (const Rule* rule : rules) {
    if (rule->is_default) {
      first = first == nullptr ? rule : first;
      places += (places.empty() ? "" : ", ") + place_text(rule->location);
      ++count;
    }
  }
  if (count > 1) {
    problems.add(Errc::type_error, first->module->package.location,
                 "multiple default rules " + rule_name(*rules.back()) + " found at " + places);
  }
}

void check_rules(const RuleNode& node, const Rules& rules, Problems& problems) {
  std::string below;
  if (!std::ranges::all_of(rules, [](const Rule* rule) { return is_dynamic(*rule); })) {
    name_rules_below(node, below);
  }
  if (!below.empty()) {
    return problems.add(Errc::type_error, rules[0]->location,
                        "rule " + rule_name(*rules.back()) + " conflicts with [" + below + "]");
  }
  if (!is_alike(rules)) {
    return problems.add(Errc::type_error, rules[0]->location,
                        "conflicting rules " + rule_name(*rules.back()) + " found");
  }
  check_defaults(rules, problems);
}

// A package cannot be where a rule of another module is.
void check_packages(const Policy& policy, Problems& problems) {
  for (const auto& module : policy.modules()) {
    for (const auto& rule : module->rules) {
      const RuleNode* node = rule->node;
      if (is_dynamic(*rule) || !node->is_package) {
        continue;
      }
      const std::string own = ref_text(rule->head, rule->head.items.size());
      for (const auto& other : policy.modules()) {
        if (other != module && policy.find_package(*other) == node) {
          problems.add(Errc::type_error, module->package.location,
                       "package " + node->name().substr(5) + " conflicts with rule " + own +
                           " defined at " + place_text(rule->location));
        }
      }
    }
  }
}

}  // namespace

void check_conflicts(const Policy& policy, Problems& problems) {
  const RulesByNode rules = rules_by_node(policy);
  for (const auto& module : policy.modules()) {
    for (const auto& rule : module->rules) {
      if (rules.at(rule->node)[0] == rule.get()) {
        check_rules(*rule->node, rules.at(rule->node), problems);
      }
    }
  }
  check_packages(policy, problems);
}

}  // namespace unhidra::rego
