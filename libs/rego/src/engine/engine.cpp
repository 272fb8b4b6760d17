#include "unhidra/rego/engine.h"

#include <algorithm>

#include "builtins/json_text.h"
#include "engine/machine.h"
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
  if (auto program = plan_query(*policy_, compiled)) {
    compiled.program = std::make_shared<const Program>(std::move(*program));
  }
  out.query_ = std::make_shared<const Query>(std::move(compiled));
  return out;
}

std::vector<RuleInfo> PolicySet::rules() const {
  return list_rules(*policy_);
}

namespace {

builtins::Environment environment_of(const Evaluation& evaluation) {
  builtins::Environment out;
  out.now_ns = to_unix_micros(evaluation.now) * 1'000;
  out.random = evaluation.random;
  out.budget = evaluation.max_memory;
  if (evaluation.print) {
    out.print = evaluation.print;
  }
  return out;
}

EvaluatorSettings settings_of(const Evaluation& evaluation) {
  EvaluatorSettings out;
  out.input = evaluation.input ? &*evaluation.input : nullptr;
  out.data = &evaluation.data;
  out.tracer = evaluation.tracer;
  out.strict_errors = evaluation.strict_errors;
  out.max_steps = evaluation.max_steps;
  out.clock = evaluation.clock;
  out.deadline = evaluation.deadline;
  return out;
}

Result<std::vector<Solution>> walk(const Policy& policy, const Query& query,
                                   const Evaluation& evaluation) {
  auto environment = environment_of(evaluation);
  UNHIDRA_TRY(const auto rows, Evaluator(policy, environment, settings_of(evaluation)).run(query));
  std::vector<Solution> out;
  for (const auto& row : rows) {
    Solution solution;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i]) {
        solution.emplace_back(query.variables[i].first, *row[i]);
      }
    }
    out.push_back(std::move(solution));
  }
  return out;
}

Result<std::vector<Solution>> run(const Policy& policy, const Query& query,
                                  const Evaluation& evaluation) {
  auto environment = environment_of(evaluation);
  Machine machine(policy, environment, settings_of(evaluation));
  std::vector<Solution> out;
  UNHIDRA_TRY_VOID(machine.run(*query.program, [&](std::span<const Slot> row) {
    Solution solution;
    for (const auto& [name, slot] : query.variables) {
      solution.emplace_back(name, *row[static_cast<std::size_t>(slot)].value);
    }
    out.push_back(std::move(solution));
    return true;
  }));
  return out;
}

bool has_program(const Query& query, const Evaluation& evaluation) {
  return query.program != nullptr && !evaluation.walk_tree && evaluation.tracer == nullptr;
}

}  // namespace

Result<std::vector<Solution>> PreparedQuery::evaluate(const Evaluation& evaluation) const {
  UNHIDRA_TRY(auto solutions, has_program(*query_, evaluation)
                                  ? run(*policy_, *query_, evaluation)
                                  : walk(*policy_, *query_, evaluation));
  std::vector<Solution> out;
  for (auto& solution : solutions) {
    if (std::ranges::find(out, solution) == out.end()) {
      out.push_back(std::move(solution));
    }
  }
  return out;
}

Result<std::optional<Value>> PreparedQuery::evaluate_one(const Evaluation& evaluation) const {
  std::optional<Value> out;
  if (!has_program(*query_, evaluation)) {
    UNHIDRA_TRY(const auto solutions, walk(*policy_, *query_, evaluation));
    if (!solutions.empty() && !solutions[0].empty()) {
      out = solutions[0][0].second;
    }
    return out;
  }
  auto environment = environment_of(evaluation);
  Machine machine(*policy_, environment, settings_of(evaluation));
  UNHIDRA_TRY_VOID(machine.run(*query_->program, [&](std::span<const Slot> row) {
    if (!query_->variables.empty()) {
      out = *row[static_cast<std::size_t>(query_->variables[0].second)].value;
    }
    return false;
  }));
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
