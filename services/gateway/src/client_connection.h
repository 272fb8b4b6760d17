#pragma once
// One client's connection. All members on the connection's own thread, unless said otherwise.

#include <atomic>
#include <memory>
#include <string>

#include "unhidra/net/websocket.h"
#include "unhidra/wire/connection.h"

#include "gateway_core.h"

namespace unhidra::gateway {

// The product's close codes beside RFC 6455's; the kinds of errors are mapped in access/problem.h.
inline constexpr net::CloseCode kSignInAgain{4401};  // the token has run out
inline constexpr net::CloseCode kRevoked{4403};      // session, device or user was revoked

class ClientConnection final : public net::WebSocketListener,
                               public std::enable_shared_from_this<ClientConnection> {
 public:
  // `proved_at`: before the principal was looked up.
  ClientConnection(GatewayCore& core, access::Principal principal, access::Peer peer,
                   SteadyTime proved_at);

  void on_open(std::shared_ptr<net::WebSocketConnection> socket) override;
  void on_message(ByteView message, net::MessageKind kind) override;
  void on_close(net::CloseCode code, std::string_view reason) override;
  bool on_overflow() override;

  ConnectionId id() const { return id_; }
  const access::Principal& principal() const { return principal_; }

  // From any thread.
  ConnectionInfo info() const;
  void close(net::CloseCode code, std::string reason);
  void close(const access::Revocation& why);
  void tell_closing(std::string_view code, std::chrono::milliseconds reconnect_after);
  bool expired(Timestamp now) const {
    return to_unix_micros(now) >= expires_at_.load(std::memory_order_relaxed);
  }
  // Whether the client has said that its person is online or away: it holds a lease.
  bool is_shown() const { return shown_.load(std::memory_order_relaxed); }
  messaging::PresenceLease lease() const;

  // The handlers of the connection's own frames.
  Task<Result<wire::Authenticated>> authenticate(std::string access_token);
  Task<Result<void>> set_presence(wire::PresenceState state);
  Task<Result<wire::PresenceSnapshot>> watch_presence(std::vector<UserId> users);

 private:
  void send(Bytes frame);
  void send_error(std::uint64_t request_id, const Error& error);
  void refuse_frame(ByteView message, const Error& why);
  bool subscribe();
  Task<Status> greet();
  Task<Result<std::uint64_t>> inbox_head();
  void hear(const messaging::Message& message);
  Task<void> serve(std::uint64_t request_id, std::uint32_t field, Bytes body);
  Task<Result<access::Reply>> perform(const access::Operation& operation, Bytes body);
  Task<Result<access::Reply>> forward(const access::Operation& operation, Bytes body);

  GatewayCore& core_;
  const ConnectionId id_;
  access::Principal principal_;
  const access::Peer peer_;
  const SteadyTime proved_at_;
  const Timestamp connected_at_;
  std::atomic<std::int64_t> expires_at_;
  std::atomic<bool> shown_{false};
  std::atomic<std::uint64_t> messages_in_{0};
  std::atomic<std::uint64_t> messages_out_{0};
  std::size_t in_flight_ = 0;
  bool closing_ = false;
  bool greeted_ = false;
  std::vector<Bytes> held_;  // events from before the greeting; the subscription bounds them
  std::shared_ptr<net::WebSocketConnection> socket_;
  messaging::Subscription events_;
  std::shared_ptr<messaging::Presence::Watch> watch_;
};

}  // namespace unhidra::gateway
