#pragma once
// What a server's connections share. Outlives the Server as long as one of them is there.

#include <atomic>
#include <functional>

#include "unhidra/net/server.h"

#include "connection.h"

namespace unhidra::net {

class Acceptor;

struct Server::Core final : ConnectionOwner, std::enable_shared_from_this<Server::Core> {
  using MakeProtocol =
      std::function<std::shared_ptr<Protocol>(const std::shared_ptr<Core>&, Connection&)>;
  Core(ServerSettings settings, std::shared_ptr<TlsServerContext> tls, MakeProtocol make_protocol,
       const std::vector<Executor>& executors);
  ~Core() override;

  void count(ConnectionEvent event) override;
  // A descriptor from accept, on any thread: it goes to the next worker.
  void place(int fd);
  void adopt(Worker& worker, int fd);
  // Runs `call` for each connection of this server, on its own thread.
  void for_each(std::function<void(Connection&)> call);
  ServerStats stats() const;

  const ServerSettings settings;
  const std::shared_ptr<const WebSocketSettings> websocket;
  const std::shared_ptr<TlsServerContext> tls;
  const MakeProtocol make_protocol;
  AddressRanges proxies;  // since start
  std::vector<Worker*> workers;
  std::shared_ptr<Acceptor> acceptor;
  std::size_t next_worker = 0;  // the acceptor's thread only

  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> open{0};
  std::atomic<std::size_t> handshaking{0};
  std::atomic<std::size_t> websockets{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> over_limit{0};
  std::atomic<std::uint64_t> accept_errors{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> upgrades{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> slow_readers{0};
};

}  // namespace unhidra::net
