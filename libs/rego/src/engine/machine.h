#pragma once
// Runs flat programs. Registers borrow: input, data, constants and documents outlive an evaluation,
// what an instruction makes lives in its own register until the instruction runs again.

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/evaluator.h"
#include "engine/parts.h"
#include "engine/planner.h"

namespace unhidra::rego {

inline constexpr std::uint64_t kItemCharge = 32;  // bytes, about, of an element that is gathered

// Places in a program's lists.
inline std::size_t nth(std::int32_t number) {
  return static_cast<std::size_t>(number);
}

struct Slot {
  const Value* value = nullptr;
  Value own;

  void keep(Value made) {
    own = std::move(made);
    value = &own;
  }
};

// What a thread keeps between evaluations, so that they need no memory of their own.
class Workspace {
 public:
  struct Loop {
    const Value* elements = nullptr;
    const Value::Member* members = nullptr;
    const std::uint32_t* picked = nullptr;  // those to be looked at; none: all
    std::size_t at = 0;
    std::size_t size = 0;
    bool keys_are_elements = false;
  };
  struct Collection {
    std::vector<Value> elements;
    std::vector<Value::Member> members;
    std::vector<const Rule*> rules;    // of a document's members
    std::vector<std::uint32_t> order;  // of the members, by key
    void clear() {
      elements.clear();
      members.clear();
      rules.clear();
    }
  };
  struct Known {  // a document
    std::uint64_t evaluation = 0;
    std::uint32_t keyed = 0;  // times that it was asked for with a key
    bool computed = false;
    std::optional<Value> value;
  };

  struct Call {  // of a function
    std::uint64_t evaluation = 0;
    std::uint32_t node = 0;
    std::vector<Value> arguments;
    std::optional<Value> value;
  };

  // A thread's own; another one while that is in use.
  static std::unique_ptr<Workspace> borrow();
  static void give_back(std::unique_ptr<Workspace> workspace);

  std::span<Slot> registers(std::size_t count);
  void release(std::span<Slot> registers);
  // So many more; what they hold is what was left there.
  void use_collections(std::size_t count);
  Known& known(std::size_t number);
  // Where a call is kept, or another one in its place; nothing: too many arguments.
  Call* call(std::uint32_t node, std::span<const Value* const> arguments);
  bool is_known(const Call& call, std::uint32_t node,
                std::span<const Value* const> arguments) const;
  void remember(Call& call, std::uint32_t node, std::span<const Value* const> arguments,
                const std::optional<Value>& value);
  void begin(std::size_t known);
  void end();

  std::vector<Loop> loops;
  std::deque<Collection> collections;  // those in use are referred to while it grows
  std::size_t collections_used = 0;
  std::vector<std::uint32_t> candidates;

 private:
  static constexpr std::size_t kBlock = 1'024;
  struct Block {
    std::unique_ptr<Slot[]> slots;
    std::size_t size = 0;
    std::size_t used = 0;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::vector<Known> documents_;
  std::vector<std::uint32_t> touched_;
  std::vector<Call> calls_;  // by hash; none before the first call
  std::vector<std::uint32_t> touched_calls_;
  std::uint64_t evaluation_ = 0;
};

class Machine {
 public:
  Machine(const Policy& policy, const Plans& plans, builtins::Environment& environment,
          EvaluatorSettings settings);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  using Row = FunctionRef<bool(std::span<const Slot>)>;  // false: enough
  // Every solution of a query's program, its variables by their slots.
  Status run(const Program& query, Row row);
  std::uint64_t steps() const { return steps_; }
  static const Value* look_up(const Value& value, const Value& key);
  // Of one node alone; nothing: undefined.
  Result<std::optional<Value>> document_of(const RuleNode& node);
  Result<std::optional<Value>> call_of(const RuleNode& node, std::span<const Value> arguments);

 private:
  // Where a program's values go.
  struct Sink {
    Plan::Kind kind = Plan::Kind::complete;
    std::optional<Value>* out = nullptr;
    Workspace::Collection* collection = nullptr;
    const Row* row = nullptr;
    bool found = false;
  };
  enum class Outcome : std::uint8_t { ended, finished, failed };

  using LocationOf = FunctionRef<const Location&(std::size_t)>;

  // ---- instructions ----
  Outcome execute(const Program& program, std::span<Slot> r, Sink& sink);
  Outcome run_program(const Program& program, std::span<const Value* const> arguments, Sink& sink);
  bool failed_at(Errc code, const Location& location, const std::string& message);
  bool within_budget(const Program& program) {
    const bool good =
        ++steps_ <= settings_.max_steps && (steps_ % kStepsPerLook != 0 || has_time());
    return good || exhausted(program);
  }
  bool has_time() const { return !environment_.is_exhausted() && !settings_.is_late(); }
  // Whether what was made may go on: see Environment::expect_depth_of.
  bool may_keep(const Value& made, const Location& location) {
    return made.depth() <= builtins::kMaxValueDepth || too_deep(location);
  }
  bool too_deep(const Location& location);
  // Whether there was work left for all that led to the answer.
  bool is_good();
  bool exhausted(const Program& program);
  bool charge(const Program& program, std::uint64_t units);

  const Value* input_at(std::span<const Value> path) const;
  const Value* data_at(std::span<const Value> path) const;
  const Value* data_look_up(const Value& value, const Value& key,
                            std::span<const std::int32_t> above, std::span<const Slot> r) const;
  static void begin_loop(Workspace::Loop& loop, const Value& domain, bool& good);
  static bool next(Workspace::Loop& loop, const Step& step, std::span<Slot> r);
  bool make(const Program& program, const Step& step, std::span<Slot> r);
  void collect(const Program& program, const Step& step, std::span<const Slot> r,
               std::size_t collection);
  bool close(const Program& program, const Step& step, std::span<Slot> r, std::size_t collection);
  void make_groups(const Step& step, std::span<Slot> r, std::size_t collection);
  bool join_members(Workspace::Collection& collection, LocationOf location, Value& out);
  bool call(const Program& program, const Step& step, std::span<Slot> r);
  bool call_prefix(const Program& program, const Step& step, std::span<Slot> r);
  bool call_function(const Program& program, const Step& step, std::span<Slot> r);
  bool take_answer(const builtins::Builtin& builtin, const Location& location,
                   builtins::Answer answer, Slot& out);
  bool yield(const Program& program, const Step& step, std::span<Slot> r, Sink& sink);

  // ---- documents: false when there is none or when it failed (error_) ----
  bool document(const RuleNode& node, const Value*& out);
  const Loaded::Document* loaded(const RuleNode& node) const;
  bool keyed_document(const RuleNode& node, const Value& key, Slot& out);
  bool function(const RuleNode& node, std::span<const Value* const> arguments,
                std::optional<Value>& out);
  bool enter(const RuleNode& node);
  bool compute(const Plan& plan, std::optional<Value>& out);
  bool compute_chains(const Plan& plan, std::span<const Value* const> arguments,
                      std::optional<Value>& out);
  bool compute_collection(const Plan& plan, std::optional<Value>& out);
  bool gather(const Plan& plan, Workspace::Collection& collection);
  bool close(const Plan& plan, Workspace::Collection& collection, std::optional<Value>& out);
  // Adds the positions of the chains that can match to the workspace's list. False: any can.
  bool candidates(const Plan& plan, std::span<const Value* const> arguments);
  template <class Visit>
  void each_chain(const Plan& plan, std::span<const Value* const> arguments, Visit visit);

  Evaluator& tree();

  const Policy& policy_;
  const Plans& plans_;
  builtins::Environment& environment_;
  WorkScope work_;
  EvaluatorSettings settings_;
  std::unique_ptr<Workspace> workspace_;
  std::optional<Evaluator> tree_;
  std::uint64_t steps_ = 0;
  std::size_t depth_ = 0;
  std::optional<Error> error_;
};

}  // namespace unhidra::rego
