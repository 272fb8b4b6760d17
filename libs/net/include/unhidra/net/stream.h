#pragma once
// Byte streams for protocols that are not HTTP: over TCP, TLS and WebSocket alike. Whoever speaks
// the protocol cannot tell them apart, but for `transport`.

#include <memory>

#include "unhidra/net/http.h"

namespace unhidra::net {

enum class StreamTransport : std::uint8_t { tcp, tls, websocket, secure_websocket };

// One connection. Used on the thread of its executor only; alive as long as somebody holds it, and
// of use until on_closed.
class Stream {
 public:
  virtual ~Stream() = default;
  // Append to what this returns. It goes out at the end of this turn of the loop; over WebSocket,
  // in one binary frame when flush is called.
  virtual Bytes& output() = 0;
  virtual void flush() = 0;
  // Bytes appended and not yet taken by the kernel.
  virtual std::size_t queued() const = 0;
  // While paused, the peer's bytes stay with the peer. (A WebSocket takes a bounded number more.)
  virtual void pause_reading(bool paused) = 0;
  // Sends what is queued, then closes.
  virtual void finish() = 0;
  virtual void abort() = 0;

  virtual StreamTransport transport() const = 0;
  virtual PeerAddress peer() const = 0;
  // Null: plain, or the listener asks for no certificate.
  virtual std::shared_ptr<const TlsPeer> tls_peer() const = 0;
};

// What the application wants to hear of one stream. The stream owns its listener until on_closed.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // The view ends with the call.
  virtual void on_bytes(ByteView bytes) = 0;
  // The output is empty again.
  virtual void on_drained() {}
  // The process wants to end.
  virtual void on_shutdown() = 0;
  // Last call, exactly once; also after finish and abort.
  virtual void on_closed(const Error& why) = 0;
};

// Outlives its server and everything it started.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // Null: closed at once.
  virtual std::shared_ptr<StreamListener> on_open(std::shared_ptr<Stream> stream) = 0;
};

// A WebSocket whose binary messages are pieces of a stream, however they are cut (MQTT 5.0 section
// 6); a text message closes it with 1003. `handler` is called on `executor`, wherever the
// connection itself lives. For HttpHandler::upgrade.
std::shared_ptr<WebSocketListener> stream_over_websocket(StreamHandler& handler,
                                                         const Executor& executor,
                                                         const RequestHead& head);

}  // namespace unhidra::net
