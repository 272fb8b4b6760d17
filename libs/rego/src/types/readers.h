#pragma once
// Which rules read a document that a `with` replaces: their types say nothing then.

#include <memory>
#include <vector>

#include "engine/dependencies.h"

namespace unhidra::rego {

// The place that a `with` replaces, as far as its keys are constants.
struct ReplacedPlace {
  bool is_input = false;
  std::vector<Value> path;

  // Nothing: it replaces a built-in function.
  static std::optional<ReplacedPlace> of(const Term& target);
  // Whether one is at or below the other.
  bool touches(bool input, std::span<const Value> other) const;
};

// Worked out when it is first asked: most policies have no `with`.
class Readers {
 public:
  // `dependencies`: those of `root`, or none to make them. Neither is owned.
  explicit Readers(const RuleNode& root, const Dependencies* dependencies = nullptr)
      : root_(root), given_(dependencies) {}

  // The rules of a place, or those that they need.
  bool reads(const RuleNode& node, const ReplacedPlace& place);

 private:
  void work_out();

  const RuleNode& root_;
  const Dependencies* given_;
  std::unique_ptr<const Dependencies> own_;
  std::unordered_map<const RuleNode*, Needs> needs_;  // others' included
};

}  // namespace unhidra::rego
