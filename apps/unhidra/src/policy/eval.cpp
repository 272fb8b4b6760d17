// `unhidra policy eval`.
#include <array>
#include <cstdio>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/policy/coverage.h"
#include "unhidra/policy/explanation.h"
#include "unhidra/runtime/system_clock.h"

#include "loading.h"
#include "partial.h"
#include "profile_report.h"
#include "table.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Kind;
using rego::Value;

// One solution: the values of the query's expressions, and its variables.
struct Row {
  std::vector<Value> values;
  std::vector<Value::Member> bindings;
};

struct Answer {
  std::vector<rego::QueryExpression> expressions;
  std::vector<Row> rows;
};

Row row_of(const rego::Solution& solution, const std::vector<rego::QueryExpression>& expressions) {
  Row out;
  for (const auto& expression : expressions) {
    out.values.push_back(Value::boolean(true));
    for (const auto& [name, value] : solution) {
      if (name == expression.variable) {
        out.values.back() = value;
      }
    }
  }
  for (const auto& [name, value] : solution) {
    if (!name.starts_with('$')) {
      out.bindings.emplace_back(Value::string(name), value);
    }
  }
  return out;
}

Value json_of(const Answer& answer, const Row& row) {
  std::vector<Value> expressions;
  for (std::size_t i = 0; i < answer.expressions.size(); ++i) {
    const auto& one = answer.expressions[i];
    expressions.push_back(Value::object(
        {{text("value"), row.values[i]},
         {text("text"), text(one.text)},
         {text("location"), Value::object({{text("row"), Value::integer(one.row)},
                                           {text("col"), Value::integer(one.column)}})}}));
  }
  std::vector<Value::Member> out{{text("expressions"), Value::array(std::move(expressions))}};
  if (!row.bindings.empty()) {
    out.emplace_back(text("bindings"), Value::object(row.bindings));
  }
  return Value::object(std::move(out));
}

// What is told beside the answer, by the reference's names.
struct Extras {
  std::optional<Value> coverage;
  std::optional<Value> metrics;
  std::optional<Value> explanation;
  std::optional<Value> profile;

  std::vector<Value::Member> members() const {
    std::vector<Value::Member> out;
    const std::array<std::pair<std::string_view, const std::optional<Value>*>, 4> all{
        {{"coverage", &coverage},
         {"metrics", &metrics},
         {"explanation", &explanation},
         {"profile", &profile}}};
    for (const auto& [name, value] : all) {
      if (*value) {
        out.emplace_back(text(name), **value);
      }
    }
    return out;
  }
};

// Nanoseconds of the parts of a run, one after another.
class Stopwatch {
 public:
  explicit Stopwatch(const Clock& clock) : clock_(clock), since_(clock.steady_now()) {}
  void note(std::string_view part) {
    const auto now = clock_.steady_now();
    parts_.emplace_back(
        text("timer_rego_" + std::string(part) + "_ns"),
        Value::integer(std::chrono::duration_cast<std::chrono::nanoseconds>(now - since_).count()));
    since_ = now;
  }
  void count(std::string_view what, std::uint64_t number) {
    parts_.emplace_back(text("counter_rego_" + std::string(what)),
                        Value::integer(static_cast<std::int64_t>(number)));
  }
  Value value() const { return Value::object(parts_); }

 private:
  const Clock& clock_;
  SteadyTime since_;
  std::vector<Value::Member> parts_;
};

// The attempts that are wanted: all, or those that did not match.
Value explained(const policy::Explanation& explanation, std::span<const rego::ModuleSource> sources,
                bool fails_alone) {
  const auto all = explanation.value(sources);
  if (!fails_alone) {
    return all;
  }
  std::vector<Value> out;
  for (const auto& attempt : all.elements()) {
    const Value* matched = attempt.find("matched");
    if (matched != nullptr && !matched->as_boolean()) {
      out.push_back(attempt);
    }
  }
  return Value::array(std::move(out));
}

void print_as_json(const Answer& answer, const Extras& extras) {
  std::vector<Value::Member> out;
  if (!answer.rows.empty()) {
    std::vector<Value> rows;
    for (const auto& row : answer.rows) {
      rows.push_back(json_of(answer, row));
    }
    out.emplace_back(text("result"), Value::array(std::move(rows)));
  }
  const auto more = extras.members();
  out.insert(out.end(), more.begin(), more.end());
  print_json(Value::object(std::move(out)));
}

void print_lists(const Answer& answer, bool bindings) {
  std::vector<Value> rows;
  for (const auto& row : answer.rows) {
    rows.push_back(bindings ? Value::object(row.bindings) : Value::array(row.values));
  }
  print_json(Value::array(std::move(rows)));
}

// Strings as they are, one solution a line.
void print_raw(const Answer& answer) {
  for (const auto& row : answer.rows) {
    std::string line;
    for (const auto& value : row.values) {
      line += (line.empty() ? "" : " ") +
              (value.is(Kind::string) ? value.text() : rego::value_to_json(value));
    }
    std::printf("%s\n", line.c_str());
  }
}

// So many characters at most; zero: all.
std::string cell(const Value& value, std::size_t limit) {
  std::string out = rego::value_to_json(value);
  if (limit == 0) {
    return out;
  }
  std::size_t end = 0;
  for (std::size_t characters = 0; end < out.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(out[end]) & 0xc0) != 0x80;
    if (begins && characters++ == limit) {
      return out.substr(0, end) + "...";
    }
  }
  return out;
}

void print_pretty(const Answer& answer, std::size_t limit) {
  if (answer.rows.empty()) {
    std::puts("undefined");
    return;
  }
  if (answer.rows.size() == 1 && answer.rows[0].bindings.empty() &&
      answer.rows[0].values.size() == 1) {
    return print_json(answer.rows[0].values[0]);
  }
  std::vector<std::string> titles;
  for (const auto& [name, value] : answer.rows[0].bindings) {
    titles.push_back(name.text());
  }
  const std::size_t variables = titles.size();
  for (const auto& expression : answer.expressions) {
    if (!expression.variable.empty()) {
      titles.push_back(expression.text);
    }
  }
  BoxTable table(std::move(titles));
  for (const auto& row : answer.rows) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < variables; ++i) {
      cells.push_back(i < row.bindings.size() ? cell(row.bindings[i].second, limit) : "");
    }
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (!answer.expressions[i].variable.empty()) {
        cells.push_back(cell(row.values[i], limit));
      }
    }
    table.add(std::move(cells));
  }
  table.print();
}

void print(const Options& options, const Answer& answer, const Extras& extras) {
  if (options.format == "json") {
    return print_as_json(answer, extras);
  }
  if (options.format == "raw") {
    print_raw(answer);
  } else if (options.format == "values" || options.format == "bindings") {
    print_lists(answer, options.format == "bindings");
  } else if (options.format == "pretty") {
    print_pretty(answer, options.pretty_limit);
  }
  for (const auto& [name, value] : extras.members()) {
    print_json(value);
  }
}

int exit_code(const Options& options, bool defined) {
  return (options.fails_undefined && !defined) || (options.fails_defined && defined) ? 1 : 0;
}

// With the input as it is given; the random source is not owned.
Result<rego::Evaluation> evaluation_of(const Options& options, const Loaded& loaded,
                                       const Clock& clock, RandomSource& random) {
  rego::Evaluation out;
  UNHIDRA_TRY(out.input, read_input(options));
  out.data = loaded.documents.data;
  out.strict_errors = options.strict_errors;
  out.walk_tree = options.walks_tree;
  out.now = clock.now();
  out.random = &random;
  out.max_steps = options.max_steps;
  if (options.timeout != std::chrono::nanoseconds::zero()) {
    out.clock = &clock;
    out.deadline = clock.steady_now() + options.timeout;
  }
  return out;
}

Result<int> eval_in_part(const Options& options, const Loaded& loaded, const std::string& query,
                         const Clock& clock, Stopwatch& watch) {
  crypto::SystemRandom random;
  UNHIDRA_TRY(const auto evaluation, evaluation_of(options, loaded, clock, random));
  watch.note("input_parse");
  rego::PartialOptions partial;
  partial.unknowns = options.unknowns;
  partial.apart = options.apart;
  UNHIDRA_TRY(const auto residual,
              rego::evaluate_in_part(loaded.policies, query, evaluation, partial));
  watch.note("partial_eval");
  UNHIDRA_TRY_VOID(print_residual(options, residual,
                                  options.metrics ? std::optional(watch.value()) : std::nullopt));
  return exit_code(options, !residual.queries.empty());
}

// So often as it is wanted, each time by itself; the answer is the last one's.
Result<std::vector<rego::Solution>> profiled(const Options& options, const Loaded& loaded,
                                             const rego::PreparedQuery& query,
                                             rego::Evaluation evaluation, const Clock& clock,
                                             ProfileReport& report) {
  std::vector<rego::Solution> out;
  for (std::uint32_t i = 0; i < options.repeats; ++i) {
    policy::Profile profile(clock);
    evaluation.tracer = &profile;
    if (options.timeout != std::chrono::nanoseconds::zero()) {
      evaluation.deadline = clock.steady_now() + options.timeout;
    }
    UNHIDRA_TRY(out, query.evaluate(evaluation));
    report.add(profile.lines(loaded.policies));
  }
  return out;
}

Result<int> eval_loaded(const Options& options, const Loaded& loaded, const std::string& query,
                        const Clock& clock, Stopwatch& watch) {
  Answer answer;
  const rego::QueryContext context{.package = options.package, .imports = options.imports};
  const auto prepared = loaded.policies.prepare_with_values(query, answer.expressions, context);
  if (!prepared) {
    const auto problems = loaded.policies.check_query(query, context);
    if (options.format == "json" && !problems.empty()) {
      print_problems(problems, true);
      return 2;
    }
    return fail(prepared.error());
  }
  watch.note("query_compile");
  crypto::SystemRandom random;
  policy::Coverage coverage;
  policy::Explanation explanation(options.with_variables);
  rego::EvaluationCost cost;
  UNHIDRA_TRY(auto evaluation, evaluation_of(options, loaded, clock, random));
  watch.note("input_parse");
  const bool explains = options.explanation != "off";
  evaluation.tracer = explains ? static_cast<rego::Tracer*>(&explanation) : nullptr;
  if (options.coverage) {
    evaluation.tracer = &coverage;
  }
  evaluation.cost = &cost;
  if (options.shows_builtin_errors) {
    evaluation.builtin_failed = [](const Error& error) {
      std::fprintf(stderr, "%s\n", printable(error.message()).c_str());
    };
  }
  evaluation.print = [](std::string_view line) {
    std::fprintf(stderr, "%s\n", printable(line).c_str());
  };
  ProfileReport profile;
  UNHIDRA_TRY(const auto solutions,
              options.profile ? profiled(options, loaded, *prepared, evaluation, clock, profile)
                              : prepared->evaluate(evaluation));
  watch.note("query_eval");
  for (const auto& solution : solutions) {
    answer.rows.push_back(row_of(solution, answer.expressions));
  }
  Extras extras;
  if (options.coverage) {
    extras.coverage = coverage.report(loaded.policies, [](std::string_view) { return true; });
  }
  if (options.metrics || options.instruments) {
    if (options.instruments) {
      watch.count("steps", cost.steps);
      watch.count("work", cost.work);
      watch.count("memory_bytes", cost.memory);
    }
    extras.metrics = watch.value();
  }
  if (explains) {
    extras.explanation =
        explained(explanation, loaded.documents.modules, options.explanation == "fails");
  }
  // A table for people, a list for programs.
  if (options.profile && options.format != "pretty") {
    extras.profile = profile.value(options);
  }
  print(options, answer, extras);
  if (options.profile && options.format == "pretty") {
    profile.print(options, answer.expressions);
  }
  return exit_code(options, !answer.rows.empty());
}

Result<int> eval_or_error(const Options& options) {
  std::string query = options.query;
  if (options.query_from_stdin) {
    UNHIDRA_TRY(query, read_stdin());
  }
  if (query.find_first_not_of(" \t\r\n") == std::string::npos) {
    return fail(policy::Errc::bad_file, "there is no query: name one, or use --stdin");
  }
  if (options.format == "source" && !options.partial) {
    return fail(policy::Errc::bad_file, "--format source shows what --partial leaves");
  }
  const runtime::SystemClock clock;
  Stopwatch watch(clock);
  UNHIDRA_TRY(const auto loaded, load(options, options.data));
  watch.note("load_files");
  if (!loaded) {
    return 2;
  }
  const auto evaluates = options.partial ? eval_in_part : eval_loaded;
  return evaluates(options, *loaded, query, clock, watch);
}

}  // namespace

Result<int> eval(const Options& options) {
  const auto code = eval_or_error(options);
  if (!code) {
    print_error(code.error(), options.format == "json");
    return 2;
  }
  return *code;
}

}  // namespace unhidra::server::policy_line
