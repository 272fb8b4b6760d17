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

// Which cases a rule began, and whatever else is to be told.
class CaseTracer final : public rego::Tracer {
 public:
  CaseTracer(std::string_view path, rego::Tracer* beside) : path_(path), beside_(beside) {}

  void rule_keyed(std::string_view path, const rego::Place&, std::span<const Value> keys) override {
    if (path == path_) {
      begun_.emplace(keys.begin(), keys.end());
    }
  }
  void rule_entered(std::string_view path, const rego::Place& rule) override {
    tell([&](rego::Tracer& tracer) { tracer.rule_entered(path, rule); });
  }
  void rule_left(std::string_view path, const rego::Place& rule, bool matched) override {
    tell([&](rego::Tracer& tracer) { tracer.rule_left(path, rule, matched); });
  }
  void expression_tried(const rego::Place& expression) override {
    tell([&](rego::Tracer& tracer) { tracer.expression_tried(expression); });
  }
  void expression_held(const rego::Place& expression) override {
    tell([&](rego::Tracer& tracer) { tracer.expression_held(expression); });
  }
  void expression_redone(const rego::Place& expression) override {
    tell([&](rego::Tracer& tracer) { tracer.expression_redone(expression); });
  }
  void expression_failed(const rego::Place& expression) override {
    tell([&](rego::Tracer& tracer) { tracer.expression_failed(expression); });
  }

  std::vector<TestCase> cases(const Value* answer) const {
    std::vector<TestCase> out;
    for (const auto& keys : begun_) {
      TestCase one;
      const Value* at = answer;
      for (const Value& key : keys) {
        one.name += (one.name.empty() ? "" : "/") +
                    (key.is(Kind::string) ? key.text() : rego::value_to_json(key));
        at = at != nullptr && at->is(Kind::object) ? at->find(key) : nullptr;
      }
      one.passed = at != nullptr && holds(*at);
      out.push_back(std::move(one));
    }
    return out;
  }

 private:
  template <class Tell>
  void tell(Tell tell) {
    if (beside_ != nullptr) {
      tell(*beside_);
    }
  }

  std::string_view path_;
  rego::Tracer* beside_;
  std::set<std::vector<Value>> begun_;
};

void run_one(const rego::PolicySet& policies, const Documents& documents,
             const TestOptions& options, bool has_cases, const Clock& clock, RandomSource& random,
             TestResult& out) {
  const auto query = policies.prepare(out.name + " = answer");
  if (!query) {
    out.outcome = Outcome::error;
    out.detail = query.error().message();
    return;
  }
  Explanation explanation(options.with_variables);
  rego::Evaluation evaluation;
  evaluation.data = documents.data;
  evaluation.strict_errors = true;
  evaluation.now = clock.now();
  evaluation.random = &random;
  evaluation.max_steps = options.max_steps;
  evaluation.print = [&out](std::string_view line) { out.output += std::string(line) + "\n"; };
  CaseTracer cases(out.name, options.coverage);
  evaluation.tracer = has_cases ? static_cast<rego::Tracer*>(&cases) : options.coverage;
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
  const Value* answer = solutions->empty() ? nullptr : &solutions->front().front().second;
  out.cases = cases.cases(answer);
  if (answer != nullptr && holds(*answer) && std::ranges::all_of(out.cases, &TestCase::passed)) {
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
                      .cases = {},
                      .output = {},
                      .detail = {}};
    if (own_name(rule.path).starts_with("todo_test_")) {
      result.outcome = Outcome::skipped;
    } else {
      run_one(policies, documents, options, rule.has_keys, clock, random, result);
    }
    out.push_back(std::move(result));
  }
  return out;
}

}  // namespace unhidra::policy
