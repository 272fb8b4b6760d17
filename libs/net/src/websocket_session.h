#pragma once
// A WebSocket on a connection: framing, heartbeat, closing handshake, and the queue's bound.

#include <atomic>

#include "connection.h"
#include "websocket_codec.h"

namespace unhidra::net {

class WebSocketSession final : public WebSocketConnection,
                               public Protocol,
                               public LetterBox,
                               private WebSocketDecoder::Events,
                               public std::enable_shared_from_this<WebSocketSession> {
 public:
  WebSocketSession(Connection& connection, WebSocketRole role,
                   std::shared_ptr<const WebSocketSettings> settings,
                   std::shared_ptr<WebSocketListener> listener, std::string subprotocol);
  ~WebSocketSession() override;

  // The handshake is done: tells the listener and takes what came after it. `connection` has this
  // session as its protocol already.
  void begin(MutableByteView early_bytes);

  void send_binary(Bytes message) override;
  void send_text(std::string message) override;
  void send_ping(Bytes payload) override;
  void close(CloseCode code, std::string reason) override;
  void abort() override;
  void pause_reading(bool paused) override;
  std::size_t queued_bytes() const override { return queued_.load(std::memory_order_relaxed); }
  bool is_open() const override { return open_.load(std::memory_order_relaxed); }
  PeerAddress peer() const override { return peer_; }
  const std::string& subprotocol() const override { return subprotocol_; }
  WebSocketCounters counters() const override { return counters_; }
  boost::asio::any_io_executor executor() const override { return worker_.executor(); }

 private:
  void on_bytes(MutableByteView bytes) override;
  void on_deadline() override;
  void on_written(std::size_t size) override;
  void on_drained() override;
  void on_shutdown(CloseCode code, const std::string& reason) override;
  void detach() override;
  void on_closed(const Error& why) override;
  void abandon() override { listener_.reset(); }
  void on_letter(Letter::Content letter) override;

  void on_message(ByteView message, MessageKind kind) override;
  void on_ping(ByteView payload) override;
  void on_pong(ByteView payload) override;
  void on_peer_close(CloseCode code, std::string_view reason) override;

  void hand_over(Letter::Content letter, std::size_t size);
  void send_now(MessageKind kind, ByteView payload);
  bool enqueue(Opcode opcode, ByteView payload);
  void overflow();
  void queue_close(CloseCode code, std::string_view reason);
  void close_now(CloseCode code, std::string_view reason);
  void fail_with(const WebSocketDecoder::Violation& violation);
  bool control_flood();
  void tell_closed(CloseCode code, std::string_view reason);
  void schedule_heartbeat();
  std::optional<MaskKey> mask();

  Worker& worker_;
  std::shared_ptr<Connection> connection_;       // until detach
  std::shared_ptr<WebSocketListener> listener_;  // until on_close
  std::string subprotocol_;
  PeerAddress peer_;
  WebSocketDecoder decoder_;
  WebSocketCounters counters_;
  std::shared_ptr<const WebSocketSettings> settings_;
  SteadyTime last_heard_;
  SteadyTime control_window_{};
  std::atomic<std::size_t> queued_{0};
  std::atomic<bool> open_{true};
  std::atomic<bool> overflow_posted_{false};
  std::uint32_t control_count_ = 0;
  WebSocketRole role_;
  bool stream_;
  CloseCode lost_code_ = CloseCode::abnormal;  // what on_close says when there was no handshake
  bool close_sent_ = false;
  bool pinged_ = false;
  bool was_half_full_ = false;
};

}  // namespace unhidra::net
