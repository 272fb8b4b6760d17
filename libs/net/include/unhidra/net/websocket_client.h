#pragma once
// The client's end of a WebSocket: for the command line, the load tool and tests.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/net/http.h"
#include "unhidra/net/tls.h"

namespace unhidra::net {

struct WebSocketClientSettings {
  std::string host{};  // a name or a numeric address
  std::uint16_t port = 0;
  std::string target = "/";
  std::vector<std::string> subprotocols{};
  Headers headers{};                          // Origin, for instance
  std::shared_ptr<TlsClientContext> tls{};    // null: plain TCP
  std::string server_name{};                  // for SNI, the certificate and Host; empty: `host`
  std::string local_address{};                // numeric address to connect from; empty: any
  std::chrono::milliseconds timeout{15'000};  // connection, TLS and upgrade together
  WebSocketSettings websocket{};
};

using WebSocketConnected = std::function<void(Result<std::shared_ptr<WebSocketConnection>>)>;

// Connects on the executor's thread (an io_context run by one thread) and calls `done` there, once;
// on success after on_open. The listener hears nothing of a connection that did not come about.
void connect_websocket(Executor executor, WebSocketClientSettings settings,
                       std::shared_ptr<WebSocketListener> listener, WebSocketConnected done);
Task<Result<std::shared_ptr<WebSocketConnection>>> connect_websocket(
    Executor executor, WebSocketClientSettings settings,
    std::shared_ptr<WebSocketListener> listener);

}  // namespace unhidra::net
