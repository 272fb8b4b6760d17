#pragma once
// The listening socket.

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "server_core.h"

namespace unhidra::net {

// Binds and listens; the descriptor is the caller's.
Result<int> listen_on(const ServerSettings& settings);

class Acceptor final : public std::enable_shared_from_this<Acceptor>, private WheelEntry {
 public:
  Acceptor(Worker& worker, int fd, std::weak_ptr<Server::Core> core);

  std::uint16_t port() const { return port_; }
  // From any thread.
  void start();
  void stop();
  // Handshakes have ended: there may be room for new ones.
  void resume();

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Worker::Context::executor_type>;

  void on_deadline() override { arm(); }
  void close();
  void arm();
  void accept_some();
  void accept_failed(int error);

  Worker& worker_;
  // Empty once it has stopped or its context is gone, which other contexts' connections outlive.
  std::optional<Descriptor> fd_;
  std::weak_ptr<Server::Core> core_;
  std::uint16_t port_ = 0;
  bool armed_ = false;
  std::atomic<bool> held_back_{false};
  std::atomic<bool> closed_{false};
};

}  // namespace unhidra::net
