// A byte stream in the binary messages of a WebSocket. The connection lives on its own thread, the
// stream on its application's: what goes from one to the other is posted, unless they are the same.
#include <atomic>
#include <mutex>

#include <boost/asio/post.hpp>

#include "unhidra/net/errc.h"
#include "unhidra/net/stream.h"

#include "worker.h"

namespace unhidra::net {
namespace {

// Bytes that may wait for the application before the peer has to; one read more can come.
constexpr std::size_t kMaxWaiting = Worker::kReadBuffer;

class WebSocketStream final : public Stream,
                              public WebSocketListener,
                              public std::enable_shared_from_this<WebSocketStream> {
 public:
  WebSocketStream(StreamHandler& handler, const Executor& executor, const RequestHead& head)
      : handler_(handler),
        worker_(Worker::of(executor)),
        peer_(head.peer),
        tls_peer_(head.tls_peer),
        tls_(head.tls) {}

  // ---- Stream: on the application's thread
  Bytes& output() override {
    if (ended_ || !connection_) {
      out_.clear();
    }
    return out_;
  }
  void flush() override {
    if (!out_.empty() && connection_ && !ended_) {
      connection_->send_binary(std::exchange(out_, {}));
    }
    out_.clear();
  }
  std::size_t queued() const override;
  void pause_reading(bool paused) override;
  void finish() override;
  void abort() override;
  StreamTransport transport() const override {
    return tls_ ? StreamTransport::secure_websocket : StreamTransport::websocket;
  }
  PeerAddress peer() const override { return peer_; }
  std::shared_ptr<const TlsPeer> tls_peer() const override { return tls_peer_; }

  // ---- WebSocketListener: on the connection's thread
  bool is_stream() const override { return true; }
  void on_open(std::shared_ptr<WebSocketConnection> connection) override;
  void on_message(ByteView piece, MessageKind kind) override;
  void on_drained() override;
  void on_close(CloseCode code, std::string_view reason) override;

 private:
  template <class F>
  void run(F call) {
    if (worker_.on_this_thread()) {
      call(*this);
    } else {
      post(std::move(call));
    }
  }
  // Never from within a call of the application.
  template <class F>
  void post(F call) {
    boost::asio::post(worker_.context(), [self = shared_from_this(),
                                          call = std::move(call)]() mutable { call(*self); });
  }

  void hand_over(ByteView bytes);
  void deliver();
  void tell_closed();
  void end();

  StreamHandler& handler_;
  Worker& worker_;  // the application's
  const PeerAddress peer_;
  const std::shared_ptr<const TlsPeer> tls_peer_;
  const bool tls_;
  mutable std::atomic<bool> watched_{false};  // somebody saw a queue and waits for its end

  std::mutex inbox_mutex_;
  Bytes inbox_;          // what the application has not taken
  bool choked_ = false;  // the connection reads nothing until it has

  WebSocketConnection* socket_ = nullptr;  // the connection's thread

  // The application's thread.
  std::shared_ptr<WebSocketConnection> connection_;
  std::shared_ptr<StreamListener> listener_;
  std::optional<Error> lost_;  // told once the inbox is empty
  Bytes out_;
  bool paused_ = false;
  bool ended_ = false;  // by us: what the peer still says is thrown away
};

// ---- Out ---------------------------------------------------------------------------------------

// Watched first: a queue that ends in between is seen as empty here, or is told of.
std::size_t WebSocketStream::queued() const {
  if (!connection_) {
    return 0;
  }
  watched_ = true;
  return out_.size() + connection_->queued_bytes();
}

void WebSocketStream::on_drained() {
  if (watched_.exchange(false)) {
    run([](WebSocketStream& self) {
      if (const auto listener = self.listener_) {
        listener->on_drained();
      }
    });
  }
}

void WebSocketStream::finish() {
  flush();
  if (connection_ && !ended_) {
    end();
    connection_->close(CloseCode::normal, {});
  }
}

void WebSocketStream::abort() {
  if (connection_) {
    end();
    connection_->abort();
  }
}

void WebSocketStream::end() {
  ended_ = true;
  post([](WebSocketStream& self) { self.deliver(); });
}

// ---- In ----------------------------------------------------------------------------------------

void WebSocketStream::on_open(std::shared_ptr<WebSocketConnection> connection) {
  socket_ = connection.get();
  run([connection = std::move(connection)](WebSocketStream& self) {
    self.connection_ = connection;
    self.listener_ = self.handler_.on_open(self.shared_from_this());
    if (!self.listener_) {
      self.abort();
    }
  });
}

void WebSocketStream::on_message(ByteView piece, MessageKind) {
  bool first = false;
  bool full = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    first = inbox_.empty();
    if (!first || !worker_.on_this_thread() || paused_) {
      append(inbox_, piece);
      full = inbox_.size() >= kMaxWaiting;
      choked_ = choked_ || full;
    }
  }
  if (full) {
    socket_->pause_reading(true);
  }
  if (first) {
    worker_.on_this_thread() && !paused_ ? hand_over(piece)
                                         : post([](WebSocketStream& self) { self.deliver(); });
  }
}

void WebSocketStream::hand_over(ByteView bytes) {
  if (const auto listener = listener_; listener && !ended_) {
    listener->on_bytes(bytes);
  }
}

void WebSocketStream::pause_reading(bool paused) {
  if (std::exchange(paused_, paused) && !paused) {
    post([](WebSocketStream& self) { self.deliver(); });
  }
}

// What waits goes out in one piece.
void WebSocketStream::deliver() {
  if (paused_ && !ended_) {
    return;
  }
  Bytes bytes;
  bool choked = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    bytes.swap(inbox_);
    choked = std::exchange(choked_, false);
  }
  // Reaches the connection after the call that choked it.
  if (choked && connection_) {
    connection_->pause_reading(false);
  }
  if (!bytes.empty()) {
    hand_over(bytes);
  }
  if (lost_) {
    tell_closed();
  }
}

// ---- The end -----------------------------------------------------------------------------------

void WebSocketStream::on_close(CloseCode, std::string_view reason) {
  socket_ = nullptr;
  run([why = std::string(reason)](WebSocketStream& self) {
    self.connection_.reset();
    self.lost_ = Error(Errc::closed, why.empty() ? "the peer closed the connection" : why);
    self.deliver();
  });
}

// A connection that is paused has not come to its end, as with TCP.
void WebSocketStream::tell_closed() {
  if (paused_ && !ended_) {
    return;
  }
  if (const auto listener = std::exchange(listener_, nullptr)) {
    listener->on_closed(*lost_);
  }
}

}  // namespace

std::shared_ptr<WebSocketListener> stream_over_websocket(StreamHandler& handler,
                                                         const Executor& executor,
                                                         const RequestHead& head) {
  return std::make_shared<WebSocketStream>(handler, executor, head);
}

}  // namespace unhidra::net
