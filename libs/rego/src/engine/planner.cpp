#include "engine/planner.h"

#include <algorithm>

#include "engine/folder.h"
#include "engine/rule_planner.h"
#include "values/work.h"

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

// What stays the same while a policy's nodes are planned.
struct Planning {
  const Policy& policy;
  Folder& folder;
  std::uint32_t& known;  // the next number of what an evaluation keeps
  std::vector<Search>* searches;
};

bool add_chain(Plan& plan, const Planning& planning, const Rule& first) {
  Plan::Chain chain;
  constexpr std::uint64_t kWorkOfRule = 1'024;
  for (const Rule* rule = &first; rule != nullptr; rule = rule->otherwise.get()) {
    if (!WorkScope::take(kWorkOfRule)) {
      return false;
    }
    auto program =
        RulePlanner(planning.policy, planning.folder, plan.kind, planning.known, planning.searches)
            .rule(*rule);
    if (!program) {
      return false;
    }
    planning.known = program->known;
    if (!program->is_dead) {
      chain.programs.push_back(std::move(*program));
    }
  }
  if (chain.programs.empty()) {
    return true;
  }
  if (plan.kind == Plan::Kind::set || plan.kind == Plan::Kind::object) {
    if (auto keyed = RulePlanner(planning.policy, planning.folder, plan.kind, planning.known,
                                 planning.searches)
                         .keyed_rule(first)) {
      planning.known = keyed->known;
      chain.keyed = std::make_unique<Program>(std::move(*keyed));
    }
  }
  chain.rule = &first;
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

RuleIndex index_of(const Plan& plan, Folder& folder) {
  std::vector<const Rule*> rules;
  for (const Plan::Chain& chain : plan.chains) {
    rules.push_back(chain.rule);
  }
  return RuleIndex(rules, [&](const Term& term) {
    const bool may_be_known = term.is(Term::Type::ref) || term.is(Term::Type::array) ||
                              term.is(Term::Type::set) || term.is(Term::Type::object);
    return may_be_known ? folder.value(term) : std::nullopt;
  });
}

std::unique_ptr<Plan> plan_node(const Planning& planning, const RuleNode& node) {
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
    if (!add_chain(*plan, planning, *rule)) {
      return nullptr;
    }
  }
  if (node.fallback != nullptr) {
    auto program =
        RulePlanner(planning.policy, planning.folder, *kind, planning.known, planning.searches)
            .rule(*node.fallback);
    if (!program || !is_plain_whole(*node.fallback)) {
      return nullptr;
    }
    planning.known = program->known;
    plan->fallback = std::make_unique<Program>(std::move(*program));
  }
  plan->has_keyed = std::ranges::all_of(
      plan->chains, [](const Plan::Chain& chain) { return chain.keyed != nullptr; });
  plan->one_value = gives_one_value(node);
  plan->index = index_of(*plan, planning.folder);
  return plan;
}

// It can stand for its document: what is given under `data` does not show through.
bool hides_data(const RuleNode& node) {
  return node.children.empty() && node.is_whole() && node.kind != RuleKind::function;
}

}  // namespace

Plans::Plans(const Policy& policy, RuleNode& root, const Dependencies& dependencies,
             std::span<const std::uint32_t> order) {
  number(root);
  known_ = static_cast<std::uint32_t>(nodes_.size());
  by_number_.resize(nodes_.size());
  constants_.resize(nodes_.size());
  closed_.resize(nodes_.size());
  Folder folder(policy, *this);
  const Planning planning{policy, folder, known_, &searches_};
  std::vector<Needs> needs(dependencies.size());
  constexpr std::uint64_t kWorkOfNode = 2'048;
  for (const std::uint32_t at : order) {
    if (!WorkScope::take(kWorkOfNode)) {
      return;
    }
    const RuleNode& node = dependencies.node(at);
    const Needs& own = dependencies.own(at);
    needs[at] = own;
    bool closed = is_closed(root, node, own);
    for (const std::uint32_t needed : dependencies.needed_by(at)) {
      needs[at].add(needs[needed]);
      closed = closed && closed_[dependencies.node(needed).number];
    }
    closed_[node.number] = closed;
    by_number_[node.number] = plan_node(planning, node);
    if (closed && hides_data(node)) {
      constants_[node.number] = folder.document(node);
    }
    if (needs[at].is_known_at_load() && node.children.empty() && node.kind != RuleKind::function &&
        !constants_[node.number]) {
      at_load_.push_back({&node, needs[at]});
    }
  }
}

// Its own place aside, it reads nothing of what may be given under `data`.
bool Plans::is_closed(const RuleNode& root, const RuleNode& node, const Needs& own) const {
  return own.is_known_at_load() && std::ranges::all_of(own.data, [&](const auto& path) {
           const RuleNode* at = &root;
           for (auto key = path.begin(); at != nullptr; ++key) {
             if (constants_[at->number] || at == &node) {
               return true;
             }
             at = key == path.end() ? nullptr : at->child(key->text());
             if (key == path.end()) {
               break;
             }
           }
           return false;
         });
}

void Plans::number(RuleNode& node) {
  node.number = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(&node);
  for (auto& [key, child] : node.children) {
    number(*child);
  }
}

std::optional<Program> plan_query(const Policy& policy, const Query& query) {
  Folder folder(policy, policy.plans());
  return RulePlanner(policy, folder, Plan::Kind::complete, policy.plans().known(), nullptr)
      .query(query);
}

}  // namespace unhidra::rego
