#include "engine/conflicts.h"

#include <algorithm>
#include <map>

#include "syntax/term_text.h"
#include "values/work.h"

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

// The nearest ones, each with its place.
void name_rules_below(const RuleNode& node, bool functions_alone, std::string& out) {
  for (const auto& [key, child] : node.children) {
    const Rule* first = child->rules.empty() ? child->fallback : child->rules[0];
    if (first != nullptr && (!functions_alone || first->kind == RuleKind::function)) {
      out += "\n  rule " + rule_name(*first) + " at " + place_text(first->location);
    } else {
      name_rules_below(*child, functions_alone, out);
    }
  }
}

// Of one kind, and functions of one arity; all with variables in their heads, or none.
bool is_alike(const Rules& rules) {
  return std::ranges::all_of(rules, [&](const Rule* rule) {
    return rule->kind == rules[0]->kind && rule->arguments.size() == rules[0]->arguments.size() &&
           is_dynamic(*rule) == is_dynamic(*rules[0]);
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
  // Rules with variables in their heads leave room for others, but not for functions.
  name_rules_below(
      node, std::ranges::all_of(rules, [](const Rule* rule) { return is_dynamic(*rule); }), below);
  if (!below.empty()) {
    return problems.add(Errc::type_error, rules[0]->location,
                        "rule " + rule_name(*rules.back()) + " conflicts with:" + below);
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
      constexpr std::uint64_t kWorkOfModule = 64;
      if (!WorkScope::take(policy.modules().size() * kWorkOfModule)) {
        return;
      }
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

void check_annotations(const Policy& policy, Problems& problems) {
  std::map<std::pair<std::string, const RuleNode*>, Location> first;
  const auto check = [&](const std::vector<Annotation>& annotations, const RuleNode* node) {
    for (const Annotation& one : annotations) {
      if (one.scope == "rule") {
        continue;
      }
      const auto [known, is_new] = first.try_emplace({one.scope, node}, one.location);
      if (!is_new) {
        problems.add(Errc::type_error, one.location,
                     one.scope + " annotation redeclared: " + place_text(known->second));
      }
    }
  };
  for (const auto& module : policy.modules()) {
    check(module->package_annotations, policy.find_package(*module));
    for (const auto& rule : module->rules) {
      check(rule->annotations, rule->node);
    }
  }
}

}  // namespace unhidra::rego
