#pragma once
// The policy language of the Open Policy Agent (Rego, v1 and v0 syntax): modules are compiled
// together once; queries against them are prepared once and evaluated as often as wanted, with
// another input and other data each time.
//
// Threads: a PolicySet and its queries are immutable and may be used from any thread at once.
// Errors are values whose code names are the Open Policy Agent's (errc.h). Every doubt is an error
// or an empty answer: a caller that decides by a policy denies unless it reads `true`.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/rego/errc.h"
#include "unhidra/rego/trace.h"
#include "unhidra/rego/value.h"

namespace unhidra::rego {

enum class Syntax : std::uint8_t { v0, v1 };

struct ModuleSource {
  std::string file;  // named in errors
  std::string text;
};

// What one evaluation is given and may use up.
struct Evaluation {
  std::optional<Value> input;  // nothing: undefined
  Value data = Value::object({});
  // A built-in function that fails ends the evaluation; otherwise its call is undefined.
  bool strict_errors = false;
  Timestamp now{};
  RandomSource* random = nullptr;               // for rand.intn and uuid.rfc4122; not owned
  std::function<void(std::string_view)> print;  // where print() and trace() write
  Tracer* tracer = nullptr;                     // not owned
  // Walks the rules' tree instead of running their programs: slower, and what programs are tested
  // against. With a tracer it is done anyway.
  bool walk_tree = false;
  std::uint64_t max_steps = 50'000'000;
  std::uint64_t max_memory = std::uint64_t{256} << 20;  // bytes, about
  // Neither: no limit of time. Looked at every thousand steps; not owned.
  const Clock* clock = nullptr;
  std::optional<SteadyTime> deadline;
};

// One solution: the query's variables and their values, by name.
using Solution = std::vector<std::pair<std::string, Value>>;

class Policy;
struct Query;

class PreparedQuery {
 public:
  Result<std::vector<Solution>> evaluate(const Evaluation& evaluation) const;
  // Of the first solution the value of the query's first variable: what a decision asks for.
  // Nothing: there is no solution, or no variable.
  Result<std::optional<Value>> evaluate_one(const Evaluation& evaluation) const;

 private:
  friend class PolicySet;
  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<const Query> query_;
};

class PolicySet {
 public:
  // Errc::parse_error, compile_error, unsafe_var, recursion, type_error.
  static Result<PolicySet> compile(std::span<const ModuleSource> modules,
                                   Syntax syntax = Syntax::v1);
  // A body: "data.unhidra.automation.allow = x".
  Result<PreparedQuery> prepare(std::string_view query) const;
  // Every rule of every module, in the order of the modules and of their text.
  std::vector<RuleInfo> rules() const;

 private:
  std::shared_ptr<const Policy> policy_;
};

// JSON (RFC 8259) to a value and back. Sets become lists in term order.
Result<Value> value_from_json(std::string_view json);
std::string value_to_json(const Value& value);
// A ground term of the language, which may hold sets and keys of any kind.
Result<Value> value_from_term(std::string_view term);

}  // namespace unhidra::rego
