#include "mqtt_link.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "unhidra/net/errc.h"
#include "unhidra/net/websocket_client.h"

#include "driver.h"
#include "errc.h"

namespace unhidra::cli {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kTick{500};

SteadyTime steady_now() {
  return std::chrono::time_point_cast<SteadyTime::duration>(std::chrono::steady_clock::now());
}

}  // namespace

struct MqttLink::Impl : std::enable_shared_from_this<MqttLink::Impl> {
  struct Listener final : net::WebSocketListener {
    explicit Listener(std::weak_ptr<Impl> owner) : link(std::move(owner)) {}
    bool is_stream() const override { return true; }
    void on_open(std::shared_ptr<net::WebSocketConnection> opened) override {
      if (const auto owner = link.lock()) {
        owner->connection = std::move(opened);
        owner->flush();
      }
    }
    void on_message(ByteView message, net::MessageKind) override {
      if (const auto owner = link.lock()) {
        owner->heard(owner->client->receive(message, steady_now()));
      }
    }
    void on_close(net::CloseCode, std::string_view) override {
      if (const auto owner = link.lock()) {
        owner->connection.reset();
        owner->fail_with(Error(Errc::unreachable, "the broker closed the connection"));
      }
    }
    std::weak_ptr<Impl> link;
  };

  Impl(MqttLink& outer_in, asio::io_context& context_in, MqttLinkSettings settings_in)
      : outer(&outer_in),
        context(&context_in),
        settings(std::move(settings_in)),
        timer(context_in),
        deadline(context_in) {}

  void start() {
    client.emplace(mqtt::ClientSettings{.client_id = settings.client_id,
                                        .user_name = "token",
                                        .password = to_bytes(as_bytes(settings.token))},
                   steady_now());
    const auto endpoint = parse_endpoint(settings.gateway);
    auto tls = net::TlsClientContext::create(settings.tls);
    if (!endpoint || !tls) {
      return fail_with(endpoint ? tls.error() : endpoint.error());
    }
    net::WebSocketClientSettings to;
    to.host = endpoint->host;
    to.port = endpoint->port;
    to.target = "/mqtt";
    to.subprotocols = {"mqtt"};
    to.tls = *tls;
    net::connect_websocket(context->get_executor(), std::move(to),
                           std::make_shared<Listener>(weak_from_this()),
                           [self = shared_from_this()](auto result) {
                             if (!result) {
                               self->fail_with(std::move(result).error());
                             }
                           });
    tick();
  }

  void tick() {
    timer.expires_after(kTick);
    timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled && !self->over) {
        self->heard(self->client->tick(steady_now()));
        self->tick();
      }
    });
  }

  void heard(const std::vector<mqtt::ClientEvent>& events) {
    for (const auto& event : events) {
      if (outer != nullptr && outer->on_event && !over) {
        outer->on_event(event);
      }
      if (event.kind == mqtt::ClientEvent::Kind::disconnected) {
        fail_with(Error(Errc::refused, "the broker ended the connection: " +
                                           std::string(to_string(event.reason))));
      }
    }
    flush();
    check();
  }

  void flush() {
    if (connection && client) {
      auto bytes = client->take_output();
      if (!bytes.empty()) {
        connection->send_binary(std::move(bytes));
      }
    }
  }

  void fail_with(Error error) {
    if (std::exchange(over, true)) {
      return;
    }
    timer.cancel();
    if (error == net::Errc::untrusted) {
      error = untrusted_server(settings.gateway, error.message());
    } else if (error.code().name.starts_with("net.")) {
      error = Error(Errc::unreachable, error.message());
    }
    if (outer != nullptr && outer->on_failed) {
      outer->on_failed(error);
    }
    failure = std::move(error);
    check();
  }

  void check() {
    if (done && (over || done())) {
      context->stop();
    }
  }

  MqttLink* outer;
  asio::io_context* context;
  MqttLinkSettings settings;
  asio::steady_timer timer;
  asio::steady_timer deadline;
  std::optional<mqtt::ClientSession> client;
  std::shared_ptr<net::WebSocketConnection> connection;
  std::function<bool()> done;
  std::optional<Error> failure;
  bool over = false;
};

MqttLink::MqttLink(asio::io_context& context, MqttLinkSettings settings)
    : impl_(std::make_shared<Impl>(*this, context, std::move(settings))) {}

MqttLink::~MqttLink() {
  close();
}

void MqttLink::start() {
  impl_->start();
}

mqtt::ClientSession* MqttLink::client() {
  return impl_->client ? &*impl_->client : nullptr;
}

void MqttLink::flush() {
  impl_->flush();
}

void MqttLink::close() {
  auto& impl = *impl_;
  impl.outer = nullptr;
  impl.over = true;
  impl.timer.cancel();
  impl.deadline.cancel();
  if (impl.client) {
    impl.client->disconnect();
    impl.flush();
  }
  if (impl.connection) {
    impl.connection->close(net::CloseCode::normal, "");
    impl.connection.reset();
  }
}

Status MqttLink::run_until(const std::function<bool()>& done, std::chrono::milliseconds timeout) {
  auto& impl = *impl_;
  impl.done = done;
  impl.context->restart();
  if (!impl.client) {
    impl.start();
  }
  bool late = false;
  impl.deadline.expires_after(timeout);
  impl.deadline.async_wait([&late, &impl](boost::system::error_code cancelled) {
    if (!cancelled) {
      late = true;
      impl.context->stop();
    }
  });
  impl.flush();
  if (!impl.over && !done()) {
    impl.context->run();
  }
  impl.deadline.cancel();
  const bool reached = done();
  impl.done = nullptr;
  if (reached) {
    return {};
  }
  if (impl.failure) {
    return fail(*impl.failure);
  }
  return late ? fail(Errc::timed_out, "not done in time") : Status();
}

}  // namespace unhidra::cli
