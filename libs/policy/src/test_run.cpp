#include "unhidra/policy/test_run.h"

#include <algorithm>
#include <set>

#include "unhidra/policy/explanation.h"

namespace unhidra::policy {
namespace {

using rego::Kind;
using rego::Value;

// The last step of a path: data.a.test_x, data.a["b-c"].test_x.
std::string_view own_name(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

// Names as the language's own regular expressions pick them.
Result<std::vector<rego::RuleInfo>> picked(const rego::PolicySet& policies,
                                           const std::string& pattern) {
  UNHIDRA_TRY(const auto query,
              policies.prepare("matches := regex.match(input.pattern, input.name)"));
  std::vector<rego::RuleInfo> out;
  std::set<std::string, std::less<>> seen;
  for (auto& rule : policies.rules()) {
    const auto name = own_name(rule.path);
    if (rule.is_function || rule.is_else || rule.is_default || seen.contains(rule.path) ||
        !(name.starts_with("test_") || name.starts_with("todo_test_"))) {
      continue;
    }
    rego::Evaluation evaluation;
    evaluation.strict_errors = true;
    evaluation.input = Value::object({{Value::string("pattern"), Value::string(pattern)},
                                      {Value::string("name"), Value::string(rule.path)}});
    const auto solutions = query.evaluate(evaluation);
    if (!solutions) {
      return fail(Errc::bad_file, "'" + pattern + "': " + solutions.error().message());
    }
    if (!solutions->empty() && solutions->front().front().second == Value::boolean(true)) {
      seen.insert(rule.path);
      out.push_back(std::move(rule));
    }
  }
  return out;
}

// False nowhere in it: a rule may give one answer for each of its cases.
bool holds(const Value& value) {
  if (value.is(Kind::object)) {
    return std::ranges::all_of(value.members(),
                               [](const Value::Member& member) { return holds(member.second); });
  }
  return !(value == Value::boolean(false));
}

void run_one(const rego::PolicySet& policies, const Documents& documents,
             const TestOptions& options, const Clock& clock, RandomSource& random,
             TestResult& out) {
  const auto query = policies.prepare(out.name + " = answer");
  if (!query) {
    out.outcome = Outcome::error;
    out.detail = query.error().message();
    return;
  }
  Explanation explanation;
  rego::Evaluation evaluation;
  evaluation.data = documents.data;
  evaluation.strict_errors = true;
  evaluation.now = clock.now();
  evaluation.random = &random;
  evaluation.max_steps = options.max_steps;
  evaluation.print = [&out](std::string_view line) { out.output += std::string(line) + "\n"; };
  evaluation.tracer = options.coverage;
  const auto begin = clock.steady_now();
  if (options.timeout != std::chrono::nanoseconds::zero()) {
    evaluation.clock = &clock;
    evaluation.deadline = begin + options.timeout;
  }
  const auto solutions = query->evaluate(evaluation);
  out.duration = clock.steady_now() - begin;
  if (!solutions) {
    out.outcome = Outcome::error;
    out.detail = solutions.error().message();
    return;
  }
  if (!solutions->empty() && holds(solutions->front().front().second)) {
    return;
  }
  out.outcome = Outcome::failed;
  evaluation.tracer = &explanation;
  evaluation.deadline.reset();
  evaluation.print = {};
  (void)query->evaluate(evaluation);
  out.detail = explanation.text(documents.modules);
}

}  // namespace

Result<std::vector<TestResult>> run_tests(const rego::PolicySet& policies,
                                          const Documents& documents, const TestOptions& options,
                                          const Clock& clock, RandomSource& random) {
  UNHIDRA_TRY(const auto rules, picked(policies, options.pattern));
  std::vector<TestResult> out;
  for (const auto& rule : rules) {
    TestResult result{.name = rule.path,
                      .file = std::string(rule.place.file),
                      .row = rule.place.row,
                      .outcome = Outcome::passed,
                      .output = {},
                      .detail = {}};
    if (own_name(rule.path).starts_with("todo_test_")) {
      result.outcome = Outcome::skipped;
    } else {
      run_one(policies, documents, options, clock, random, result);
    }
    out.push_back(std::move(result));
  }
  return out;
}

}  // namespace unhidra::policy
