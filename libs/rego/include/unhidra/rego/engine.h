#pragma once
// The policy language of the Open Policy Agent (Rego, v1 and v0 syntax): modules are compiled
// together once; queries against them are prepared once and evaluated as often as wanted, with
// another input and other data each time.
//
// Threads: a PolicySet and its queries are immutable and may be used from any thread at once.
// Errors are values whose code names are the Open Policy Agent's (errc.h). Every doubt is an error
// or an empty answer: a caller that decides by a policy denies unless it reads `true`.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/rego/capabilities.h"
#include "unhidra/rego/errc.h"
#include "unhidra/rego/host.h"
#include "unhidra/rego/loaded_data.h"
#include "unhidra/rego/problem.h"
#include "unhidra/rego/schemas.h"
#include "unhidra/rego/trace.h"
#include "unhidra/rego/value.h"

namespace unhidra::rego {

enum class Syntax : std::uint8_t { v0, v1 };

struct ModuleSource {
  std::string file;  // named in errors
  std::string text;
  std::optional<Syntax> syntax = std::nullopt;  // its own; nothing: what is compiled with
  friend bool operator==(const ModuleSource&, const ModuleSource&) = default;
};

// What an evaluation used up, in the units of its limits.
struct EvaluationCost {
  std::uint64_t steps = 0;
  std::uint64_t work = 0;
  std::uint64_t memory = 0;  // bytes, about, that it made: not what it held at once
};

// What one evaluation is given and may use up.
struct Evaluation {
  std::optional<Value> input;  // nothing: undefined
  Value data = Value::object({});
  // Instead of `data`: what PolicySet::load made for the query's policies. Not owned.
  const LoadedData* loaded = nullptr;
  // A built-in function that fails ends the evaluation; otherwise its call is undefined.
  bool strict_errors = false;
  Timestamp now{};
  RandomSource* random = nullptr;               // for rand.intn and uuid.rfc4122; not owned
  Host* host = nullptr;                         // for what only a host can do; not owned
  std::function<void(std::string_view)> print;  // where print() and trace() write
  // Told of each call that fails and is undefined therefore, without strict_errors.
  std::function<void(const Error&)> builtin_failed;
  Tracer* tracer = nullptr;  // not owned
  // Walks the rules' tree instead of running their programs: slower, and what programs are tested
  // against. With a tracer it is done anyway.
  bool walk_tree = false;
  // Work within a step, of functions and of comparisons, is counted by about the nanosecond: 32 are
  // as much as a step, and are taken from a count of their own as large as this.
  std::uint64_t max_steps = 50'000'000;
  std::uint64_t max_memory = std::uint64_t{256} << 20;  // bytes, about
  // Neither: no limit of time. Looked at every few hundred steps and, inside a function, every ten
  // thousand units of its work or so: an evaluation ends within about a millisecond of the
  // deadline, Errc::budget_exhausted. Not looked at inside one
  // regular expression and one document that is parsed. Not owned.
  const Clock* clock = nullptr;
  std::optional<SteadyTime> deadline;
  EvaluationCost* cost =
      nullptr;  // filled by PreparedQuery::evaluate, also when it fails; not owned
};

// One solution: the query's variables and their values, by name.
using Solution = std::vector<std::pair<std::string, Value>>;

// An expression of a query that is shown to people.
struct QueryExpression {
  std::string text;
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  // What its value is called in the solutions; empty: it has none but that it holds.
  std::string variable;
};

// Where a query stands: what it names without a path is of this package, or imported.
struct QueryContext {
  std::string package;               // a.b; empty: none
  std::vector<std::string> imports;  // data.a.b, or data.a.b as c
};

class Policy;
struct Query;
struct PartialOptions;
struct Residual;

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

struct CompileOptions {
  Syntax syntax = Syntax::v1;
  // Also refuses imports, variables and arguments that nothing uses, and in v0 what v1 refuses
  // anyway: imports and rules that hide each other, `input` and `data` hidden, deprecated
  // functions.
  bool strict = false;
  // Functions for tests of engines: test.sleep. Unknown otherwise, as to the reference.
  bool test_functions = false;
  // Types of input and data. None: annotations that name a schema say nothing.
  std::shared_ptr<const Schemas> schemas;
  // What modules may use, of what there is; none: all of it.
  std::shared_ptr<const Capabilities> capabilities;
  // Neither: no limit of time. Looked at every ten thousand units of work or so, as in an
  // evaluation: reading, checking and planning end within some milliseconds of the deadline with
  // Errc::compile_time, whatever the text. Not owned, and not looked at afterwards.
  const Clock* clock = nullptr;
  std::optional<SteadyTime> deadline;
};

class PolicySet {
 public:
  // All that is wrong with the modules, module by module in the order of the text as far as the
  // checks allow; at most 100 problems. Never empty on failure.
  static std::expected<PolicySet, ProblemList> check(std::span<const ModuleSource> modules,
                                                     const CompileOptions& options);
  // Errc::parse_error, compile_error, unsafe_var, recursion, type_error, compile_time: that of the
  // first problem; the message tells them all.
  static Result<PolicySet> compile(std::span<const ModuleSource> modules,
                                   const CompileOptions& options);
  static Result<PolicySet> compile(std::span<const ModuleSource> modules,
                                   Syntax syntax = Syntax::v1);
  // A body: "data.unhidra.automation.allow = x".
  Result<PreparedQuery> prepare(std::string_view query) const;
  // The same, except that an expression which is a term does not have to hold: its value, false
  // too, is part of the solution.
  Result<PreparedQuery> prepare_with_values(std::string_view query,
                                            std::vector<QueryExpression>& expressions,
                                            const QueryContext& context = {}) const;
  // All that is wrong with a query, as prepare_with_values tells it in one text; empty: nothing.
  ProblemList check_query(std::string_view query, const QueryContext& context = {}) const;
  // Data with what is known of it before any input.
  LoadedData load(Value data, const LoadBudget& budget = {}) const;
  // Every rule of every module, in the order of the modules and of their text.
  std::vector<RuleInfo> rules() const;

 private:
  friend Result<Residual> evaluate_in_part(const PolicySet& policies, std::string_view query,
                                           const Evaluation& evaluation,
                                           const PartialOptions& options);
  std::shared_ptr<const Policy> policy_;
};

// The package of a module, without `data`; what stands behind it is not read. Errc::parse_error.
Result<std::vector<std::string>> package_of(const ModuleSource& module, Syntax syntax = Syntax::v1);

// JSON (RFC 8259) to a value and back. Sets become lists in term order.
Result<Value> value_from_json(std::string_view json);
std::string value_to_json(const Value& value);
// One element a line, indented by two spaces.
std::string value_to_json_lines(const Value& value);
// The first document of a YAML text, as far as JSON can say it. Errc::bad_document.
Result<Value> value_from_yaml(std::string_view yaml);
// A duration as the language writes it: "1h15m30.5s". Errc::bad_document.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
// A ground term of the language, which may hold sets and keys of any kind.
Result<Value> value_from_term(std::string_view term);

}  // namespace unhidra::rego
