#pragma once

#include <optional>
#include <string>

#include "unhidra/testkit/process.h"

namespace unhidra::messaging {

// A real nats-server on a free port of the loopback.
class NatsServer {
 public:
  explicit NatsServer(std::uint16_t port = testkit::free_port()) : port_(port) { start(); }

  void start() {
    testkit::ProcessOptions options;
    options.arguments = {"nats-server", "-a", "127.0.0.1", "-p", std::to_string(port_)};
    auto process = testkit::Process::start(std::move(options));
    if (process) {
      process_.emplace(std::move(*process));
      running_ = testkit::wait_for_port(port_, std::chrono::seconds(20));
    }
  }
  void kill() {
    process_->kill();
    running_ = false;
  }
  bool running() const { return running_; }
  pid_t pid() const { return process_->pid(); }
  std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }

 private:
  std::uint16_t port_;
  std::optional<testkit::Process> process_;
  bool running_ = false;
};

// One for all tests of the program.
inline NatsServer& shared_nats() {
  static NatsServer server;
  return server;
}

}  // namespace unhidra::messaging
