#include "unhidra/policy/policy_service.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "unhidra/policy/store.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::policy {
namespace {

using rego::Value;

Documents documents(const std::string& text, std::string revision = "r1") {
  Documents out;
  out.modules.push_back({"a.rego", "package unhidra.automation\n" + text});
  out.revision = std::move(revision);
  return out;
}

class ServiceTest : public testing::Test {
 protected:
  bool allows(std::string_view topic) {
    return service_.allows({"device:1", "publish", topic, ""}, [&] {
      ++inputs_;
      return Value::object({{Value::string("topic"), Value::string(std::string(topic))}});
    });
  }

  testkit::FakeClock clock_;
  testkit::SeededRandom random_{7};
  PolicyService service_{{.max_steps = 10'000}, clock_, random_};
  int inputs_ = 0;
};

TEST_F(ServiceTest, DeniesWithoutAPolicy) {
  EXPECT_FALSE(allows("a"));
  EXPECT_EQ(service_.decide(Value()).ground, Ground::no_policy);
  EXPECT_EQ(service_.stats().failures, 2U);
}

TEST_F(ServiceTest, EveryDoubtIsADenial) {
  const auto ground = [&](const std::string& text) {
    EXPECT_TRUE(service_.activate(documents(text)));
    const auto decision = service_.decide(Value::object({}));
    EXPECT_FALSE(decision.allowed) << text;
    return decision.ground;
  };
  EXPECT_EQ(ground("allow := false"), Ground::policy);
  EXPECT_EQ(ground("allow if input.x"), Ground::undefined);
  EXPECT_EQ(ground("allow := \"true\""), Ground::not_boolean);
  EXPECT_EQ(ground("allow := 1"), Ground::not_boolean);
  EXPECT_EQ(ground("allow := true if true\nallow := false if true"), Ground::failed);
  EXPECT_EQ(ground("allow if count(numbers.range(1, 100000000)) > 0"), Ground::exhausted);
  EXPECT_EQ(ground("other := true"), Ground::undefined);
  EXPECT_EQ(service_.stats().failures, 6U);
}

TEST_F(ServiceTest, RemembersUntilThePolicyChangesOrTimePasses) {
  ASSERT_TRUE(service_.activate(documents("allow if startswith(input.topic, \"a\")")));
  EXPECT_TRUE(allows("a"));
  EXPECT_TRUE(allows("a"));
  EXPECT_FALSE(allows("b"));
  EXPECT_EQ(inputs_, 2);
  ASSERT_TRUE(service_.activate(documents("allow if startswith(input.topic, \"b\")", "r2")));
  EXPECT_FALSE(allows("a"));
  EXPECT_TRUE(allows("b"));
  EXPECT_EQ(service_.revision(), "r2");
  EXPECT_EQ(inputs_, 4);
  clock_.advance(std::chrono::minutes(2));
  EXPECT_TRUE(allows("b"));
  EXPECT_EQ(inputs_, 5);
  service_.deactivate();
  EXPECT_FALSE(allows("b"));
}

TEST_F(ServiceTest, ABadPolicyLeavesTheOldOneInUse) {
  ASSERT_TRUE(service_.activate(documents("allow := true")));
  EXPECT_FALSE(service_.activate(documents("allow := x", "r2")));
  EXPECT_FALSE(service_.activate(Documents{}));
  EXPECT_EQ(service_.revision(), "r1");
  EXPECT_TRUE(allows("a"));
  EXPECT_EQ(service_.stats().failed_reloads, 2U);
}

Documents with_data(const std::string& text, const std::string& data, std::string revision) {
  auto out = documents(text, std::move(revision));
  out.data = *rego::value_from_json(data);
  return out;
}

constexpr auto kAdmins = "admins contains u if { some u, r in data.users; r == \"admin\" }\n";

TEST_F(ServiceTest, OtherDataTakesEffectAndCompilesNothing) {
  const std::string text = kAdmins + std::string("allow if input.topic in admins");
  ASSERT_TRUE(service_.activate(with_data(text, R"({"users": {"a": "admin"}})", "r1")));
  EXPECT_TRUE(allows("a"));
  EXPECT_FALSE(allows("b"));
  const auto generation = service_.generation();
  ASSERT_TRUE(service_.activate(with_data(text, R"({"users": {"b": "admin"}})", "r2")));
  EXPECT_FALSE(allows("a"));
  EXPECT_TRUE(allows("b"));
  EXPECT_EQ(service_.revision(), "r2");
  EXPECT_GT(service_.generation(), generation);
  EXPECT_EQ(service_.stats().compilations, 1U);
  EXPECT_EQ(service_.stats().reloads, 2U);
}

TEST_F(ServiceTest, OtherModulesOrAnotherSyntaxAreCompiled) {
  ASSERT_TRUE(service_.activate(documents("allow := true")));
  ASSERT_TRUE(service_.activate(documents("allow := false", "r2")));
  EXPECT_EQ(service_.stats().compilations, 2U);
  EXPECT_FALSE(allows("a"));
  ASSERT_TRUE(service_.activate(documents("allow := false", "r2"), rego::Syntax::v0));
  EXPECT_EQ(service_.stats().compilations, 3U);
}

// What needs no input is made at load, so decisions have their budget for themselves.
TEST_F(ServiceTest, WhatDataSaysIsKnownBeforeADecision) {
  std::string users;
  for (int i = 0; i < 20'000; ++i) {
    users += (i == 0 ? "\"u" : ",\"u") + std::to_string(i) + "\":\"admin\"";
  }
  const std::string text = kAdmins + std::string("allow if input.topic in admins");
  ASSERT_TRUE(service_.activate(with_data(text, R"({"users": {)" + users + "}}", "r1")));
  EXPECT_TRUE(allows("u19999"));
  EXPECT_FALSE(allows("v"));
  EXPECT_EQ(service_.stats().failures, 1U);  // undefined, not exhausted
  EXPECT_EQ(service_.decide(Value::object({})).ground, Ground::undefined);
}

TEST_F(ServiceTest, NoDecisionIsLostWhilePoliciesChange) {
  ASSERT_TRUE(service_.activate(documents("allow := true", "0")));
  std::atomic<bool> stop{false};
  std::atomic<int> denied{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([&, i] {
      while (!stop) {
        denied += service_.decide(Value::integer(i)).allowed ? 0 : 1;
      }
    });
  }
  for (int i = 1; i <= 200; ++i) {
    EXPECT_TRUE(service_.activate(documents("allow := true", std::to_string(i))));
  }
  stop = true;
  for (auto& asker : askers) {
    asker.join();
  }
  EXPECT_EQ(denied, 0);
  EXPECT_EQ(service_.revision(), "200");
}

// A millisecond later at each look.
class SteppingClock final : public Clock {
 public:
  Timestamp now() const override { return {}; }
  SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::milliseconds(looks_.fetch_add(1)));
  }

 private:
  mutable std::atomic<std::int64_t> looks_{0};
};

// Each expression needs the one behind it, so that a compiler looks at them again and again.
std::string slow_text() {
  std::string out = "allow if {\n";
  for (int i = 0; i < 800; ++i) {
    out += "x" + std::to_string(i) + " = x" + std::to_string(i + 1) + " + 1\n";
  }
  return out + "x800 = input.x\n}\n";
}

TEST_F(ServiceTest, WhatTheCompilerNeedsTooLongForIsRefusedAndCounted) {
  const SteppingClock clock;
  PolicyService service({}, clock, random_);
  using std::chrono::milliseconds;
  ASSERT_TRUE(service.activate(documents("allow := true"), std::nullopt, milliseconds(50)));
  const auto refused =
      service.activate(documents(slow_text(), "r2"), std::nullopt, milliseconds(50));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), rego::Errc::compile_time);
  EXPECT_EQ(service.stats().failed_reloads, 1U);
  EXPECT_TRUE(service.decide(rego::Value::object({})).allowed);
  EXPECT_TRUE(service.activate(documents(slow_text(), "r2"), std::nullopt, std::chrono::hours(1)));

  EXPECT_EQ(store::CheckedPolicy::check(documents(slow_text()), rego::Syntax::v1, {},
                                        {.clock = &clock, .max_time = milliseconds(50)})
                .error(),
            rego::Errc::compile_time);
  EXPECT_TRUE(store::CheckedPolicy::check(documents(slow_text()), rego::Syntax::v1));
}

}  // namespace
}  // namespace unhidra::policy
