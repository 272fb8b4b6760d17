#pragma once
// Rules and queries to flat programs.

#include <optional>

#include "engine/dependencies.h"
#include "engine/program.h"

namespace unhidra::rego {

// Of every node that flat programs cover; the others are evaluated by walking the tree.
class Plans {
 public:
  // What a node gives that needs no input, but data.
  struct AtLoad {
    const RuleNode* node = nullptr;
    Needs needs;
  };

  // `order`: each node behind those that it needs.
  Plans(const Policy& policy, RuleNode& root, const Dependencies& dependencies,
        std::span<const std::uint32_t> order);

  const Plan* find(const RuleNode& node) const {
    return node.number < by_number_.size() ? by_number_[node.number].get() : nullptr;
  }
  // The document of a node, when neither input nor data can change it; else nothing.
  const Value* constant(const RuleNode& node) const {
    const auto& known = constants_[node.number];
    return known ? &*known : nullptr;
  }
  // It needs nothing but constants: a function's answers depend on its arguments alone.
  bool is_closed(const RuleNode& node) const { return closed_[node.number]; }
  std::size_t nodes() const { return nodes_.size(); }
  // Each behind those that it needs.
  std::span<const AtLoad> at_load() const { return at_load_; }
  std::span<const Search> searches() const { return searches_; }
  // Of documents and, behind them, of comprehensions: what an evaluation keeps.
  std::uint32_t known() const { return known_; }

 private:
  void number(RuleNode& node);
  bool is_closed(const RuleNode& root, const RuleNode& node, const Needs& own) const;

  std::vector<RuleNode*> nodes_;
  std::uint32_t known_ = 0;
  std::vector<std::unique_ptr<Plan>> by_number_;  // no plan: not covered
  std::vector<std::optional<Value>> constants_;
  std::vector<bool> closed_;
  std::vector<AtLoad> at_load_;
  std::vector<Search> searches_;
};

std::optional<Program> plan_query(const Policy& policy, const Query& query);

}  // namespace unhidra::rego
