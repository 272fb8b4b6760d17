// One evaluation of a prepared query: what it is given, its solutions, and what may leave it.
#include <algorithm>
#include <numeric>

#include "engine/engine_parts.h"
#include "engine/machine.h"

namespace unhidra::rego {

const Loaded* loaded_of(const Evaluation& evaluation) {
  return evaluation.loaded == nullptr ? nullptr : evaluation.loaded->loaded_.get();
}

builtins::Environment environment_of(const Evaluation& evaluation) {
  builtins::Environment out;
  out.now_ns = to_unix_micros(evaluation.now) * 1'000;
  out.random = evaluation.random;
  out.host = evaluation.host;
  out.clock = evaluation.clock;
  out.deadline = evaluation.deadline;
  out.budget = evaluation.max_memory;
  out.work = builtins::work_of_steps(evaluation.max_steps);
  if (evaluation.print) {
    out.print = evaluation.print;
  }
  if (evaluation.builtin_failed) {
    out.call_failed = evaluation.builtin_failed;
  }
  return out;
}

namespace {

// Only a program of the host makes such a value: nothing here follows it to its end.
bool is_too_deep(const Value& value) {
  return value.depth() > builtins::kMaxValueDepth;
}

}  // namespace

Status check_documents(const EvaluatorSettings& settings) {
  if ((settings.input != nullptr && is_too_deep(*settings.input)) ||
      (settings.data != nullptr && is_too_deep(*settings.data))) {
    return fail(Errc::budget_exhausted, "input or data is nested too deeply");
  }
  return {};
}

EvaluatorSettings settings_of(const Evaluation& evaluation, const Policy& policy,
                              const Loaded* loaded) {
  EvaluatorSettings out;
  out.input = evaluation.input ? &*evaluation.input : nullptr;
  out.data = loaded == nullptr ? &evaluation.data : &loaded->data;
  const bool makes_all = evaluation.walk_tree || evaluation.tracer != nullptr;
  if (loaded != nullptr && loaded->policy.get() == &policy && !makes_all) {
    out.loaded = loaded;
  }
  out.tracer = evaluation.tracer;
  out.strict_errors = evaluation.strict_errors;
  out.max_steps = evaluation.max_steps;
  out.clock = evaluation.clock;
  out.deadline = evaluation.deadline;
  return out;
}

namespace {

constexpr std::uint64_t kSolutionCharge = 64;  // bytes, about, of each of its variables

Error used_up() {
  return {Errc::budget_exhausted, "the evaluation's budget is used up"};
}

Result<std::vector<Solution>> walk(const Policy& policy, const Query& query,
                                   builtins::Environment& environment,
                                   const EvaluatorSettings& settings, std::uint64_t& steps) {
  Evaluator evaluator(policy, environment, settings);
  const auto answer = evaluator.run(query);
  steps = evaluator.steps();
  UNHIDRA_TRY(const auto& rows, answer);
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
                                  builtins::Environment& environment,
                                  const EvaluatorSettings& settings, std::uint64_t& steps) {
  Machine machine(policy, policy.plans(), environment, settings);
  std::vector<Solution> out;
  const auto done = machine.run(*query.program, [&](std::span<const Slot> row) {
    Solution solution;
    for (const auto& [name, slot] : query.variables) {
      solution.emplace_back(name, *row[static_cast<std::size_t>(slot)].value);
    }
    out.push_back(std::move(solution));
    return environment.charge(kSolutionCharge * (1 + query.variables.size())).has_value();
  });
  steps = machine.steps();
  UNHIDRA_TRY_VOID(done);
  return out;
}

bool has_program(const Query& query, const Evaluation& evaluation) {
  return query.program != nullptr && !evaluation.walk_tree && evaluation.tracer == nullptr;
}

int compare_solutions(const Solution& a, const Solution& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int by_name = a[i].first.compare(b[i].first)) {
      return by_name;
    }
    if (const int by_value = compare(a[i].second, b[i].second)) {
      return by_value;
    }
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

// Each once, where it came first.
std::vector<Solution> distinct(std::vector<Solution> all) {
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  WorkOrder work;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const int by_values = work.goes_on() ? compare_solutions(all[a], all[b]) : 0;
    return by_values != 0 ? by_values < 0 : a < b;
  });
  std::vector<bool> again(all.size());
  for (std::size_t i = 1; i < order.size(); ++i) {
    again[order[i]] = compare_solutions(all[order[i - 1]], all[order[i]]) == 0;
  }
  std::vector<Solution> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!again[i]) {
      out.push_back(std::move(all[i]));
    }
  }
  return out;
}

// What leaves an evaluation can be written: within its budget, however often parts are shared.
bool may_leave(const Value& value, builtins::Environment& environment) {
  constexpr std::uint32_t kShort = 1'024;
  return value.weight() <= kShort || environment.expect_room_for(value).has_value();
}

}  // namespace

namespace {

EvaluationCost cost_of(const Evaluation& evaluation, const builtins::Environment& environment,
                       std::uint64_t steps) {
  const std::uint64_t work = builtins::work_of_steps(evaluation.max_steps);
  return {.steps = steps,
          .work = work - std::min(work, environment.work),
          .memory = evaluation.max_memory - std::min(evaluation.max_memory, environment.budget)};
}

}  // namespace

Result<std::vector<Solution>> PreparedQuery::evaluate(const Evaluation& evaluation) const {
  const Loaded* loaded = loaded_of(evaluation);
  const auto settings = settings_of(evaluation, *policy_, loaded);
  UNHIDRA_TRY_VOID(check_documents(settings));
  const auto answer = has_program(*query_, evaluation) ? run : walk;
  auto environment = environment_of(evaluation);
  std::uint64_t steps = 0;
  auto solved = answer(*policy_, *query_, environment, settings, steps);
  if (evaluation.cost != nullptr) {
    *evaluation.cost = cost_of(evaluation, environment, steps);
  }
  UNHIDRA_TRY(auto solutions, std::move(solved));
  const WorkScope work(environment);
  auto out = solutions.size() < 2 ? std::move(solutions) : distinct(std::move(solutions));
  for (const auto& solution : out) {
    for (const auto& [name, value] : solution) {
      if (!may_leave(value, environment)) {
        return fail(used_up());
      }
    }
  }
  if (environment.is_exhausted()) {
    return fail(used_up());
  }
  return out;
}

Result<std::optional<Value>> PreparedQuery::evaluate_one(const Evaluation& evaluation) const {
  const Loaded* loaded = loaded_of(evaluation);
  const auto settings = settings_of(evaluation, *policy_, loaded);
  UNHIDRA_TRY_VOID(check_documents(settings));
  auto environment = environment_of(evaluation);
  std::optional<Value> out;
  if (!has_program(*query_, evaluation)) {
    std::uint64_t steps = 0;
    UNHIDRA_TRY(const auto solutions, walk(*policy_, *query_, environment, settings, steps));
    if (!solutions.empty() && !solutions[0].empty()) {
      out = solutions[0][0].second;
    }
  } else {
    Machine machine(*policy_, policy_->plans(), environment, settings);
    UNHIDRA_TRY_VOID(machine.run(*query_->program, [&](std::span<const Slot> row) {
      if (!query_->variables.empty()) {
        out = *row[static_cast<std::size_t>(query_->variables[0].second)].value;
      }
      return false;
    }));
  }
  if (out && !may_leave(*out, environment)) {
    return fail(used_up());
  }
  return out;
}

}  // namespace unhidra::rego
