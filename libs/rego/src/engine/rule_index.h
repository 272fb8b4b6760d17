#pragma once
// Which rules can match, from what they compare with constants: a switch on the value that tells
// the most of them apart, and below it on the next. Patterns of glob.match are switched on step by
// step between their delimiters.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/function_ref.h"
#include "engine/glob_path.h"
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
    std::optional<char> delimiter;  // compared with patterns
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
  struct StepHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view step) const {
      return std::hash<std::string_view>()(step);
    }
  };
  struct Requirement {
    std::size_t source = 0;
    std::vector<Value> values;  // one of them, or the pattern
    GlobPath path;              // of the pattern
  };
  using Requirements = std::vector<Requirement>;
  using Numbers = std::vector<std::uint32_t>;
  struct Node;
  // The steps of patterns from one place on.
  struct Step {
    std::unordered_map<std::string, std::unique_ptr<Step>, StepHash, std::equal_to<>> next;
    std::unique_ptr<Step> any;
    Numbers ending;  // rules whose pattern ends here, until they are a node
    Numbers opening;
    std::unique_ptr<Node> end;
    std::unique_ptr<Node> open;  // whatever follows
  };
  struct Node {
    std::size_t source = 0;
    std::unordered_map<Value, std::unique_ptr<Node>, Hash> cases;
    std::unique_ptr<Step> steps;   // where the source is compared with patterns
    std::unique_ptr<Node> others;  // rules that do not ask for the source
    Numbers rules;                 // of a leaf

    bool is_leaf() const { return cases.empty() && steps == nullptr; }
  };

  Requirements requirements(const Rule& rule, KnownOf known_of);
  void require(const Expr& expr, const Rule& rule, KnownOf known_of, Requirements& out);
  // The place has the value of the constant, or is one of its elements.
  void require(const Term& place, const Term& constant, const Rule& rule, KnownOf known_of,
               Requirements& out);
  void require_element(const Term& place, const Term& collection, const Rule& rule,
                       KnownOf known_of, Requirements& out);
  // One of the alternatives holds.
  void require_one(const Body& alternatives, const Rule& rule, KnownOf known_of, Requirements& out);
  void add(std::size_t source, std::vector<Value> values, Requirements& out) const;
  void require_match(const Term& call, const Rule& rule, KnownOf known_of, Requirements& out);
  // Of a place that can be switched on; nothing: it cannot.
  static std::optional<Source> source_of(const Term& place, const Rule& rule);
  // Nothing: there are too many already.
  std::optional<std::size_t> number_of(Source source);
  // The source that tells the most rules apart; nothing: none does.
  std::optional<std::size_t> best_source(const Numbers& rules, const std::vector<bool>& used,
                                         const std::vector<Requirements>& all) const;
  // Takes from `room_`; what there is none left for becomes a leaf.
  std::unique_ptr<Node> build(Numbers rules, std::vector<bool> used,
                              const std::vector<Requirements>& all);
  bool is_worth_it(const Numbers& rules, const std::vector<bool>& used,
                   const std::vector<Requirements>& all);
  void split(Node& node, Numbers rules, const std::vector<bool>& used,
             const std::vector<Requirements>& all);
  void build(Step& step, const std::vector<bool>& used, const std::vector<Requirements>& all);
  static void add(const GlobPath& path, std::uint32_t rule, Step& first);
  void find(const Node& node, Read read, Numbers& out) const;
  void find_case(const Node& node, const Value& value, Read read, Numbers& out) const;
  // `rest`: the steps that are left; nothing: none is.
  void find_steps(const Step& step, char delimiter, std::optional<std::string_view> rest, Read read,
                  Numbers& out) const;

  std::vector<Source> sources_;
  std::size_t room_ = 0;  // for rules and values, while it is built
  std::unique_ptr<Node> root_;
};

}  // namespace unhidra::rego
