#include "unhidra/rego/engine.h"

#include <algorithm>

#include "builtins/json_text.h"
#include "builtins/yaml_text.h"
#include "engine/evaluator.h"
#include "engine/strict.h"
#include "engine/tracing.h"
#include "syntax/parser.h"

namespace unhidra::rego {

namespace {

ProblemList with_lines(ProblemList problems, std::span<const ModuleSource> sources) {
  for (auto& problem : problems) {
    const auto source = std::ranges::find(sources, problem.file, &ModuleSource::file);
    if (source != sources.end()) {
      problem.line = line_of(source->text, problem.row);
    }
  }
  return problems;
}

}  // namespace

std::expected<PolicySet, ProblemList> PolicySet::check(std::span<const ModuleSource> sources,
                                                       const CompileOptions& options) {
  Problems problems;
  std::vector<std::shared_ptr<Module>> modules;
  for (const auto& source : sources) {
    modules.push_back(parse_module(source.file, source.text, options.syntax, problems));
  }
  std::unique_ptr<Policy> policy;
  if (problems.empty()) {
    for (const auto& module : modules) {
      check_strictly(*module, options.strict, problems);
    }
    policy = Policy::compile(std::move(modules), problems);
  }
  if (!problems.empty()) {
    return std::unexpected(with_lines(problems.list(), sources));
  }
  PolicySet out;
  out.policy_ = std::move(policy);
  return out;
}

Result<PolicySet> PolicySet::compile(std::span<const ModuleSource> sources, Syntax syntax) {
  auto out = check(sources, {.syntax = syntax});
  if (!out) {
    return fail(to_error(out.error()));
  }
  return std::move(*out);
}

Result<PreparedQuery> PolicySet::prepare(std::string_view query) const {
  UNHIDRA_TRY(auto body, parse_query(query));
  UNHIDRA_TRY(auto compiled, compile_query(*policy_, std::move(body)));
  PreparedQuery out;
  out.policy_ = policy_;
  out.query_ = std::make_shared<const Query>(std::move(compiled));
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

Result<PreparedQuery> PolicySet::prepare_with_values(
    std::string_view query, std::vector<QueryExpression>& expressions) const {
  UNHIDRA_TRY(auto body, parse_query(query));
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
  UNHIDRA_TRY(auto compiled, compile_query(*policy_, std::move(body)));
  PreparedQuery out;
  out.policy_ = policy_;
  out.query_ = std::make_shared<const Query>(std::move(compiled));
  return out;
}

std::vector<RuleInfo> PolicySet::rules() const {
  return list_rules(*policy_);
}

Result<std::vector<Solution>> PreparedQuery::evaluate(const Evaluation& evaluation) const {
  builtins::Environment environment;
  environment.now_ns = to_unix_micros(evaluation.now) * 1'000;
  environment.random = evaluation.random;
  environment.budget = evaluation.max_memory;
  environment.print = evaluation.print;
  EvaluatorSettings settings;
  settings.input = evaluation.input;
  settings.data = evaluation.data;
  settings.tracer = evaluation.tracer;
  settings.strict_errors = evaluation.strict_errors;
  settings.max_steps = evaluation.max_steps;
  UNHIDRA_TRY(const auto rows, Evaluator(*policy_, environment, std::move(settings)).run(*query_));
  std::vector<Solution> out;
  for (const auto& row : rows) {
    Solution solution;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i]) {
        solution.emplace_back(query_->variables[i].first, *row[i]);
      }
    }
    if (std::ranges::find(out, solution) == out.end()) {
      out.push_back(std::move(solution));
    }
  }
  return out;
}

Result<std::vector<std::string>> package_of(const ModuleSource& source, Syntax syntax) {
  UNHIDRA_TRY(const auto module, parse_module(source.file, source.text, syntax));
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

Result<Value> value_from_term(std::string_view term) {
  return parse_ground_term(term);
}

}  // namespace unhidra::rego
