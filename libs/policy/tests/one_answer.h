#pragma once
// Stands in for an Open Policy Agent elsewhere: a server for one request.

#include <string>
#include <thread>
#include <unistd.h>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace unhidra::policy::testing_remote {

// Answers one request with the given bytes; with none it stays silent until the peer has gone.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer, std::string path = "/v1/data/unhidra/automation/allow")
      : answer_(std::move(answer)), path_(std::move(path)) {
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
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + path_; }

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
  std::string path_;
  std::string request_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

inline std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace unhidra::policy::testing_remote
