#pragma once
// Which rules can match, from what they compare with constants: a switch on the value that tells
// the most of them apart, and below it on the next.

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/function_ref.h"
#include "engine/policy.h"

namespace unhidra::rego {

// Numbers that are equal may be written differently: only those of one writing are told apart.
bool can_switch_on(const Value& value);
// Equal scalars of one writing have one hash.
std::size_t hash_of(const Value& value);

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
  // What is known of a term besides constants; nothing: it is not.
  using KnownOf = FunctionRef<std::optional<Value>(const Term&)>;
  RuleIndex(std::span<const Rule* const> rules, KnownOf known_of);

  bool is_useful() const { return root_ != nullptr; }
  // Adds the positions of the rules that can match, in their order.
  void find(Read read, std::vector<std::uint32_t>& out) const;

 private:
  struct Hash {
    std::size_t operator()(const Value& value) const { return hash_of(value); }
  };
  struct Node;
  using Requirements = std::vector<std::pair<std::size_t, Value>>;  // source and its value
  struct Node {
    std::size_t source = 0;
    std::unordered_map<Value, std::unique_ptr<Node>, Hash> cases;
    std::unique_ptr<Node> others;      // rules that do not ask for the source
    std::vector<std::uint32_t> rules;  // of a leaf
  };

  Requirements requirements(const Rule& rule, KnownOf known_of);
  void require(const Term& place, const Term& constant, const Rule& rule, KnownOf known_of,
               Requirements& out);
  std::size_t number_of(Source source);
  std::unique_ptr<Node> build(std::vector<std::uint32_t> rules, std::vector<bool> used,
                              const std::vector<Requirements>& all) const;
  void find(const Node& node, Read read, std::vector<std::uint32_t>& out) const;

  std::vector<Source> sources_;
  std::unique_ptr<Node> root_;
};

}  // namespace unhidra::rego
