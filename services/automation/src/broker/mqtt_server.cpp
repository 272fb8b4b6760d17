#include "unhidra/automation/mqtt_server.h"

#include <algorithm>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "unhidra/mqtt/encoder.h"
#include "unhidra/runtime/task.h"

namespace unhidra::automation {
namespace {

constexpr std::chrono::milliseconds kTick{50};
constexpr std::string_view kSubprotocol = "mqtt";

mqtt::Transport transport_of(net::StreamTransport transport) {
  switch (transport) {
    case net::StreamTransport::tcp:
      return mqtt::Transport::tcp;
    case net::StreamTransport::tls:
      return mqtt::Transport::tls;
    case net::StreamTransport::websocket:
      return mqtt::Transport::websocket;
    case net::StreamTransport::secure_websocket:
      break;
  }
  return mqtt::Transport::secure_websocket;
}

}  // namespace

struct MqttServer::Impl : std::enable_shared_from_this<MqttServer::Impl> {
  Impl(Executor its_executor, const mqtt::BrokerSettings& settings, mqtt::Authority& authority,
       mqtt::Journal* journal, mqtt::Observer* observer, const Clock& its_clock,
       RandomSource& random)
      : executor(std::move(its_executor)),
        clock(its_clock),
        broker(settings, authority, journal, observer, random, now()),
        timer(executor) {}

  mqtt::Moment now() const { return {clock.now(), clock.steady_now()}; }

  // At the end of this turn of the loop.
  void flush_later() {
    if (!flush_posted) {
      flush_posted = true;
      boost::asio::post(executor, [self = shared_from_this()] {
        self->flush_posted = false;
        self->broker.flush();
      });
    }
  }
  void tick() {
    timer.expires_after(kTick);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error && !self->stopped) {
        self->broker.tick(self->now());
        self->broker.flush();
        self->tick();
      }
    });
  }

  Task<bool> drained() { co_return broker.drained(); }

  Executor executor;
  const Clock& clock;
  mqtt::Broker broker;
  boost::asio::steady_timer timer;
  std::vector<std::unique_ptr<net::Server>> servers;
  bool flush_posted = false;
  bool stopped = false;
};

namespace {

// One connection: the stream's listener and the broker's link.
class MqttStream final : public net::StreamListener, public mqtt::Link {
 public:
  MqttStream(std::shared_ptr<MqttServer::Impl> server, std::shared_ptr<net::Stream> stream)
      : server_(std::move(server)), stream_(std::move(stream)) {
    mqtt::Peer peer;
    peer.address = stream_->peer().ip;
    peer.transport = transport_of(stream_->transport());
    if (const auto tls = stream_->tls_peer()) {
      peer.certificate = tls->certificate;
      peer.binding = tls->tls_exporter.value_or(Bytes());
    }
    id_ = server_->broker.accept(*this, std::move(peer), server_->now());
  }

  // ---- StreamListener
  void on_bytes(ByteView bytes) override {
    server_->broker.receive(id_, bytes, server_->now());
    server_->flush_later();
  }
  void on_drained() override {
    server_->broker.writable(id_, server_->now());
    if (server_->broker.wants_flush()) {
      server_->flush_later();
    }
  }
  void on_shutdown() override {}  // the broker says goodbye by itself
  void on_closed(const Error&) override {
    server_->broker.lost(id_, server_->now());
    server_->flush_later();
  }

  // ---- Link
  Bytes& output() override { return framed_ ? packets_ : stream_->output(); }
  void flush() override {
    if (framed_) {
      flush_packets();
    } else {
      stream_->flush();
    }
  }
  std::size_t queued() const override { return stream_->queued() + packets_.size(); }
  void pause_reading(bool paused) override { stream_->pause_reading(paused); }
  void close() override {
    flush();
    stream_->finish();
  }

 private:
  // Over WebSocket each packet is a frame. They may stand together in one (MQTT 5.0 section 6), but
  // there are clients that wait for ever when they do (Paho C 1.3.12 without TLS).
  void flush_packets() {
    ByteView rest(packets_);
    while (!rest.empty()) {
      const auto packet = rest.first(std::min(mqtt::packet_size(rest), rest.size()));
      append(stream_->output(), packet);
      stream_->flush();
      rest = rest.subspan(packet.size());
    }
    packets_.clear();
  }

  const std::shared_ptr<MqttServer::Impl> server_;
  const std::shared_ptr<net::Stream> stream_;
  const bool framed_ = stream_->transport() == net::StreamTransport::websocket ||
                       stream_->transport() == net::StreamTransport::secure_websocket;
  Bytes packets_;  // over WebSocket
  mqtt::ConnectionId id_ = 0;
};

}  // namespace

MqttServer::MqttServer(Executor executor, const mqtt::BrokerSettings& settings,
                       mqtt::Authority& authority, mqtt::Journal* journal, mqtt::Observer* observer,
                       const Clock& clock, RandomSource& random)
    : impl_(std::make_shared<Impl>(std::move(executor), settings, authority, journal, observer,
                                   clock, random)) {}

MqttServer::~MqttServer() {
  impl_->servers.clear();
}

Result<std::uint16_t> MqttServer::listen(net::ServerSettings settings,
                                         std::shared_ptr<net::TlsServerContext> tls) {
  auto server = std::make_unique<net::Server>(std::vector{impl_->executor}, std::move(settings),
                                              std::move(tls), *this);
  UNHIDRA_TRY_VOID(server->start());
  impl_->servers.push_back(std::move(server));
  return impl_->servers.back()->port();
}

net::UpgradeDecision MqttServer::upgrade(const net::RequestHead& head) {
  if (!head.headers.has_token("Sec-WebSocket-Protocol", kSubprotocol)) {
    return std::unexpected(net::HttpResponse::text(
        400, "MQTT needs the subprotocol \"mqtt\" in Sec-WebSocket-Protocol.\n"));
  }
  return net::AcceptUpgrade{.listener = net::stream_over_websocket(*this, impl_->executor, head),
                            .subprotocol = std::string(kSubprotocol),
                            .settings = std::nullopt};
}

std::shared_ptr<net::StreamListener> MqttServer::on_open(std::shared_ptr<net::Stream> stream) {
  if (impl_->stopped) {
    return nullptr;
  }
  return std::make_shared<MqttStream>(impl_, std::move(stream));
}

void MqttServer::start() {
  boost::asio::post(impl_->executor, [impl = impl_] { impl->tick(); });
}

Task<void> MqttServer::drain(mqtt::Farewell farewell, std::chrono::milliseconds grace) {
  const auto limit = std::chrono::steady_clock::now() + farewell.period + grace;
  run([farewell = std::move(farewell)](mqtt::Broker& broker, mqtt::Moment moment) {
    broker.drain(farewell, moment);
  });
  while (!co_await runtime::run_on(impl_->executor, impl_->drained()) &&
         std::chrono::steady_clock::now() < limit) {
    co_await runtime::sleep_for(kTick);
  }
}

Task<void> MqttServer::stop(std::chrono::milliseconds grace) {
  for (const auto& server : impl_->servers) {
    server->stop_accepting();
  }
  run([impl = impl_](mqtt::Broker& broker, mqtt::Moment moment) {
    broker.shut_down(moment);
    impl->stopped = true;
    impl->timer.cancel();
  });
  for (const auto& server : impl_->servers) {
    static_cast<void>(co_await server->shutdown(net::CloseCode::going_away, {}, grace));
  }
}

void MqttServer::run(std::function<void(mqtt::Broker&, mqtt::Moment)> call) {
  boost::asio::post(impl_->executor, [impl = impl_, call = std::move(call)] {
    call(impl->broker, impl->now());
    impl->broker.flush();
  });
}

mqtt::Broker& MqttServer::broker() {
  return impl_->broker;
}
mqtt::Moment MqttServer::now() const {
  return impl_->now();
}

}  // namespace unhidra::automation
