#pragma once
// A listening socket and its connections: HTTP/1.1 and WebSocket, or byte streams; over TLS
// or plain TCP.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/net/http.h"
#include "unhidra/net/stream.h"
#include "unhidra/net/tls.h"

namespace unhidra::net {

struct ServerSettings {
  std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6
  std::uint16_t port = 0;             // 0: any free one, see Server::port
  std::uint16_t further_ports = 0;    // tried in turn, each one higher, when `port` is taken
  int backlog = 4096;
  bool reuse_port = false;  // several processes may listen on the same port

  std::size_t max_connections = 100'000;  // more are accepted and closed at once
  // Handshakes under way at once; while there are more, nobody is accepted and new peers wait in
  // the backlog. Bounds what a reconnecting crowd costs.
  std::size_t max_handshakes = 1024;

  std::chrono::milliseconds handshake_timeout{10'000};   // TLS
  std::chrono::milliseconds header_timeout{10'000};      // from the first byte to the blank line
  std::chrono::milliseconds body_timeout{30'000};        // the whole body, and 1 s for each 32 kB
  std::chrono::milliseconds keep_alive_timeout{60'000};  // between two requests
  std::chrono::milliseconds write_timeout{30'000};       // the peer takes no byte

  // Numeric addresses and networks ("10.0.0.0/8") of proxies in front of this listener. Each of
  // their connections must begin with a PROXY header (version 1 or 2), within handshake_timeout,
  // and the client it names is the peer. From anybody else such a header is nothing but wrong
  // bytes.
  std::vector<std::string> proxy_protocol_from;
  std::vector<std::string> trusted_proxies;  // numeric addresses: their X-Forwarded-For is believed

  std::size_t max_header_bytes = 16 * 1024;  // request line and fields
  std::size_t max_header_fields = 100;
  WebSocketSettings websocket;
};

struct ServerStats {
  std::uint64_t accepted = 0;
  std::uint64_t over_limit = 0;         // closed because of max_connections
  std::uint64_t accept_errors = 0;      // out of descriptors, mostly
  std::uint64_t handshakes_failed = 0;  // TLS, or the PROXY header before it
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  // refused before the handler saw them
  std::uint64_t upgrades = 0;
  std::uint64_t timeouts = 0;  // connections closed by a deadline
  std::uint64_t slow_readers = 0;
  std::size_t open_connections = 0;
  std::size_t open_websockets = 0;
};

class Server {
 public:
  // Connections are spread over the executors; each belongs to an io_context of its own that
  // exactly one thread runs (runtime::IoThreads). Contexts and handler outlive the server's
  // connections: shut down first. Without `tls`, plain TCP.
  Server(std::vector<Executor> executors, ServerSettings settings,
         std::shared_ptr<TlsServerContext> tls, HttpHandler& handler);
  // The same for a protocol of the caller's own (stream.h). What concerns HTTP in the settings has
  // no meaning; a stream has no deadline but those of the handshake and of writing.
  Server(std::vector<Executor> executors, ServerSettings settings,
         std::shared_ptr<TlsServerContext> tls, StreamHandler& handler);
  // Stops accepting and aborts what is left.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens; Errc::address_in_use or Errc::bad_settings.
  Status start();
  // The port bound to; of use after start.
  std::uint16_t port() const;
  ServerStats stats() const;

  // Phase one: nobody new. Requests under way are answered, with `Connection: close`.
  void stop_accepting();
  // Phase two: closes every WebSocket with this code, lets requests end, and waits until all
  // connections are gone or the grace period is over; the rest is aborted. Returns how many were.
  // Implies phase one.
  Task<std::size_t> shutdown(CloseCode code, std::string reason, std::chrono::milliseconds grace);

  struct Core;

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace unhidra::net
