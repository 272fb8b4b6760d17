// `unhidra policy explain`: why a decision comes out as it does.
#include <cstdio>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/policy/explanation.h"
#include "unhidra/runtime/system_clock.h"

#include "loading.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

// The input that the broker would ask with, from flags; what --input gives stays where no flag says
// otherwise.
Result<std::optional<Value>> question(const Options& options) {
  UNHIDRA_TRY(auto input, read_input(options));
  const auto& asked = options.question;
  std::vector<Value::Member> members;
  const auto object = [](std::string_view name, const std::string& id, std::string_view more,
                         const std::string& value) {
    std::vector<Value::Member> out{{text("id"), text(id)}};
    if (!value.empty()) {
      out.emplace_back(text(more), text(value));
    }
    return Value::Member(text(name), Value::object(std::move(out)));
  };
  if (!asked.device.empty()) {
    members.push_back(object("device", asked.device, "type", asked.device_type));
  }
  if (!asked.user.empty()) {
    members.push_back(object("user", asked.user, "role", asked.role));
  }
  const bool publishes = !asked.publish.empty();
  const std::string& topic = publishes ? asked.publish : asked.subscribe;
  if (!topic.empty()) {
    members.emplace_back(text("action"), text(publishes ? "publish" : "subscribe"));
    members.emplace_back(text("topic"), text(topic));
    members.emplace_back(text("reading_type"),
                         text(std::string_view(topic).substr(topic.rfind('/') + 1)));
    members.emplace_back(text("qos"), Value::integer(asked.qos));
    members.emplace_back(text("retain"), Value::boolean(asked.retain));
    members.emplace_back(text("delivery"), Value::boolean(false));
    if (!publishes) {
      members.emplace_back(text("filter"), text(topic));
    }
  }
  if (members.empty()) {
    return input;
  }
  std::vector<Value::Member> all;
  if (input && input->is(rego::Kind::object)) {
    all.assign(input->members().begin(), input->members().end());
  }
  all.insert(all.end(), members.begin(), members.end());
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

Result<int> explain(const Options& options) {
  UNHIDRA_TRY(const auto input, question(options));
  UNHIDRA_TRY(const auto loaded, load(options, options.data));
  if (!loaded) {
    return 2;
  }
  std::vector<rego::QueryExpression> expressions;
  UNHIDRA_TRY(const auto query, loaded->policies.prepare_with_values(options.query, expressions));
  if (expressions.size() != 1 || expressions[0].variable.empty()) {
    return fail(policy::Errc::no_policy, "explain wants one reference, such as data.a.allow");
  }
  const runtime::SystemClock clock;
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
