// `unhidra policy explain`: why a decision comes out as it does.
#include <cstdio>

#include "unhidra/automation/topic_question.h"
#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/policy/explanation.h"
#include "unhidra/runtime/system_clock.h"

#include "loading.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

automation::SubjectFacts facts_of(const Question& asked) {
  automation::SubjectFacts out;
  if (!asked.device.empty()) {
    out.push_back(fact_of(automation::DeviceFacts{.id = asked.device,
                                                  .type = asked.device_type,
                                                  .name = {},
                                                  .owner = {},
                                                  .groups = asked.groups,
                                                  .labels = asked.labels,
                                                  .certificate_serial = {}}));
  }
  if (!asked.user.empty()) {
    out.push_back(fact_of(automation::PersonFacts{
        .id = asked.user, .is_admin = asked.role == "admin", .roles = {asked.role}}));
  }
  if (!asked.ip.empty()) {
    out.push_back(
        fact_of(automation::ClientFacts{.ip = asked.ip, .transport = "tls", .id = asked.device}));
  }
  return out;
}

// The broker's question.
Value asked_by(const Question& asked) {
  const bool publishes = !asked.publish.empty();
  automation::TopicQuestion question{.action = "connect"};
  if (publishes) {
    question.action = "publish";
    question.topic = asked.publish;
  } else if (!asked.subscribe.empty()) {
    question.action = "subscribe";
    question.topic = asked.subscribe;
    question.filter = asked.subscribe;
  } else if (!asked.deliver.empty()) {
    question.action = "subscribe";
    question.topic = asked.deliver;
    question.delivery = true;
  }
  question.qos = static_cast<mqtt::QoS>(asked.qos);
  question.retain = asked.retain;
  return automation::topic_input(facts_of(asked), question);
}

// What the broker would ask with, from flags; what --input gives stays where no flag says
// otherwise.
Result<std::optional<Value>> question(const Options& options) {
  UNHIDRA_TRY(auto input, read_input(options));
  if (!options.question.asks()) {
    return input;
  }
  std::vector<Value::Member> all;
  if (input && input->is(rego::Kind::object)) {
    all.assign(input->members().begin(), input->members().end());
  }
  const auto asked = asked_by(options.question);
  all.insert(all.end(), asked.members().begin(), asked.members().end());
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
