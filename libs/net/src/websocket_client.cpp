#include "unhidra/net/websocket_client.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <sys/socket.h>

#include "unhidra/base/text.h"

#include "connection.h"
#include "http_text.h"
#include "websocket_handshake.h"
#include "websocket_session.h"

namespace unhidra::net {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// What an older libc's headers do not know.
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

std::string make_key() {
  ByteArray<16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return to_base64(bytes);
}

// From the connection to the end of the upgrade.
class ClientHandshake final : public Protocol,
                              public std::enable_shared_from_this<ClientHandshake> {
 public:
  ClientHandshake(WebSocketClientSettings settings, std::shared_ptr<WebSocketListener> listener,
                  WebSocketConnected done)
      : settings_(std::move(settings)),
        listener_(std::move(listener)),
        done_(std::move(done)),
        key_(make_key()) {}

  void attach(Connection& connection) { connection_ = &connection; }
  void on_open() override {
    connection_->set_deadline(settings_.timeout);
    append(connection_->output(), upgrade_request(settings_, key_));
  }
  void on_bytes(MutableByteView bytes) override;
  void on_deadline() override {
    connection_->destroy({Errc::timed_out, "the server did not answer the upgrade in time"});
  }
  void on_shutdown(CloseCode, const std::string&) override {}
  void detach() override { connection_ = nullptr; }
  void on_closed(const Error& why) override { report(fail(why)); }
  void abandon() override {
    listener_.reset();
    done_ = nullptr;
  }

 private:
  void accept(std::string subprotocol, std::size_t head_size);
  void report(Result<std::shared_ptr<WebSocketConnection>> result) {
    if (const auto done = std::exchange(done_, nullptr)) {
      done(std::move(result));
    }
  }

  WebSocketClientSettings settings_;
  std::shared_ptr<WebSocketListener> listener_;
  WebSocketConnected done_;
  std::string key_;
  Connection* connection_ = nullptr;
  Bytes in_;
};

void ClientHandshake::on_bytes(MutableByteView bytes) {
  append(in_, bytes);
  const auto text = as_text(in_);
  const auto found = find_head_end(text, 0, HttpLimits{});
  if (found.error) {
    connection_->destroy({Errc::bad_message, "the server does not speak HTTP"});
    return;
  }
  if (found.end == std::string_view::npos) {
    return;
  }
  auto subprotocol = check_upgrade_response(text.substr(0, found.end), settings_, key_);
  if (!subprotocol) {
    connection_->destroy(std::move(subprotocol).error());
    return;
  }
  accept(std::move(*subprotocol), found.end);
}

void ClientHandshake::accept(std::string subprotocol, std::size_t head_size) {
  const auto self = shared_from_this();
  const auto connection = connection_->shared_from_this();
  const auto session = std::make_shared<WebSocketSession>(
      *connection, WebSocketRole::client,
      std::make_shared<const WebSocketSettings>(settings_.websocket), std::move(listener_),
      std::move(subprotocol));
  connection->clear_deadline();
  connection_ = nullptr;
  connection->set_protocol(session);
  session->begin(MutableByteView(in_).subspan(head_size));
  report(std::shared_ptr<WebSocketConnection>(session));
}

// Resolves, binds, connects; then the handshake takes over.
class Connector final : public std::enable_shared_from_this<Connector> {
 public:
  Connector(Executor executor, WebSocketClientSettings settings,
            std::shared_ptr<WebSocketListener> listener, WebSocketConnected done)
      : executor_(std::move(executor)),
        settings_(std::move(settings)),
        listener_(std::move(listener)),
        done_(std::move(done)) {}

  void run();

 private:
  void connect(const asio::ip::address& address);
  Result<int> open_socket(const Tcp::endpoint& to);
  void give_up(Error error) { done_(fail(std::move(error))); }

  Executor executor_;
  WebSocketClientSettings settings_;
  std::shared_ptr<WebSocketListener> listener_;
  WebSocketConnected done_;
  std::unique_ptr<Tcp::resolver> resolver_;
};

void Connector::run() {
  for (const auto& [name, value] : settings_.headers) {
    if (!is_token(name) || !is_field_value(value)) {
      give_up({Errc::bad_settings, "a header that cannot be sent"});
      return;
    }
  }
  boost::system::error_code error;
  const auto address = asio::ip::make_address(settings_.host, error);
  if (!error) {
    connect(address);
    return;
  }
  resolver_ = std::make_unique<Tcp::resolver>(executor_);
  resolver_->async_resolve(
      settings_.host, "",
      [self = shared_from_this()](boost::system::error_code failed,
                                  Tcp::resolver::results_type found) {
        if (failed || found.empty()) {
          self->give_up({Errc::connect_failed, "no such host: " + self->settings_.host});
        } else {
          self->connect(found.begin()->endpoint().address());
        }
      });
}

Result<int> Connector::open_socket(const Tcp::endpoint& to) {
  const int fd = ::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return fail(Errc::connect_failed, std::string("no socket: ") + std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (!settings_.local_address.empty()) {
    // The port is chosen at connect, so that each (source, destination) pair has all of them.
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    boost::system::error_code error;
    const Tcp::endpoint from(asio::ip::make_address(settings_.local_address, error), 0);
    if (error || ::bind(fd, from.data(), static_cast<socklen_t>(from.size())) != 0) {
      ::close(fd);
      return fail(Errc::bad_settings, "cannot connect from " + settings_.local_address);
    }
  }
  if (::connect(fd, to.data(), static_cast<socklen_t>(to.size())) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    return fail(Errc::connect_failed, std::string("cannot connect: ") + std::strerror(error));
  }
  return fd;
}

void Connector::connect(const asio::ip::address& address) {
  auto fd = open_socket({address, settings_.port});
  if (!fd) {
    give_up(std::move(fd).error());
    return;
  }
  SslPtr ssl;
  if (settings_.tls) {
    ssl = settings_.tls->impl().make_ssl(settings_.server_name.empty() ? settings_.host
                                                                       : settings_.server_name);
    if (!ssl) {
      ::close(*fd);
      give_up({Errc::bad_settings, "TLS cannot be set up for this name"});
      return;
    }
  }
  const auto connection = std::make_shared<Connection>(
      Worker::of(executor_), *fd, std::move(ssl),
      ConnectionOptions{
          .owner = nullptr, .handshake_timeout = settings_.timeout, .connecting = true});
  const auto handshake = std::make_shared<ClientHandshake>(std::move(settings_),
                                                           std::move(listener_), std::move(done_));
  handshake->attach(*connection);
  connection->start(handshake);
}

}  // namespace

void connect_websocket(Executor executor, WebSocketClientSettings settings,
                       std::shared_ptr<WebSocketListener> listener, WebSocketConnected done) {
  const auto connector = std::make_shared<Connector>(executor, std::move(settings),
                                                     std::move(listener), std::move(done));
  asio::post(executor, [connector] { connector->run(); });
}

Task<Result<std::shared_ptr<WebSocketConnection>>> connect_websocket(
    Executor executor, WebSocketClientSettings settings,
    std::shared_ptr<WebSocketListener> listener) {
  using Outcome = Result<std::shared_ptr<WebSocketConnection>>;
  // Completions come on the executor the caller runs on. Outcome has no default value, so it
  // travels behind a pointer.
  const auto outcome =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::shared_ptr<Outcome>)>(
          [&](auto handler) {
            auto back = asio::prefer(asio::get_associated_executor(handler, executor),
                                     asio::execution::outstanding_work.tracked);
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            connect_websocket(
                executor, std::move(settings), std::move(listener), [shared, back](Outcome result) {
                  asio::dispatch(
                      back,
                      [shared, value = std::make_shared<Outcome>(std::move(result))]() mutable {
                        (*shared)(std::move(value));
                      });
                });
          },
          asio::use_awaitable);
  co_return std::move(*outcome);
}

}  // namespace unhidra::net
