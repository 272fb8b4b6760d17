#include "unhidra/policy/remote.h"

#include <gtest/gtest.h>

#include "one_answer.h"

namespace unhidra::policy {
namespace {

using namespace std::chrono_literals;
using rego::Value;
using testing_remote::http;
using testing_remote::OneAnswer;

Decision ask(const std::string& answer) {
  OneAnswer server(answer);
  net::HttpClient client({});
  RemotePolicy remote({.url = server.url(), .token = "secret", .timeout = 300ms}, client);
  return remote.decide_sync(Value::object({{Value::string("topic"), Value::string("hvac/1")}}));
}

TEST(Remote, TrueAllowsAndNothingElseDoes) {
  EXPECT_TRUE(ask(http(200, R"({"result": true})")).allowed);
  const auto denied = ask(http(200, R"({"result": false})"));
  EXPECT_FALSE(denied.allowed);
  EXPECT_EQ(denied.ground, Ground::policy);
  EXPECT_EQ(ask(http(200, "{}")).ground, Ground::undefined);
  EXPECT_EQ(ask(http(200, R"({"result": "true"})")).ground, Ground::not_boolean);
  EXPECT_EQ(ask(http(500, R"({"result": true})")).ground, Ground::unreachable);
  EXPECT_EQ(ask(http(200, "true")).ground, Ground::unreachable);
  EXPECT_EQ(ask("nonsense\r\n\r\n").ground, Ground::unreachable);
}

TEST(Remote, SilenceIsADenialAfterTheTimeout) {
  const auto begin = std::chrono::steady_clock::now();
  const auto decision = ask("");
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.ground, Ground::unreachable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(Remote, SendsTheInputAndTheToken) {
  std::string request;
  {
    OneAnswer server(http(200, R"({"result": true})"));
    net::HttpClient client({});
    RemotePolicy remote({.url = server.url(), .token = "secret", .timeout = 2s}, client);
    EXPECT_TRUE(
        remote.decide_sync(Value::object({{Value::string("topic"), Value::string("hvac/1")}}))
            .allowed);
    request = server.finish();
  }
  EXPECT_TRUE(request.starts_with("POST /v1/data/unhidra/automation/allow HTTP/1.1\r\n"));
  EXPECT_NE(request.find("Authorization: Bearer secret\r\n"), std::string::npos) << request;
  EXPECT_NE(request.find(R"({"input":{"topic":"hvac/1"}})"), std::string::npos) << request;
}

TEST(Remote, NobodyThereIsADenial) {
  net::HttpClient client({});
  RemotePolicy remote({.url = "http://127.0.0.1:1/v1/data/x", .token = {}, .timeout = 300ms},
                      client);
  EXPECT_EQ(remote.decide_sync(Value::object({})).ground, Ground::unreachable);
}

}  // namespace
}  // namespace unhidra::policy
