#pragma once
// What each rule needs, other rules included.

#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/policy.h"

namespace unhidra::rego {

struct Needs {
  bool input = false;
  bool moment = false;  // the clock, randomness, the host; or it prints
  // Paths of the given data. Too many to be told apart: the empty one.
  std::vector<std::vector<Value>> data;

  void add_data(std::vector<Value> path);
  void add(const Needs& other);
  bool is_known_at_load() const { return !input && !moment; }
};

// The policy's nodes that have rules, by their numbers in this graph.
class Dependencies {
 public:
  explicit Dependencies(const RuleNode& root);

  std::size_t size() const { return nodes_.size(); }
  const RuleNode& node(std::size_t number) const { return *nodes_[number]; }
  std::span<const std::uint32_t> needed_by(std::size_t number) const { return edges_[number]; }
  // By this rule alone, without its else.
  std::vector<std::uint32_t> needed_by(const Rule& rule) const;
  // What its rules ask for themselves.
  const Needs& own(std::size_t number) const { return own_[number]; }

 private:
  class Reader;
  using Numbers = std::unordered_map<const RuleNode*, std::uint32_t>;

  void number(const RuleNode& node);

  const RuleNode& root_;
  Numbers numbers_;
  std::vector<const RuleNode*> nodes_;
  std::vector<std::vector<std::uint32_t>> edges_;
  std::vector<Needs> own_;
};

// The numbers in an order in which each stands behind those that it needs. Rules that need
// themselves are problems (Errc::recursion). Without recursion of its own: chains may be long.
std::vector<std::uint32_t> ordered(const Dependencies& dependencies, Problems& problems);

}  // namespace unhidra::rego
