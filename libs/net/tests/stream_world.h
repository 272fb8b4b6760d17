#pragma once
// A stream server and an HTTP server whose /stream leads to the same handler.

#include <functional>
#include <mutex>

#include "stream_client.h"
#include "test_server.h"

namespace unhidra::net::test {

// How a stream comes in.
struct StreamDoor {
  StreamTransport transport;
  bool other_thread;  // the WebSocket lives on another thread than the application
  std::string_view name;
};
inline void PrintTo(const StreamDoor& door, std::ostream* out) {
  *out << door.name;
}

// What one stream's application saw. Written on the stream's thread.
class Recorder final : public StreamListener {
 public:
  using OnBytes = std::function<void(Stream&, ByteView)>;
  Recorder(std::shared_ptr<Stream> stream, OnBytes on_bytes)
      : stream_(std::move(stream)), on_bytes_(std::move(on_bytes)) {}

  void on_bytes(ByteView bytes) override {
    {
      const std::lock_guard lock(mutex_);
      received_ += as_text(bytes);
    }
    on_bytes_(*stream_, bytes);
  }
  void on_drained() override { ++drains; }
  void on_shutdown() override {
    ++shutdowns;
    stream_->finish();
  }
  void on_closed(const Error& why) override {
    const std::lock_guard lock(mutex_);
    why_ = why;
    ++closes;
  }

  Stream& stream() { return *stream_; }
  std::string received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  std::optional<Error> why() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }
  std::atomic<int> drains{0};
  std::atomic<int> shutdowns{0};
  std::atomic<int> closes{0};

 private:
  const std::shared_ptr<Stream> stream_;
  const OnBytes on_bytes_;
  mutable std::mutex mutex_;
  std::string received_;
  std::optional<Error> why_;
};

class StreamWorld final : public StreamHandler, public HttpHandler {
 public:
  // The default sends back what it gets.
  explicit StreamWorld(StreamDoor door, Recorder::OnBytes on_bytes = {},
                       ServerSettings settings = {});
  ~StreamWorld() override;

  std::unique_ptr<StreamClient> connect(int receive_buffer = 0, std::string_view preface = {});
  // The stream that was opened last; waits for one.
  std::shared_ptr<Recorder> opened();
  // On the streams' thread; waits until it is done.
  void run(std::function<void()> call);
  Server& server() { return *server_; }
  ServerStats stats() const { return server_->stats(); }
  std::size_t shutdown(std::chrono::milliseconds grace);

  std::atomic<bool> refuse{false};

 private:
  std::shared_ptr<StreamListener> on_open(std::shared_ptr<Stream> stream) override;
  std::uint64_t body_limit(const RequestHead&) override { return 0; }
  Task<HttpResponse> handle(HttpRequest) override { co_return HttpResponse::text(404, ""); }
  Task<UpgradeDecision> upgrade(RequestHead head) override;

  const StreamDoor door_;
  const Recorder::OnBytes on_bytes_;
  std::mutex mutex_;
  std::shared_ptr<Recorder> opened_;
  runtime::IoThreads threads_{2};
  std::unique_ptr<Server> server_;
};

}  // namespace unhidra::net::test
