#include "engine/planner.h"

#include <algorithm>

#include "engine/term_planner.h"

namespace unhidra::rego {
namespace {

bool is_plain_whole(const Rule& rule) {
  return rule.head.items.size() == rule.prefix;
}

std::optional<Plan::Kind> kind_of(const RuleNode& node) {
  if (!node.has_rules() || !node.children.empty()) {
    return std::nullopt;
  }
  if (node.kind == RuleKind::function) {
    return Plan::Kind::function;
  }
  if (node.is_whole()) {
    return node.kind == RuleKind::partial_set ? Plan::Kind::set : Plan::Kind::complete;
  }
  const bool one_key =
      node.fallback == nullptr && std::ranges::all_of(node.rules, [](const Rule* r) {
        return r->kind == RuleKind::complete && r->head.items.size() == r->prefix + 1 &&
               r->otherwise == nullptr;
      });
  return one_key ? std::optional(Plan::Kind::object) : std::nullopt;
}

bool add_chain(Plan& plan, const Policy& policy, const Rule& first) {
  Plan::Chain chain;
  for (const Rule* rule = &first; rule != nullptr; rule = rule->otherwise.get()) {
    auto program = RulePlanner(policy, plan.kind).rule(*rule);
    if (!program) {
      return false;
    }
    chain.programs.push_back(std::move(*program));
  }
  if (plan.kind == Plan::Kind::set || plan.kind == Plan::Kind::object) {
    if (auto keyed = RulePlanner(policy, plan.kind).keyed_rule(first)) {
      chain.keyed = std::make_unique<Program>(std::move(*keyed));
    }
  }
  plan.chains.push_back(std::move(chain));
  return true;
}

bool gives_one_value(const RuleNode& node) {
  const Value* value = nullptr;
  for (const Rule* rule : node.rules) {
    for (const Rule* one = rule; one != nullptr; one = one->otherwise.get()) {
      if (!one->value || !one->value->is(Term::Type::constant) ||
          (value != nullptr && !(*value == one->value->value))) {
        return false;
      }
      value = &one->value->value;
    }
  }
  return true;
}

std::unique_ptr<Plan> plan_node(const Policy& policy, const RuleNode& node) {
  const auto kind = kind_of(node);
  if (!kind) {
    return nullptr;
  }
  auto plan = std::make_unique<Plan>();
  plan->kind = *kind;
  plan->node = &node;
  plan->number = node.number;
  plan->path = node.path();
  for (const Rule* rule : node.rules) {
    if (!add_chain(*plan, policy, *rule)) {
      return nullptr;
    }
  }
  if (node.fallback != nullptr) {
    auto program = RulePlanner(policy, *kind).rule(*node.fallback);
    if (!program || !is_plain_whole(*node.fallback)) {
      return nullptr;
    }
    plan->fallback = std::make_unique<Program>(std::move(*program));
  }
  plan->has_keyed = std::ranges::all_of(
      plan->chains, [](const Plan::Chain& chain) { return chain.keyed != nullptr; });
  plan->one_value = gives_one_value(node);
  plan->index = RuleIndex(std::vector<const Rule*>(node.rules.begin(), node.rules.end()));
  return plan;
}

}  // namespace

Plans::Plans(const Policy& policy, RuleNode& root) {
  number(root);
  for (RuleNode* node : nodes_) {
    by_number_.push_back(plan_node(policy, *node));
  }
}

void Plans::number(RuleNode& node) {
  node.number = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(&node);
  for (auto& [key, child] : node.children) {
    number(*child);
  }
}

std::optional<Program> plan_query(const Policy& policy, const Query& query) {
  return RulePlanner(policy, Plan::Kind::complete).query(query);
}

}  // namespace unhidra::rego
