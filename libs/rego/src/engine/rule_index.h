#pragma once
// Which rules can match, from what they compare with constants: a switch on the value that tells
// the most of them apart, and below it on the next.

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/function_ref.h"
#include "engine/policy.h"

namespace unhidra::rego {

class RuleIndex {
 public:
  // Where the compared value comes from: the input, or an argument of a function.
  struct Source {
    int argument = -1;  // the input
    std::vector<Value> keys;
    friend bool operator==(const Source&, const Source&) = default;
  };
  using Read = FunctionRef<const Value*(const Source&)>;

  RuleIndex() = default;
  explicit RuleIndex(std::span<const Rule* const> rules);

  bool is_useful() const { return root_ != nullptr; }
  // Adds the positions of the rules that can match, in their order.
  void find(Read read, std::vector<std::uint32_t>& out) const;

 private:
  struct Hash {
    std::size_t operator()(const Value& value) const;
  };
  struct Node;
  using Requirements = std::vector<std::pair<std::size_t, Value>>;  // source and its value
  struct Node {
    std::size_t source = 0;
    std::unordered_map<Value, std::unique_ptr<Node>, Hash> cases;
    std::unique_ptr<Node> others;      // rules that do not ask for the source
    std::vector<std::uint32_t> rules;  // of a leaf
  };

  Requirements requirements(const Rule& rule);
  void require(const Term& place, const Term& constant, const Rule& rule, Requirements& out);
  std::size_t number_of(Source source);
  std::unique_ptr<Node> build(std::vector<std::uint32_t> rules, std::vector<bool> used,
                              const std::vector<Requirements>& all) const;
  void find(const Node& node, Read read, std::vector<std::uint32_t>& out) const;

  std::vector<Source> sources_;
  std::unique_ptr<Node> root_;
};

}  // namespace unhidra::rego
