#pragma once
// Rules and queries to flat programs.

#include <optional>

#include "engine/program.h"

namespace unhidra::rego {

// Of every node that flat programs cover; the others are evaluated by walking the tree.
class Plans {
 public:
  Plans(const Policy& policy, RuleNode& root);

  const Plan* find(const RuleNode& node) const {
    return node.number < by_number_.size() ? by_number_[node.number].get() : nullptr;
  }
  std::size_t nodes() const { return by_number_.size(); }

 private:
  void number(RuleNode& node);

  std::vector<RuleNode*> nodes_;
  std::vector<std::unique_ptr<Plan>> by_number_;  // no plan: not covered
};

std::optional<Program> plan_query(const Policy& policy, const Query& query);

}  // namespace unhidra::rego
