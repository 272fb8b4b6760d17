#pragma once
// Answers a query by search: each expression hands its solutions, one after the other, to what
// follows it. A continuation answers whether the search goes on.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "unhidra/base/time.h"

#include "engine/draft.h"
#include "engine/function_ref.h"
#include "engine/loaded.h"
#include "engine/policy.h"
#include "engine/tracing.h"

namespace unhidra::rego {

struct EvaluatorSettings {
  const Value* input = nullptr;    // none: undefined
  const Value* data = nullptr;     // an object
  const Loaded* loaded = nullptr;  // of the same data; none: everything is made
  bool strict_errors = false;
  Tracer* tracer = nullptr;
  std::uint64_t max_steps = 50'000'000;
  const Clock* clock = nullptr;
  std::optional<SteadyTime> deadline;

  bool is_late() const { return deadline && clock != nullptr && clock->steady_now() >= *deadline; }

  std::size_t max_depth = 1'000;  // expressions and rules under way inside each other
};

// At how many steps the clock is looked at.
inline constexpr std::uint64_t kStepsPerLook = 256;

class Evaluator {
 public:
  Evaluator(const Policy& policy, builtins::Environment& environment, EvaluatorSettings settings);

  // Every solution of the query's variables. Errc::eval_conflict, eval_type_error, eval_builtin,
  // budget_exhausted.
  Result<std::vector<std::vector<std::optional<Value>>>> run(const Query& query);
  std::uint64_t steps() const { return steps_; }
  // One node's document, and a function's answer; nothing: undefined. What is known of documents is
  // kept from one call to the next.
  Result<std::optional<Value>> document_of(const RuleNode& node);
  Result<std::optional<Value>> call_of(const RuleNode& node, const std::vector<Value>& arguments);

  // The slots of a rule or query; nothing: no value yet.
  using Row = std::vector<std::optional<Value>>;
  // Each way in which an expression holds when `known` is given; and in which a term has a value.
  Result<std::vector<Row>> ways_of(const Expr& expr, const Row& known);
  Result<std::vector<std::pair<Value, Row>>> values_of(const Term& term, const Row& known);

 private:
  struct Binding {
    bool bound = false;
    Value value;
  };
  using Frame = std::vector<Binding>;
  static Frame frame_of(const Row& row);
  static Row row_of(const Frame& frame);
  using Next = FunctionRef<bool()>;
  using Take = FunctionRef<bool(const Value&)>;

  // A function that `with` puts in another's place, or the value that it answers.
  struct Mock {
    Callee callee;
    std::optional<Value> value;
  };
  struct Cache {
    std::map<const RuleNode*, std::optional<Value>> documents;
    std::map<const RuleNode*, std::map<std::vector<Value>, std::optional<Value>>> calls;
  };
  // What `with` changes.
  struct World {
    std::optional<Value> input;
    Value data;
    std::vector<std::vector<Value>> masked;  // paths under data that hide rules
    std::map<std::string, Mock> builtin_mocks;
    std::map<const RuleNode*, Mock> function_mocks;
    std::shared_ptr<Cache> cache = std::make_shared<Cache>();
  };

  bool fail_with(Error error);
  bool fail_at(Errc code, const Location& location, const std::string& message);
  bool step(const Location& location);
  // Whether what was made may go on; also whether there was work left for all that led to it.
  bool may_keep(const Value& made, const Location& location);
  bool is_good() const { return !error_ && !environment_.is_exhausted(); }
  Error failure() const;

  // ---- expressions ----
  bool body(std::span<const Expr> body, std::size_t index, Frame& frame, Next next);
  // Of a rule whose head has variables: a tracer is told what they are.
  bool keyed_body(const Rule& rule, Frame& frame, Next next);
  bool expr(const Expr& expr, Frame& frame, Next next);
  bool plain_expr(const Expr& expr, Frame& frame, Next next);
  bool expr_with(const Expr& expr, Frame& frame, Next next);
  bool apply_with(const With& with, Frame& frame, World& world, bool& defined);
  bool apply_value(const With& with, Frame& frame, Value value, World& world);
  bool counted(const Expr& expr, Frame& frame, Next next);  // as a step, and traced
  void tell_variables(const Expr& expr, const Frame& frame);
  bool negated(const Expr& expr, Frame& frame, Next next);
  bool every(const Expr& expr, Frame& frame, Next next);
  bool some_in(const Expr& expr, Frame& frame, Next next);
  bool holds(const Body& body, Frame& frame, bool& found);

  // ---- terms ----
  bool term(const Term& term, Frame& frame, Take take);
  bool items(const Term& term, std::size_t index, Frame& frame, std::vector<Value>& done,
             Next next);
  // The same of many that have one value each: without going deeper with each.
  bool single_items(const Term& term, Frame& frame, std::vector<Value>& done, Next next);
  static bool is_single(const Term& term, const Frame& frame);
  bool logic(const Term& term, Frame& frame, Take take);
  bool comprehension(const Term& term, Frame& frame, Take take);
  bool text(const Term& term, Frame& frame, Take take);
  bool ref(const Term& term, Frame& frame, Take take);
  bool look_up(const Value& value, const Term& ref, std::size_t index, Frame& frame, Take take);
  bool match(const Term& pattern, const Value& value, Frame& frame, Next next);
  bool match_items(const Term& pattern, std::span<const Value> values, std::size_t index,
                   Frame& frame, Next next);
  bool match_members(const Term& pattern, const Value& value, std::size_t index, Frame& frame,
                     Next next);
  bool has_unbound(const Term& term, const Frame& frame) const;

  // ---- calls ----
  bool call(const Term& term, Frame& frame, Take take);
  bool call_with(const Term& term, const Callee& callee, std::vector<Value> arguments, Take take);
  bool call_builtin(const Term& term, const builtins::Builtin& builtin,
                    const std::vector<Value>& arguments, Take take);
  bool call_function(const RuleNode& node, const std::vector<Value>& arguments,
                     std::optional<Value>& out);
  bool function_rule(const Rule& rule, const std::vector<Value>& arguments,
                     std::optional<Value>& out, bool& found);
  bool print(const Term& term, Frame& frame);

  // ---- documents ----
  bool data_ref(const RuleNode* node, const Value* base, const Term& ref, std::size_t index,
                Frame& frame, Take take);
  bool data_children(const RuleNode& node, const Value* base, const Term& ref, std::size_t index,
                     Frame& frame, Take take);
  bool document(const RuleNode& node, const Value* base, std::optional<Value>& out);
  bool compute(const RuleNode& node, const Value* base, std::optional<Value>& out);
  bool compute_whole(const RuleNode& node, std::optional<Value>& out);
  bool compute_set(const RuleNode& node, std::optional<Value>& out);
  bool compute_object(const RuleNode& node, const Value* base, std::optional<Value>& out);
  bool draft_own(const RuleNode& node, Draft& draft);
  bool draft_child(const RuleNode& node, const Value* base, Draft& draft, bool& defined);
  bool draft_object(const RuleNode& node, const Value* base, Draft& draft);
  bool complete_rule(const Rule& rule, std::optional<Value>& out, bool& found);
  bool head_values(const Rule& rule, std::size_t index, Frame& frame, std::vector<Value>& keys,
                   FunctionRef<bool(const std::vector<Value>&, const Value&)> take);
  bool is_masked(const RuleNode& node) const;

  const Policy& policy_;
  builtins::Environment& environment_;
  WorkScope work_;
  EvaluatorSettings settings_;
  World base_;  // what the host gave
  World* world_ = nullptr;
  std::uint64_t steps_ = 0;
  std::size_t depth_ = 0;
  std::optional<Error> error_;
};

// `value` put at a path of an object; objects on the way are made.
Value put_at(const Value* document, std::span<const Value> path, const Value& value);
// Members of `over` hide those of `under`; objects are joined.
Value laid_over(const Value& under, const Value& over);

}  // namespace unhidra::rego
