#include "unhidra/policy/remote.h"

#include <thread>
#include <unistd.h>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace unhidra::policy {
namespace {

using namespace std::chrono_literals;
using rego::Value;

// Answers one request with the given bytes; with none it stays silent until the peer has gone.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ::ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneAnswer() {
    (void)finish();
    ::close(listener_);
  }
  // What was asked.
  const std::string& finish() {
    if (thread_.joinable()) {
      ::shutdown(listener_, SHUT_RDWR);
      thread_.join();
    }
    return request_;
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/v1/data/unhidra/automation/allow";
  }

 private:
  void serve() {
    const int peer = ::accept(listener_, nullptr, nullptr);
    if (peer < 0) {
      return;
    }
    char buffer[4096];
    for (bool answered = false;;) {
      const auto got = ::recv(peer, buffer, sizeof buffer, 0);
      if (got <= 0) {
        break;
      }
      request_.append(buffer, static_cast<std::size_t>(got));
      if (!answered && !answer_.empty() && request_.find("}}") != std::string::npos) {
        answered = ::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL) > 0;
        ::shutdown(peer, SHUT_WR);
      }
    }
    ::close(peer);
  }

  std::string answer_;
  std::string request_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

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
