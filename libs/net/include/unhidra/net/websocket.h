#pragma once
// One WebSocket connection (RFC 6455), the same for server and client.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "unhidra/base/bytes.h"

namespace unhidra::net {

struct PeerAddress;

// RFC 6455 section 7.4.1; 4000 to 4999 are the application's: `CloseCode{4001}`.
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  // never sent: the peer's close frame was empty
  abnormal = 1006,   // never sent: the connection broke
  invalid_payload = 1007,
  policy_violation = 1008,
  too_big = 1009,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
};

enum class MessageKind : std::uint8_t { text, binary };

struct WebSocketSettings {
  std::size_t max_message_bytes = 1 << 20;
  std::size_t max_frame_bytes = 1 << 20;
  std::uint32_t max_fragments = 1024;         // frames of one message
  std::uint32_t max_control_per_second = 64;  // pings, pongs: a flood closes with 1008
  // What may wait to be written, a single message included: more than the largest message that is
  // ever sent. A peer that reads too slowly is cut off (see on_overflow).
  std::size_t max_queued_bytes = 2 << 20;
  // Silence after which a ping is sent, and after which the connection is given up. Zero: never.
  std::chrono::milliseconds ping_interval{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  // How long the peer may take to answer our close frame.
  std::chrono::milliseconds close_timeout{5'000};
};

struct WebSocketCounters {
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_in = 0;  // payload
  std::uint64_t bytes_out = 0;
};

// Alive as long as somebody holds it; of use until on_close, and never after its event loop. May be
// used from any thread unless said otherwise: what comes from another thread is handed over to the
// connection's own, in order, at the cost of one lock and at most one wake-up a burst.
class WebSocketConnection {
 public:
  virtual ~WebSocketConnection() = default;

  // Queues one message; written at the end of this turn of the event loop together with all that
  // was queued in it. Ignored once the connection closes.
  virtual void send_binary(Bytes message) = 0;
  virtual void send_text(std::string message) = 0;
  virtual void send_ping(Bytes payload) = 0;  // up to 125 bytes
  // Starts the closing handshake; the reason is cut to 123 bytes. What was queued goes out first.
  virtual void close(CloseCode code, std::string reason) = 0;
  // Drops the connection at once, without a close frame.
  virtual void abort() = 0;
  // While paused, the peer's bytes stay with the peer, and its silence is not held against it.
  virtual void pause_reading(bool paused) = 0;

  // Bytes not yet taken by the kernel, what waits on other threads included.
  virtual std::size_t queued_bytes() const = 0;
  virtual bool is_open() const = 0;
  virtual PeerAddress peer() const = 0;
  // The subprotocol agreed on; empty for none.
  virtual const std::string& subprotocol() const = 0;
  // Only on the connection's thread.
  virtual WebSocketCounters counters() const = 0;
  virtual boost::asio::any_io_executor executor() const = 0;
};

// What the application wants to hear. Every call comes on the connection's thread. The connection
// owns its listener until on_close, then lets go of it.
class WebSocketListener {
 public:
  virtual ~WebSocketListener() = default;
  // Asked once, before on_open. True: messages are only an envelope for a stream of bytes.
  // on_message gets the pieces of binary messages as they arrive, text is refused with 1003, and
  // the bounds on messages, fragments and the queue do not hold: the listener sets its own.
  virtual bool is_stream() const { return false; }
  // First call. The connection may be used from here on.
  virtual void on_open(std::shared_ptr<WebSocketConnection> connection) = 0;
  // One whole message; the view ends with the call. Text is valid UTF-8.
  virtual void on_message(ByteView message, MessageKind kind) = 0;
  // Last call, exactly once after on_open. `abnormal` when there was no closing handshake; else the
  // code the peer sent, or ours when it did not follow the protocol.
  virtual void on_close(CloseCode code, std::string_view reason) = 0;
  virtual void on_pong(ByteView /*payload*/) {}
  // The queue was longer than half its bound and is empty again. A stream hears each time that it
  // is empty again.
  virtual void on_drained() {}
  // The queue would grow over its bound. True drops the one message and keeps the connection; false
  // (the default) aborts the connection, and on_close gets 1008.
  virtual bool on_overflow() { return false; }
};

}  // namespace unhidra::net
