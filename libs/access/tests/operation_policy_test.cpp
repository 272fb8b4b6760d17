// The policy that is asked after the roles: what it hears, and what its answers do.

#include <stdexcept>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "world.h"

namespace unhidra::access {
namespace {

class FakePolicy final : public OperationPolicy {
 public:
  PolicyVerdict judge(const OperationQuestion& question) override {
    asked.emplace_back(question.operation.name);
    times.push_back(question.now);
    if (broken) {
      throw std::runtime_error("a bug");
    }
    return answer;
  }
  PolicyVerdict answer;
  bool broken = false;
  std::vector<std::string> asked;
  std::vector<Timestamp> times;
};

class Policy : public World {
 protected:
  Policy() {
    bind_all();
    handler_ = [](OperationContext&) -> Task<Result<Reply>> { co_return Reply(); };
    runner_ = make_runner({.policy = &policy_});
  }
  void deny(std::string_view ground) {
    policy_.answer = {.allowed = false, .revision = "7 night", .ground = ground};
  }
  FakePolicy policy_;
};

TEST_F(Policy, WhatTheRolesAllowItMayDeny) {
  deny("policy");
  const auto refused = run("messages.send", request(user(Role::guest)));
  EXPECT_EQ(refused.error(), Errc::denied);
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(policy_.asked, std::vector<std::string>{"messages.send"});
  EXPECT_EQ(policy_.times, std::vector<Timestamp>{clock_.now()});
  ASSERT_EQ(events().size(), 1U);
  const auto event = events()[0];
  EXPECT_EQ(event.event_type, "message.sent");
  EXPECT_EQ(event.outcome, "denied");
  EXPECT_EQ(event.org_id, org_);
  for (const auto* part :
       {R"("reason":"denied_by_policy")", R"("policy":"7 night")", R"("policy_ground":"policy")",
        R"("permission":"messages.send")", R"("role":"guest")"}) {
    EXPECT_NE(event.metadata.find(part), std::string::npos) << part << " in " << event.metadata;
  }
  EXPECT_NE(
      metrics_.expose().find(R"(operations_total{operation="messages.send",outcome="denied"} 1)"),
      std::string::npos);
}

TEST_F(Policy, EveryGroundOfADenialIsADenialAndRecorded) {
  for (const std::string ground :
       {"undefined", "not_boolean", "failed", "exhausted", "no_policy"}) {
    deny(ground);
    EXPECT_EQ(run("users.create", request(user(Role::org_admin))).error(), Errc::denied);
    const auto all = events();
    EXPECT_NE(all.back().metadata.find("\"policy_ground\":\"" + ground + "\""), std::string::npos);
    clock_.advance(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(events().size(), 5U);
}

// One that has to ask elsewhere.
class LatePolicy final : public OperationPolicy {
 public:
  bool answers_later() const override { return true; }
  PolicyVerdict judge(const OperationQuestion&) override {
    ADD_FAILURE() << "it cannot answer at once";
    return {.allowed = false, .revision = {}, .ground = "unreachable"};
  }
  Task<PolicyVerdict> judge_later(OperationQuestion question) override {
    co_await boost::asio::post(boost::asio::use_awaitable);
    asked.emplace_back(question.operation.name);
    if (broken) {
      throw std::runtime_error("a bug");
    }
    co_return answer;
  }
  PolicyVerdict answer;
  bool broken = false;
  std::vector<std::string> asked;
};

TEST_F(Policy, OneThatAnswersLaterIsWaitedFor) {
  LatePolicy late;
  runner_ = make_runner({.policy = &late});
  EXPECT_TRUE(run("messages.send", request(user(Role::member))));
  EXPECT_EQ(handled_, 1);
  late.answer = {.allowed = false, .revision = {}, .ground = "unreachable"};
  EXPECT_EQ(run("messages.send", request(user(Role::member))).error(), Errc::denied);
  EXPECT_NE(events().back().metadata.find(R"("policy_ground":"unreachable")"), std::string::npos);
  late.broken = true;
  EXPECT_EQ(run("messages.send", request(user(Role::member))).error(), Errc::denied);
  EXPECT_EQ(late.asked.size(), 3U);
  // What the roles deny it is not asked about.
  EXPECT_EQ(run("users.create", request(user(Role::guest))).error(), Errc::denied);
  EXPECT_EQ(late.asked.size(), 3U);
  EXPECT_EQ(handled_, 1);
}

TEST_F(Policy, OneThatThrowsIsADenial) {
  policy_.broken = true;
  EXPECT_EQ(run("account.get", request(user(Role::member))).error(), Errc::denied);
  EXPECT_EQ(run("users.create", request(user(Role::org_admin))).error(), Errc::denied);
  EXPECT_EQ(handled_, 0);
  EXPECT_NE(events().at(0).metadata.find(R"("policy_ground":"failed")"), std::string::npos);
}

TEST_F(Policy, WhatTheRolesDenyItIsNotAskedAbout) {
  EXPECT_EQ(run("users.create", request(user(Role::member))).error(), Errc::denied);
  EXPECT_EQ(run("users.create", request({})).error(), Errc::unauthenticated);
  auto expired = user(Role::org_admin);
  expired.expires_at = clock_.now();
  EXPECT_EQ(run("users.create", request(expired)).error(), Errc::unauthenticated);
  EXPECT_TRUE(policy_.asked.empty());
  EXPECT_EQ(handled_, 0);
}

TEST_F(Policy, WhatIsOpenToEveryoneOrToTheMachineItIsNotAskedAbout) {
  deny("policy");
  for (const auto& operation : operations()) {
    if (operation.access == Access::everyone && operation.face == Face::rest) {
      EXPECT_TRUE(run(operation.name, request_for(operation, {})).has_value()) << operation.name;
    }
  }
  auto local = request({});
  local.peer.loopback = true;
  EXPECT_TRUE(run("system.metrics", local).has_value());
  EXPECT_TRUE(policy_.asked.empty());
  local.peer.loopback = false;
  local.principal = user(Role::super_admin);
  EXPECT_EQ(run("system.metrics", local).error(), Errc::denied);
  EXPECT_EQ(policy_.asked, std::vector<std::string>{"system.metrics"});
}

TEST_F(Policy, ItIsAskedOnceAboutEveryOtherOperation) {
  std::vector<std::string> expected;
  for (const auto& operation : operations()) {
    if (operation.access != Access::everyone && operation.face != Face::upgrade) {
      EXPECT_TRUE(run(operation.name, request_for(operation, user(Role::super_admin))).has_value())
          << operation.name;
      expected.emplace_back(operation.name);
    }
  }
  EXPECT_EQ(policy_.asked, expected);
  EXPECT_GT(expected.size(), 100U);
}

TEST_F(Policy, WhatItAllowsIsRecordedWithItsRevision) {
  policy_.answer = {.allowed = true, .revision = "7 night", .ground = "policy"};
  EXPECT_TRUE(run("users.create", request(user(Role::org_admin))).has_value());
  const auto event = events().at(0);
  EXPECT_EQ(event.outcome, "success");
  EXPECT_NE(event.metadata.find(R"("policy":"7 night")"), std::string::npos);
  EXPECT_NE(event.metadata.find(R"("reason":"granted_by_role")"), std::string::npos);
  EXPECT_EQ(event.metadata.find("policy_ground"), std::string::npos);
}

TEST_F(Policy, UpgradesAreAskedAboutToo) {
  const auto& open = *find_operation("connection.open");
  const auto admit = [&] {
    return test::run_task(runner_->admit(open, request(user(Role::member))));
  };
  ASSERT_TRUE(admit().has_value());
  deny("policy");
  EXPECT_EQ(admit().error(), Errc::denied);
  EXPECT_EQ(policy_.asked.size(), 2U);
}

}  // namespace
}  // namespace unhidra::access
