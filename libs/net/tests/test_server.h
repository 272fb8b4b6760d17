#pragma once
// A server on a free loopback port, with a handler that tests steer.

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "unhidra/net/server.h"
#include "unhidra/net/websocket_client.h"
#include "unhidra/runtime/io_threads.h"

#include "certificate.h"
#include "raw_socket.h"

namespace unhidra::net::test {

using namespace std::chrono_literals;

// Waits, in small steps, until the condition holds.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = 5s) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

// Sends back what it gets; keeps what happened.
class EchoListener final : public WebSocketListener {
 public:
  void on_open(std::shared_ptr<WebSocketConnection> connection) override {
    const std::lock_guard lock(mutex_);
    connection_ = std::move(connection);
  }
  void on_message(ByteView message, MessageKind kind) override {
    std::shared_ptr<WebSocketConnection> connection;
    {
      const std::lock_guard lock(mutex_);
      ++messages_;
      last_ = to_bytes(message);
      connection = echo_ ? connection_ : nullptr;
    }
    if (connection) {
      kind == MessageKind::text ? connection->send_text(std::string(as_text(message)))
                                : connection->send_binary(to_bytes(message));
    }
  }
  void on_close(CloseCode code, std::string_view reason) override {
    const std::lock_guard lock(mutex_);
    ++closes_;
    close_code_ = code;
    close_reason_ = reason;
  }
  void on_pong(ByteView) override { ++pongs_; }
  void on_drained() override { ++drains_; }

  void set_echo(bool echo) { echo_ = echo; }
  std::shared_ptr<WebSocketConnection> connection() const {
    const std::lock_guard lock(mutex_);
    return connection_;
  }
  std::size_t messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  Bytes last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  int closes() const {
    const std::lock_guard lock(mutex_);
    return closes_;
  }
  CloseCode close_code() const {
    const std::lock_guard lock(mutex_);
    return close_code_;
  }
  std::string close_reason() const {
    const std::lock_guard lock(mutex_);
    return close_reason_;
  }
  int pongs() const { return pongs_; }
  int drains() const { return drains_; }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<WebSocketConnection> connection_;
  std::size_t messages_ = 0;
  Bytes last_;
  int closes_ = 0;
  CloseCode close_code_{};
  std::string close_reason_;
  std::atomic<int> pongs_{0};
  std::atomic<int> drains_{0};
  std::atomic<bool> echo_{true};
};

// GET answers "<method> <path>?<query>", POST the body back; /ws is an echo over WebSocket.
class TestHandler final : public HttpHandler {
 public:
  std::uint64_t body_limit(const RequestHead& head) override {
    return head.path == "/small" ? 10 : 8 << 20;
  }
  Task<HttpResponse> handle(HttpRequest request) override;
  Task<UpgradeDecision> upgrade(RequestHead head) override;

  std::shared_ptr<EchoListener> last_listener() const {
    const std::lock_guard lock(mutex_);
    return last_listener_;
  }
  std::optional<WebSocketSettings> websocket_settings;
  std::atomic<int> handled{0};

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<EchoListener> last_listener_;
};

class TestServer {
 public:
  explicit TestServer(ServerSettings settings = {}, std::shared_ptr<TlsServerContext> tls = nullptr,
                      std::size_t threads = 2);
  ~TestServer();

  std::uint16_t port() const { return server_->port(); }
  ServerStats stats() const { return server_->stats(); }
  TestHandler& handler() { return handler_; }
  Server& server() { return *server_; }
  runtime::IoThreads& threads() { return threads_; }
  std::size_t shutdown(std::chrono::milliseconds grace = 2s,
                       CloseCode code = CloseCode::going_away);
  // One request on a connection of its own.
  std::string ask(std::string_view request);

 private:
  TestHandler handler_;
  runtime::IoThreads threads_;
  std::unique_ptr<Server> server_;
};

// A connected client, or the error.
Result<std::shared_ptr<WebSocketConnection>> connect(const Executor& executor,
                                                     WebSocketClientSettings settings,
                                                     std::shared_ptr<WebSocketListener> listener);
WebSocketClientSettings client_settings(std::uint16_t port);

}  // namespace unhidra::net::test
