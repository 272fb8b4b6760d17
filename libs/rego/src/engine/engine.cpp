#include "unhidra/rego/engine.h"

#include <algorithm>

#include "builtins/json_text.h"
#include "engine/evaluator.h"
#include "engine/tracing.h"
#include "syntax/parser.h"

namespace unhidra::rego {

Result<PolicySet> PolicySet::compile(std::span<const ModuleSource> sources, Syntax syntax) {
  std::vector<std::shared_ptr<Module>> modules;
  for (const auto& source : sources) {
    UNHIDRA_TRY(auto module, parse_module(source.file, source.text, syntax));
    modules.push_back(std::move(module));
  }
  UNHIDRA_TRY(auto policy, Policy::compile(std::move(modules)));
  PolicySet out;
  out.policy_ = std::move(policy);
  return out;
}

Result<PreparedQuery> PolicySet::prepare(std::string_view query) const {
  UNHIDRA_TRY(auto body, parse_query(query));
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

Result<Value> value_from_term(std::string_view term) {
  return parse_ground_term(term);
}

}  // namespace unhidra::rego
