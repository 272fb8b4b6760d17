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

// What may wait for the application; a peer that sends more is cut off.
constexpr std::size_t kMaxWaiting = 4 << 20;

class WebSocketStream final : public Stream,
                              public WebSocketListener,
                              public std::enable_shared_from_this<WebSocketStream> {
 public:
  WebSocketStream(StreamHandler& handler, Executor executor, const RequestHead& head)
      : handler_(handler),
        executor_(std::move(executor)),
        worker_(Worker::of(executor_)),
        peer_(head.peer),
        tls_peer_(head.tls_peer),
        tls_(head.tls) {}

  // ---- Stream: on the application's thread
  Bytes& output() override { return out_; }
  void flush() override {
    if (!out_.empty() && connection_) {
      connection_->send_binary(std::exchange(out_, {}));
    }
    out_.clear();
  }
  std::size_t queued() const override {
    return out_.size() + (connection_ ? connection_->queued_bytes() : 0);
  }
  void pause_reading(bool paused) override {
    paused_ = paused;
    if (!paused) {
      run([](WebSocketStream& self) { self.deliver(); });
    }
  }
  void finish() override {
    flush();
    if (connection_) {
      connection_->close(CloseCode::normal, {});
    }
  }
  void abort() override {
    if (connection_) {
      connection_->abort();
    }
  }
  StreamTransport transport() const override {
    return tls_ ? StreamTransport::secure_websocket : StreamTransport::websocket;
  }
  PeerAddress peer() const override { return peer_; }
  std::shared_ptr<const TlsPeer> tls_peer() const override { return tls_peer_; }

  // ---- WebSocketListener: on the connection's thread
  void on_open(std::shared_ptr<WebSocketConnection> connection) override {
    socket_ = connection.get();
    run([connection = std::move(connection)](WebSocketStream& self) {
      self.connection_ = connection;
      self.listener_ = self.handler_.on_open(self.shared_from_this());
      if (!self.listener_) {
        self.abort();
      }
    });
  }
  void on_message(ByteView message, MessageKind kind) override {
    if (kind == MessageKind::text) {
      socket_->close(CloseCode::unsupported_data, "binary messages only");
      return;
    }
    if (waiting_bytes_.fetch_add(message.size()) + message.size() > kMaxWaiting) {
      socket_->abort();
      return;
    }
    if (worker_.on_this_thread() && !paused_ && waiting_.empty()) {
      waiting_bytes_.fetch_sub(message.size());
      hand_over(message);
      return;
    }
    run([bytes = to_bytes(message)](WebSocketStream& self) mutable {
      self.waiting_.push_back(std::move(bytes));
      self.deliver();
    });
  }
  void on_drained() override {
    run([](WebSocketStream& self) {
      if (const auto listener = self.listener_) {
        listener->on_drained();
      }
    });
  }
  void on_close(CloseCode, std::string_view reason) override {
    socket_ = nullptr;
    run([why = std::string(reason)](WebSocketStream& self) {
      self.connection_.reset();
      if (const auto listener = std::exchange(self.listener_, nullptr)) {
        listener->on_closed({Errc::closed, why});
      }
    });
  }
  // The application bounds its output by itself; what it sends beyond is a bug of it.
  bool on_overflow() override { return false; }

 private:
  template <class F>
  void run(F call) {
    if (worker_.on_this_thread()) {
      call(*this);
    } else {
      boost::asio::post(worker_.context(), [self = shared_from_this(),
                                            call = std::move(call)]() mutable { call(*self); });
    }
  }
  void hand_over(ByteView bytes) {
    if (const auto listener = listener_) {
      listener->on_bytes(bytes);
    }
  }
  void deliver() {
    while (!paused_ && !waiting_.empty()) {
      const auto bytes = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      waiting_bytes_.fetch_sub(bytes.size());
      hand_over(bytes);
    }
  }

  StreamHandler& handler_;
  Executor executor_;
  Worker& worker_;  // the application's
  const PeerAddress peer_;
  const std::shared_ptr<const TlsPeer> tls_peer_;
  const bool tls_;
  std::atomic<std::size_t> waiting_bytes_{0};

  WebSocketConnection* socket_ = nullptr;  // the connection's thread

  // The application's thread.
  std::shared_ptr<WebSocketConnection> connection_;
  std::shared_ptr<StreamListener> listener_;
  std::vector<Bytes> waiting_;
  Bytes out_;
  bool paused_ = false;
};

}  // namespace

std::shared_ptr<WebSocketListener> stream_over_websocket(StreamHandler& handler, Executor executor,
                                                         const RequestHead& head) {
  return std::make_shared<WebSocketStream>(handler, std::move(executor), head);
}

}  // namespace unhidra::net
