#include "test_server.h"

#include "unhidra/base/text.h"
#include "unhidra/net/errc.h"

namespace unhidra::net::test {

namespace {

// Three pieces of 1 MiB, each of a letter of its own; a broken one ends after the first.
class Pieces final : public BodySource {
 public:
  explicit Pieces(bool broken) : broken_(broken) {}
  std::uint64_t size() const override { return 3 << 20; }
  Task<Result<Bytes>> next() override {
    co_await runtime::sleep_for(1ms);
    if (broken_ && letter_ > 'a') {
      co_return fail(Errc::closed, "the disk is gone");
    }
    co_return Bytes(1 << 20, static_cast<Byte>(letter_++));
  }

 private:
  bool broken_;
  char letter_ = 'a';
};

}  // namespace

Task<HttpResponse> TestHandler::handle(HttpRequest request) {
  ++handled;
  if (request.path == "/slow") {
    co_await runtime::sleep_for(100ms);
  }
  if (request.path == "/throw") {
    throw std::runtime_error("a bug");
  }
  if (request.path == "/bad-header") {
    co_return HttpResponse{200, {{"X-Evil", "a\r\nSet-Cookie: b"}}, {}};
  }
  if (request.path == "/big") {
    co_return HttpResponse{200, {}, Bytes(4 << 20, 'x')};
  }
  if (request.path == "/pieces" || request.path == "/broken-pieces") {
    HttpResponse out;
    out.source = std::make_shared<Pieces>(request.path == "/broken-pieces");
    co_return out;
  }
  if (request.path == "/empty") {
    co_return HttpResponse{204, {}, {}};
  }
  if (request.path == "/tls-peer") {
    const auto text = [](const auto& bytes) { return bytes ? to_hex(*bytes) : std::string("-"); };
    const auto& peer = request.tls_peer;
    co_return HttpResponse::text(200, peer ? std::to_string(peer->certificate.size()) + " " +
                                                 text(peer->tls_unique) + " " +
                                                 text(peer->tls_exporter) + "\n"
                                           : "nobody asked\n");
  }
  if (request.method == "POST") {
    co_return HttpResponse{200, {}, std::move(request.body)};
  }
  co_return HttpResponse::text(200, request.method + " " + request.path + "?" + request.query);
}

Task<UpgradeDecision> TestHandler::upgrade(RequestHead head) {
  if (head.path == "/deny") {
    co_return std::unexpected(HttpResponse::text(403, "no"));
  }
  if (head.path == "/login") {
    co_return std::unexpected(HttpResponse::text(401, "who?"));
  }
  if (head.path == "/later") {
    co_await runtime::sleep_for(300ms);
  }
  AcceptUpgrade accepted;
  auto listener = std::make_shared<EchoListener>();
  listener->set_echo(head.path != "/sink");
  accepted.listener = listener;
  for (const auto offered : head.headers.list("Sec-WebSocket-Protocol")) {
    if (offered == "unhidra.v1") {
      accepted.subprotocol = offered;
    }
  }
  accepted.settings = websocket_settings;
  const std::lock_guard lock(mutex_);
  last_listener_ = std::move(listener);
  co_return accepted;
}

TestServer::TestServer(ServerSettings settings, std::shared_ptr<TlsServerContext> tls,
                       std::size_t threads)
    : threads_(threads) {
  std::vector<Executor> executors;
  for (std::size_t i = 0; i < threads; ++i) {
    executors.push_back(threads_.at(i));
  }
  server_ = std::make_unique<Server>(executors, std::move(settings), std::move(tls), handler_);
  if (const auto started = server_->start(); !started) {
    throw std::runtime_error(started.error().message());
  }
}

TestServer::~TestServer() {
  shutdown(0ms);
}

std::size_t TestServer::shutdown(std::chrono::milliseconds grace, CloseCode code) {
  return boost::asio::co_spawn(threads_.at(0), server_->shutdown(code, "bye", grace),
                               boost::asio::use_future)
      .get();
}

std::string TestServer::ask(std::string_view request) {
  RawSocket socket(port());
  socket.send(request);
  return socket.read_all();
}

Result<std::shared_ptr<WebSocketConnection>> connect(const Executor& executor,
                                                     WebSocketClientSettings settings,
                                                     std::shared_ptr<WebSocketListener> listener) {
  std::promise<Result<std::shared_ptr<WebSocketConnection>>> promise;
  auto future = promise.get_future();
  connect_websocket(executor, std::move(settings), std::move(listener),
                    [&promise](auto result) { promise.set_value(std::move(result)); });
  return future.get();
}

WebSocketClientSettings client_settings(std::uint16_t port) {
  return {.host = "127.0.0.1", .port = port, .target = "/ws", .tls = nullptr};
}

}  // namespace unhidra::net::test
