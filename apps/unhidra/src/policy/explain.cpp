// `unhidra policy explain`: why a decision comes out as it does.
#include <cstdio>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/policy/explanation.h"
#include "unhidra/runtime/system_clock.h"

#include "loading.h"
#include "question.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

// What the server would ask with; what --input gives stays where no flag says otherwise.
Result<std::optional<Value>> question(const Options& options, Timestamp now) {
  UNHIDRA_TRY(auto input, read_input(options));
  UNHIDRA_TRY(const auto asked, question_input(options.question, now));
  if (!asked) {
    return input;
  }
  std::vector<Value::Member> all;
  if (input && input->is(rego::Kind::object)) {
    all.assign(input->members().begin(), input->members().end());
  }
  all.insert(all.end(), asked->members().begin(), asked->members().end());
  return std::optional(Value::object(std::move(all)));
}

void print_pretty(const Options& options, const std::optional<Value>& input,
                  const std::vector<rego::Solution>& solutions,
                  const policy::Explanation& explanation, const Loaded& loaded) {
  std::printf("%s = %s\n", printable(options.query).c_str(),
              solutions.empty() ? "undefined"
                                : rego::value_to_json(solutions.front().front().second).c_str());
  std::printf("input: %s\n\n", input ? rego::value_to_json(*input).c_str() : "none");
  const auto told = explanation.text(loaded.documents.modules);
  std::fputs(told.empty() ? "No rule was tried: nothing of that name is defined.\n" : told.c_str(),
             stdout);
}

}  // namespace

Result<int> explain(const Options& given) {
  const runtime::SystemClock clock;
  Options options = given;
  if (options.query.empty()) {
    options.query = standard_query(options.question);
  }
  UNHIDRA_TRY(const auto input, question(options, clock.now()));
  UNHIDRA_TRY(const auto loaded, load(options, options.data));
  if (!loaded) {
    return 1;
  }
  std::vector<rego::QueryExpression> expressions;
  UNHIDRA_TRY(const auto query, loaded->policies.prepare_with_values(options.query, expressions));
  if (expressions.size() != 1 || expressions[0].variable.empty()) {
    return fail(policy::Errc::no_policy, "explain wants one reference, such as data.a.allow");
  }
  crypto::SystemRandom random;
  policy::Explanation explanation;
  rego::Evaluation evaluation;
  evaluation.input = input;
  evaluation.data = loaded->documents.data;
  evaluation.now = clock.now();
  evaluation.random = &random;
  evaluation.max_steps = options.max_steps;
  evaluation.tracer = &explanation;
  UNHIDRA_TRY(const auto solutions, query.evaluate(evaluation));
  if (options.format == "json") {
    std::vector<Value::Member> out{{text("query"), text(options.query)},
                                   {text("rules"), explanation.value(loaded->documents.modules)}};
    if (!solutions.empty()) {
      out.emplace_back(text("result"), solutions.front().front().second);
    }
    if (input) {
      out.emplace_back(text("input"), *input);
    }
    print_json(Value::object(std::move(out)));
  } else {
    print_pretty(options, input, solutions, explanation, *loaded);
  }
  return 0;
}

}  // namespace unhidra::server::policy_line
