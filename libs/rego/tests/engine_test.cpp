#include <thread>

#include "measured_policies.h"
#include "policies.h"

namespace unhidra::rego {
namespace {

class OfflineHost final : public Host {
 public:
  Result<Value> http_send(const Value& request) override {
    return Value::object({{Value::string("status_code"), Value::integer(200)},
                          {Value::string("body"), *request.find("url")}});
  }
};

TEST(Host, CallsAreOffUnlessTheHostTakesThem) {
  const auto policy = compile(
      "package a\np := http.send({\"method\": \"get\", \"url\": \"http://x/\"}).body\n"
      "q := net.lookup_ip_addr(\"localhost\")\n");
  ASSERT_TRUE(policy) << policy.error().message();
  Evaluation evaluation;
  evaluation.strict_errors = true;
  const auto refused = ask(*policy, "data.a.p = x", "", evaluation);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::eval_builtin);
  OfflineHost host;
  evaluation.host = &host;
  EXPECT_EQ(ask(*policy, "data.a.p = x", "", evaluation).value_or("error"), "x=\"http://x/\"");
  EXPECT_FALSE(ask(*policy, "data.a.q = x", "", evaluation));
}

// Sleeps by moving a clock.
class SleepingHost final : public Host, public Clock {
 public:
  Timestamp now() const override { return {}; }
  SteadyTime steady_now() const override { return time_; }
  Status sleep(std::chrono::nanoseconds duration) override {
    time_ += std::chrono::duration_cast<SteadyTime::duration>(duration);
    return {};
  }

 private:
  SteadyTime time_{};
};

TEST(Host, SleepIsKnownToTestsOnlyAndEndsWithTheTime) {
  const ModuleSource source{"test.rego",
                            "package a\np := test.sleep(\"20ms\")\nq := test.sleep(\"1h\")\n"
                            "r := test.sleep(\"soon\")"};
  const auto unknown = PolicySet::check({&source, 1}, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error()[0].message, "undefined function test.sleep");
  const auto policy = PolicySet::check({&source, 1}, {.test_functions = true});
  ASSERT_TRUE(policy);
  SleepingHost host;
  Evaluation evaluation;
  evaluation.strict_errors = true;
  EXPECT_EQ(ask(*policy, "data.a.p = x", "", evaluation).error(), Errc::eval_builtin);
  evaluation.host = &host;
  evaluation.clock = &host;
  EXPECT_EQ(ask(*policy, "data.a.p = x", "", evaluation).value(), "x=null");
  EXPECT_EQ(host.steady_now(), SteadyTime(std::chrono::milliseconds(20)));
  evaluation.deadline = host.steady_now() + std::chrono::seconds(1);
  EXPECT_EQ(ask(*policy, "data.a.q = x", "", evaluation).error(), Errc::budget_exhausted);
  EXPECT_EQ(host.steady_now(), *evaluation.deadline);
  EXPECT_EQ(ask(*policy, "data.a.r = x", "", evaluation).error(), Errc::eval_builtin);
}

std::string decide(const std::string& input) {
  return ask(kRoadmap, "data.unhidra.automation.allow = x", input, Syntax::v0).value_or("error");
}

TEST(Policy, TheRoadmapsExampleRunsAsWritten) {
  EXPECT_EQ(decide(R"({"device": {"type": "thermostat"}, "action": "publish", "topic": "hvac/a"})"),
            "x=true");
  EXPECT_EQ(decide(R"({"device": {"type": "thermostat"}, "action": "publish", "topic": "door/a"})"),
            "x=false");
  EXPECT_EQ(decide(R"({"device": {"type": "sensor", "id": "7"}, "action": "publish",
                       "topic": "sensors/7/co2", "reading_type": "co2"})"),
            "x=true");
  EXPECT_EQ(decide(R"({"device": {"type": "sensor", "id": "7"}, "action": "publish",
                       "topic": "sensors/8/co2", "reading_type": "co2"})"),
            "x=false");
  EXPECT_EQ(decide(R"({"user": {"role": "admin"}})"), "x=true");
  EXPECT_EQ(decide("{}"), "x=false");
  EXPECT_EQ(decide(R"("hostile")"), "x=false");
}

TEST(Policy, WithoutInputEverythingOfItIsUndefined) {
  EXPECT_EQ(ask(kRoadmap, "data.unhidra.automation.allow = x", "", Syntax::v0).value(), "x=false");
}

TEST(Policy, AModuleChoosesItsSyntaxByImport) {
  EXPECT_EQ(ask("package a\nimport rego.v1\np if true", "data.a.p = x", "", Syntax::v0).value(),
            "x=true");
  EXPECT_FALSE(ask("package a\np if true", "data.a.p = x", "", Syntax::v0));
  EXPECT_FALSE(ask("package a\np { true }", "data.a.p = x", "", Syntax::v1));
}

TEST(Policy, ExpressionsAreOrderedAsTheyNeedEachOther) {
  EXPECT_EQ(ask("package a\np := y if { y := x + 1; x = 41 }", "data.a.p = x").value(), "x=42");
  EXPECT_EQ(ask("package a\np := [x, y] if { [x, 1] = [2, y] }", "data.a.p = x").value(),
            "x=[2,1]");
}

TEST(Policy, NumbersAreExact) {
  EXPECT_EQ(ask("package a\np := 1 / 3", "data.a.p = x").value(), "x=0.33333333333333333334");
  EXPECT_EQ(ask("package a\np := 9007199254740993 + 1", "data.a.p = x").value(),
            "x=9007199254740994");
}

TEST(Policy, DataIsAnotherOneEachTime) {
  const auto policy = compile("package a\nallow if data.users[input.user].active");
  ASSERT_TRUE(policy);
  Evaluation evaluation;
  evaluation.data = *value_from_json(R"({"users": {"ada": {"active": true}}})");
  EXPECT_EQ(ask(*policy, "data.a.allow = x", R"({"user": "ada"})", evaluation).value(), "x=true");
  evaluation.data = *value_from_json(R"({"users": {"ada": {"active": false}}})");
  EXPECT_EQ(ask(*policy, "data.a.allow = x", R"({"user": "ada"})", evaluation).value(), "");
}

TEST(Policy, ManyThreadsAskOnePolicyAtOnce) {
  const auto policy = compile(kRoadmap, Syntax::v0);
  ASSERT_TRUE(policy);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        EXPECT_EQ(
            ask(*policy, "data.unhidra.automation.allow = x", R"({"user": {"role": "admin"}})")
                .value_or("error"),
            "x=true");
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace unhidra::rego
