// An operation policy elsewhere: who is asked what, and that no answer is a denial.
#include "policy/remote_operations.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "unhidra/automation/operation_question.h"
#include "unhidra/rego/engine.h"
#include "unhidra/testkit/fake_clock.h"

#include "one_answer.h"

namespace unhidra::automation {
namespace {

using namespace std::chrono_literals;
using policy::testing_remote::http;
using policy::testing_remote::OneAnswer;

constexpr auto kPath = "/v1/data/unhidra/operations/allow";

struct Heard final : policy::DecisionSink {
  void record(const policy::DecisionRecord& record) override {
    queries.emplace_back(record.query);
    scopes.emplace_back(record.scope);
    grounds.push_back(record.decision.ground);
  }
  std::vector<std::string> queries, scopes;
  std::vector<policy::Ground> grounds;
};

class RemoteOperationsTest : public testing::Test {
 protected:
  RemoteOperationsTest() {
    request_.principal = access::make_user_principal(
        org_, UserId(Uuid{2}), DeviceId(Uuid{3}), SessionId(Uuid{4}),
        access::RoleSet(access::Role::member), clock_.now() + std::chrono::minutes(15));
    request_.peer = {.ip = "192.0.2.7", .user_agent = "test/1", .loopback = false};
    request_.path_parameters.emplace_back("user_id", "u9");
  }
  access::OperationQuestion question() const {
    return {.operation = *access::find_operation("users.update"),
            .request = request_,
            .now = clock_.now()};
  }
  access::PolicyVerdict ask_at(const std::string& url) {
    RemoteOperations remote({.url = url, .token = "secret", .timeout = 300ms}, &heard_);
    boost::asio::io_context context;
    auto verdict =
        boost::asio::co_spawn(context, remote.judge_later(question()), boost::asio::use_future);
    context.run();
    return verdict.get();
  }
  access::PolicyVerdict ask(const std::string& answer, std::string* asked = nullptr) {
    OneAnswer server(answer, kPath);
    auto out = ask_at(server.url());
    if (asked != nullptr) {
      *asked = server.finish();
    }
    return out;
  }

  const OrgId org_{Uuid{1}};
  testkit::FakeClock clock_;
  access::OperationRequest request_;
  Heard heard_;
};

TEST_F(RemoteOperationsTest, TrueAllowsAndNothingElseDoes) {
  EXPECT_TRUE(ask(http(200, R"({"result": true})")).allowed);
  const std::pair<std::string, std::string_view> denials[] = {
      {http(200, R"({"result": false})"), "policy"},
      {http(200, "{}"), "undefined"},
      {http(200, R"({"result": "true"})"), "not_boolean"},
      {http(500, R"({"result": true})"), "unreachable"},
      {http(200, "true"), "unreachable"},
      {"nonsense\r\n\r\n", "unreachable"},
      {"", "unreachable"}};
  for (const auto& [answer, ground] : denials) {
    const auto verdict = ask(answer);
    EXPECT_FALSE(verdict.allowed) << answer;
    EXPECT_EQ(verdict.ground, ground) << answer;
  }
  EXPECT_EQ(ask_at("http://127.0.0.1:1/").ground, "unreachable");
  ASSERT_EQ(heard_.grounds.size(), 9U);
  EXPECT_EQ(heard_.queries[0], kOperationQuery);
  EXPECT_EQ(heard_.scopes[0], org_.to_string());
}

TEST_F(RemoteOperationsTest, IsAskedWithTheSameInput) {
  std::string asked;
  EXPECT_TRUE(ask(http(200, R"({"result": true})"), &asked).allowed);
  EXPECT_TRUE(asked.starts_with("POST /v1/data/unhidra/operations/allow HTTP/1.1\r\n")) << asked;
  EXPECT_NE(asked.find("Authorization: Bearer secret\r\n"), std::string::npos) << asked;
  const auto body = asked.substr(asked.find("\r\n\r\n") + 4);
  EXPECT_EQ(body, R"({"input":)" + rego::value_to_json(operation_input(question())) + "}");
}

TEST_F(RemoteOperationsTest, WhoCannotWaitIsDenied) {
  RemoteOperations remote({.url = "http://127.0.0.1:1/"});
  EXPECT_TRUE(remote.answers_later());
  EXPECT_FALSE(remote.judge(question()).allowed);
}

}  // namespace
}  // namespace unhidra::automation
