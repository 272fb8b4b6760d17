#pragma once
// What is not known while a query is evaluated in part, and which rules depend on it.

#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/policy.h"

namespace unhidra::rego {

// A place below input or data.
struct DataPlace {
  bool is_input = false;
  std::vector<Value> path;
};

class Unknowns {
 public:
  // Errc::parse_error: one is no reference that begins with input or data.
  static Result<Unknowns> make(const Policy& policy, std::span<const std::string> unknowns,
                               std::span<const std::string> apart);

  // Nothing at or below a place is known; something there is not.
  bool covers(const DataPlace& place) const;
  bool touches(const DataPlace& place) const;
  // A rule at this node needs something that is not known. `beside_input`: other than the input.
  bool has(const RuleNode& node, bool beside_input = false) const {
    return (beside_input ? beside_input_ : all_).contains(&node);
  }
  // The same of every rule at and below it.
  bool has_below(const RuleNode& node, bool beside_input = false) const;
  // It stays a reference.
  bool is_apart(const RuleNode& node) const;

 private:
  void mark(const RuleNode& root);

  std::vector<DataPlace> places_;
  std::vector<DataPlace> apart_;
  std::set<const RuleNode*> all_;
  std::set<const RuleNode*> beside_input_;
};

}  // namespace unhidra::rego
