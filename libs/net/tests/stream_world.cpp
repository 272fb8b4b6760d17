#include "stream_world.h"

#include <boost/asio/post.hpp>

namespace unhidra::net::test {
namespace {

void send_back(Stream& stream, ByteView bytes) {
  append(stream.output(), bytes);
  stream.flush();
}

std::shared_ptr<TlsServerContext> stream_tls() {
  static const Certificate certificate = make_certificate();
  return TlsServerContext::create(tls_settings(certificate)).value();
}

}  // namespace

StreamWorld::StreamWorld(StreamDoor door, Recorder::OnBytes on_bytes, ServerSettings settings)
    : door_(door), on_bytes_(on_bytes ? std::move(on_bytes) : send_back) {
  const bool websocket = door.transport == StreamTransport::websocket ||
                         door.transport == StreamTransport::secure_websocket;
  const bool tls =
      door.transport == StreamTransport::tls || door.transport == StreamTransport::secure_websocket;
  const std::vector executors{threads_.at(door.other_thread ? 1 : 0)};
  const auto context = tls ? stream_tls() : nullptr;
  server_ = websocket ? std::make_unique<Server>(executors, std::move(settings), context,
                                                 static_cast<HttpHandler&>(*this))
                      : std::make_unique<Server>(executors, std::move(settings), context,
                                                 static_cast<StreamHandler&>(*this));
  if (const auto started = server_->start(); !started) {
    throw std::runtime_error(started.error().message());
  }
}

StreamWorld::~StreamWorld() {
  shutdown(0ms);
}

std::size_t StreamWorld::shutdown(std::chrono::milliseconds grace) {
  return boost::asio::co_spawn(threads_.at(1),
                               server_->shutdown(CloseCode::going_away, "bye", grace),
                               boost::asio::use_future)
      .get();
}

std::unique_ptr<StreamClient> StreamWorld::connect(int receive_buffer, std::string_view preface) {
  return std::make_unique<StreamClient>(door_.transport, server_->port(), preface, receive_buffer);
}

std::shared_ptr<Recorder> StreamWorld::opened() {
  std::shared_ptr<Recorder> out;
  eventually([&] {
    const std::lock_guard lock(mutex_);
    out = opened_;
    return out != nullptr;
  });
  return out;
}

void StreamWorld::run(std::function<void()> call) {
  boost::asio::post(threads_.at(0), boost::asio::use_future(std::move(call))).get();
}

std::shared_ptr<StreamListener> StreamWorld::on_open(std::shared_ptr<Stream> stream) {
  if (refuse) {
    return nullptr;
  }
  auto recorder = std::make_shared<Recorder>(std::move(stream), on_bytes_);
  const std::lock_guard lock(mutex_);
  opened_ = recorder;
  return recorder;
}

Task<UpgradeDecision> StreamWorld::upgrade(RequestHead head) {
  co_return AcceptUpgrade{.listener = stream_over_websocket(*this, threads_.at(0), head),
                          .subprotocol = "mqtt",
                          .settings = std::nullopt};
}

}  // namespace unhidra::net::test
