#include "unhidra/net/server.h"

#include <functional>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "acceptor.h"
#include "http_session.h"
#include "server_core.h"
#include "stream_session.h"

namespace unhidra::net {
namespace {

// An accepted descriptor on its way to its worker; closed when it never gets there.
class Accepted {
 public:
  explicit Accepted(int fd) : fd_(fd) {}
  Accepted(Accepted&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Accepted(const Accepted&) = delete;
  Accepted& operator=(const Accepted&) = delete;
  Accepted& operator=(Accepted&&) = delete;
  ~Accepted() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace

Server::Core::Core(ServerSettings given, std::shared_ptr<TlsServerContext> tls_context,
                   MakeProtocol make, const std::vector<Executor>& executors)
    : settings(std::move(given)),
      websocket(std::make_shared<const WebSocketSettings>(settings.websocket)),
      tls(std::move(tls_context)),
      make_protocol(std::move(make)) {
  for (const auto& executor : executors) {
    workers.push_back(&Worker::of(executor));
  }
}

Server::Core::~Core() = default;

void Server::Core::count(ConnectionEvent event) {
  switch (event) {
    case ConnectionEvent::secured:
      --handshaking;
      acceptor->resume();
      return;
    case ConnectionEvent::handshake_failed:
      ++handshakes_failed;
      return;
    case ConnectionEvent::websocket_opened:
      ++websockets;
      return;
    case ConnectionEvent::websocket_gone:
      --websockets;
      return;
    case ConnectionEvent::timed_out:
      ++timeouts;
      return;
    case ConnectionEvent::slow_reader:
      ++slow_readers;
      return;
    case ConnectionEvent::gone_unsecured:
      --handshaking;
      acceptor->resume();
      --open;
      return;
    case ConnectionEvent::gone:
      --open;
      return;
  }
}

void Server::Core::place(int fd) {
  ++accepted;
  if (open >= settings.max_connections) {
    ++over_limit;
    ::close(fd);
    return;
  }
  ++open;
  ++handshaking;
  Worker& worker = *workers[next_worker++ % workers.size()];
  boost::asio::post(worker.context(),
                    [self = shared_from_this(), &worker, held = Accepted(fd)]() mutable {
                      self->adopt(worker, held.release());
                    });
}

void Server::Core::adopt(Worker& worker, int fd) {
  SslPtr ssl = tls ? tls->impl().make_ssl() : nullptr;
  const auto connection = std::make_shared<Connection>(
      worker, fd, std::move(ssl),
      ConnectionOptions{.owner = shared_from_this(),
                        .handshake_timeout = settings.handshake_timeout,
                        .write_timeout = settings.write_timeout,
                        .proxies = &proxies});
  if (stopping || (tls && !connection->is_tls())) {
    connection->destroy({Errc::closed, "the server is stopping"});
    return;
  }
  connection->start(make_protocol(shared_from_this(), *connection));
}

void Server::Core::for_each(std::function<void(Connection&)> call) {
  const auto shared = std::make_shared<std::function<void(Connection&)>>(std::move(call));
  for (Worker* worker : workers) {
    boost::asio::post(worker->context(), [self = shared_from_this(), worker, shared] {
      for (const auto& connection : worker->connections()) {
        if (connection->owner() == self.get()) {
          (*shared)(*connection);
        }
      }
    });
  }
}

ServerStats Server::Core::stats() const {
  return {.accepted = accepted,
          .over_limit = over_limit,
          .accept_errors = accept_errors,
          .handshakes_failed = handshakes_failed,
          .requests = requests,
          .bad_requests = bad_requests,
          .upgrades = upgrades,
          .timeouts = timeouts,
          .slow_readers = slow_readers,
          .open_connections = open,
          .open_websockets = websockets};
}

Server::Server(std::vector<Executor> executors, ServerSettings settings,
               std::shared_ptr<TlsServerContext> tls, HttpHandler& handler)
    : core_(std::make_shared<Core>(
          std::move(settings), std::move(tls),
          [&handler](const std::shared_ptr<Core>& core, Connection& connection) {
            return std::make_shared<HttpSession>(core, handler, connection);
          },
          executors)) {}

Server::Server(std::vector<Executor> executors, ServerSettings settings,
               std::shared_ptr<TlsServerContext> tls, StreamHandler& handler)
    : core_(std::make_shared<Core>(
          std::move(settings), std::move(tls),
          [&handler](const std::shared_ptr<Core>&, Connection& connection) {
            return std::make_shared<StreamSession>(handler, connection);
          },
          executors)) {}

Server::~Server() {
  if (core_->acceptor) {
    stop_accepting();
    core_->for_each(
        [](Connection& connection) { connection.destroy({Errc::closed, "the server is gone"}); });
  }
}

Status Server::start() {
  UNHIDRA_TRY(core_->proxies, AddressRanges::parse(core_->settings.proxy_protocol_from));
  UNHIDRA_TRY(const int fd, listen_on(core_->settings));
  core_->acceptor = std::make_shared<Acceptor>(*core_->workers.front(), fd, core_);
  core_->acceptor->start();
  return {};
}

std::uint16_t Server::port() const {
  return core_->acceptor ? core_->acceptor->port() : 0;
}

ServerStats Server::stats() const {
  return core_->stats();
}

void Server::stop_accepting() {
  if (core_->acceptor && !core_->stopping.exchange(true)) {
    core_->acceptor->stop();
  }
}

Task<std::size_t> Server::shutdown(CloseCode code, std::string reason,
                                   std::chrono::milliseconds grace) {
  constexpr std::chrono::milliseconds kPoll{20};
  const auto core = core_;  // the server itself may be destroyed while this waits
  stop_accepting();
  core->for_each([code, reason](Connection& connection) {
    if (connection.protocol() != nullptr) {
      connection.protocol()->on_shutdown(code, reason);
    }
  });
  const auto end = Worker::now() + grace;
  while (core->open > 0 && Worker::now() < end) {
    co_await runtime::sleep_for(kPoll);
  }
  const std::size_t left = core->open;
  core->for_each(
      [](Connection& connection) { connection.destroy({Errc::closed, "the server is gone"}); });
  while (core->open > 0) {
    co_await runtime::sleep_for(kPoll);
  }
  co_return left;
}

}  // namespace unhidra::net
