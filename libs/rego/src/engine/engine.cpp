#include "unhidra/rego/engine.h"

#include <algorithm>

#include "builtins/go_time.h"
#include "builtins/json_text.h"
#include "builtins/yaml_text.h"
#include "engine/loaded.h"
#include "engine/planner.h"
#include "engine/strict.h"
#include "engine/tracing.h"
#include "syntax/parser.h"

namespace unhidra::rego {

namespace {

ProblemList with_lines(ProblemList problems, std::span<const ModuleSource> sources) {
  for (auto& problem : problems) {
    const auto source = std::ranges::find(sources, problem.file, &ModuleSource::file);
    if (source != sources.end() && problem.mark == 0) {
      problem.line = line_of(source->text, problem.row);
      problem.mark = problem.column;
      const std::size_t before = problem.column == 0 ? 0 : problem.column - 1;
      problem.column = characters_in(std::string_view(problem.line).substr(0, before)) + 1;
    }
  }
  return problems;
}

// What is compiled is charged here as an evaluation is charged elsewhere (values/work.h): whatever
// may be long asks whether to go on, and gives up any way it likes when it must not.
class CompileTime {
 public:
  explicit CompileTime(const CompileOptions& options) {
    meter_.budget = meter_.work = UINT64_MAX;
    meter_.clock = options.clock;
    meter_.deadline = options.deadline;
    if (options.clock != nullptr && options.deadline) {
      scope_.emplace(meter_);
    }
  }

  bool is_up() const { return meter_.is_exhausted(); }
  static ProblemList problem() {
    return {
        {.code = Errc::compile_time,
         .message = "compiling the policies takes longer than it may: nothing is known of them"}};
  }

 private:
  builtins::Environment meter_;
  std::optional<WorkScope> scope_;
};

std::unique_ptr<Policy> compiled(std::span<const ModuleSource> sources,
                                 const CompileOptions& options, Problems& problems) {
  std::vector<std::shared_ptr<Module>> modules;
  for (const auto& source : sources) {
    modules.push_back(parse_module(source.file, source.text, source.syntax.value_or(options.syntax),
                                   problems, options.capabilities.get()));
  }
  if (!problems.empty()) {
    return nullptr;
  }
  for (const auto& module : modules) {
    check_strictly(*module, options.strict, problems);
  }
  return Policy::compile(std::move(modules),
                         {.schemas = options.schemas.get(),
                          .capabilities = options.capabilities,
                          .test_functions = options.test_functions},
                         problems);
}

}  // namespace

std::expected<PolicySet, ProblemList> PolicySet::check(std::span<const ModuleSource> sources,
                                                       const CompileOptions& options) {
  const CompileTime time(options);
  Problems problems;
  auto policy = compiled(sources, options, problems);
  if (time.is_up()) {
    return std::unexpected(CompileTime::problem());
  }
  if (!problems.empty()) {
    return std::unexpected(with_lines(problems.list(), sources));
  }
  PolicySet out;
  out.policy_ = std::move(policy);
  return out;
}

Result<PolicySet> PolicySet::compile(std::span<const ModuleSource> sources, Syntax syntax) {
  return compile(sources, CompileOptions{.syntax = syntax});
}

Result<PolicySet> PolicySet::compile(std::span<const ModuleSource> sources,
                                     const CompileOptions& options) {
  auto out = check(sources, options);
  if (!out) {
    return fail(to_error(out.error()));
  }
  return std::move(*out);
}

namespace {

// A module without rules; null: there is no context.
Result<std::shared_ptr<Module>> module_of(const QueryContext& context) {
  if (context.package.empty() && context.imports.empty()) {
    return nullptr;
  }
  std::string text = "package " + (context.package.empty() ? "query" : context.package) + "\n";
  for (const std::string& import : context.imports) {
    text += "import " + import + "\n";
  }
  UNHIDRA_TRY(auto out, parse_module("query", text, Syntax::v1));
  if (!out->rules.empty()) {
    return fail(Errc::parse_error, "a query's package and imports are no rules");
  }
  if (context.package.empty()) {
    out->package.items.clear();
  }
  return out;
}

Result<std::shared_ptr<const Query>> planned(const Policy& policy, Body body,
                                             const Module* context = nullptr) {
  UNHIDRA_TRY(auto out, compile_query(policy, std::move(body), context));
  if (auto program = plan_query(policy, out)) {
    out.program = std::make_shared<const Program>(std::move(*program));
  }
  return std::make_shared<const Query>(std::move(out));
}

}  // namespace

Result<PreparedQuery> PolicySet::prepare(std::string_view query) const {
  UNHIDRA_TRY(auto body, parse_query(query));
  PreparedQuery out;
  out.policy_ = policy_;
  UNHIDRA_TRY(out.query_, planned(*policy_, std::move(body)));
  return out;
}

namespace {

std::size_t offset_of(std::string_view text, const Location& location) {
  std::size_t begin = 0;
  for (std::uint32_t row = 1; row < location.row; ++row) {
    begin = text.find('\n', begin) + 1;
  }
  return std::min(text.size(), begin + location.column - 1);
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n;";
  const auto begin = text.find_first_not_of(kBetween);
  if (begin == std::string_view::npos) {
    return {};
  }
  return std::string(text.substr(begin, text.find_last_not_of(kBetween) + 1 - begin));
}

}  // namespace

Result<PreparedQuery> PolicySet::prepare_with_values(std::string_view query,
                                                     std::vector<QueryExpression>& expressions,
                                                     const QueryContext& context) const {
  UNHIDRA_TRY(const auto module, module_of(context));
  Problems problems;
  Body body = parse_query(query, module.get(), problems);
  if (!problems.empty()) {
    return fail(to_error(problems.list()));
  }
  expressions.clear();
  for (std::size_t i = 0; i < body.size(); ++i) {
    Expr& expr = body[i];
    const std::size_t begin = offset_of(query, expr.location);
    const std::size_t end =
        i + 1 < body.size() ? offset_of(query, body[i + 1].location) : query.size();
    expressions.push_back({.text = trimmed(query.substr(begin, end - begin)),
                           .row = expr.location.row,
                           .column = expr.location.column,
                           .variable = {}});
    if (expr.type == Expr::Type::term && !expr.negated) {
      Term value;
      value.type = Term::Type::var;
      value.location = expr.location;
      value.name = std::string(kShownValue) + std::to_string(i);
      expressions.back().variable = value.name;
      expr.type = Expr::Type::unify;
      expr.items.insert(expr.items.begin(), std::move(value));
    }
  }
  PreparedQuery out;
  out.policy_ = policy_;
  UNHIDRA_TRY(out.query_, planned(*policy_, std::move(body), module.get()));
  return out;
}

ProblemList PolicySet::check_query(std::string_view query, const QueryContext& context) const {
  const auto module = module_of(context);
  if (!module) {
    return {{.code = Errc::parse_error, .message = module.error().message()}};
  }
  Problems problems;
  Body body = parse_query(query, module->get(), problems);
  if (problems.empty()) {
    (void)compile_query(*policy_, std::move(body), module->get(), problems);
  }
  return problems.list();
}

LoadedData PolicySet::load(Value data, const LoadBudget& budget) const {
  return Loaded::make(policy_, std::move(data), nullptr, budget);
}

std::vector<RuleInfo> PolicySet::rules() const {
  return list_rules(*policy_);
}

Result<std::vector<std::string>> package_of(const ModuleSource& source, Syntax syntax) {
  UNHIDRA_TRY(const auto module,
              parse_package(source.file, source.text, source.syntax.value_or(syntax)));
  std::vector<std::string> out;
  for (std::size_t i = 1; i < module->package.items.size(); ++i) {
    out.push_back(module->package.items[i].value.text());
  }
  return out;
}

Result<Value> value_from_json(std::string_view json) {
  auto out = builtins::parse_json(json);
  if (!out) {
    return fail(Errc::bad_document, out.error().message());
  }
  return out;
}

std::string value_to_json(const Value& value) {
  return builtins::to_json(value, false);
}

std::string value_to_json_lines(const Value& value) {
  return builtins::to_json_lines(value, "", "  ");
}

Result<Value> value_from_yaml(std::string_view yaml) {
  builtins::Environment environment;
  auto out = builtins::parse_yaml(yaml, environment);
  if (!out) {
    return fail(Errc::bad_document, out.error().message());
  }
  return out;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto out = builtins::parse_duration(text);
  if (!out) {
    return fail(Errc::bad_document, out.error().message());
  }
  return std::chrono::nanoseconds(*out);
}

Result<Value> value_from_term(std::string_view term) {
  return parse_ground_term(term);
}

}  // namespace unhidra::rego
