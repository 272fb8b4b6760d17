#include "driver.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "unhidra/base/text.h"
#include "unhidra/net/errc.h"
#include "unhidra/net/websocket_client.h"

#include "errc.h"

namespace unhidra::cli {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::seconds kTokenMargin{60};
constexpr std::chrono::milliseconds kFirstDelay{500};
constexpr std::chrono::milliseconds kLastDelay{30'000};

}  // namespace

TokenKeeper::TokenKeeper(Rest& rest, SealedStore& store, RandomSource& random, const Clock& clock,
                         LoginState login)
    : rest_(&rest), store_(&store), random_(&random), clock_(&clock), login_(std::move(login)) {}

Result<std::string> TokenKeeper::fresh(std::chrono::seconds margin, bool force) {
  if (!force && login_.access_expires_at - clock_->now() > margin) {
    return login_.access_token;
  }
  if (login_.retry_key.empty()) {
    // Stored first: should the answer be lost, the same question may be asked again.
    login_.retry_key = to_hex(random_->array<16>());
    UNHIDRA_TRY_VOID(save_login(*store_, login_));
  }
  UNHIDRA_TRY(const auto tokens, rest_->refresh(login_.refresh_token, login_.retry_key));
  login_ = {tokens.access_token, tokens.access_expires_at, tokens.refresh_token, {}};
  UNHIDRA_TRY_VOID(save_login(*store_, login_));
  return login_.access_token;
}

// Its own event loop holds every handler, so none outlives it, and none may own it.
struct Driver::Impl : std::enable_shared_from_this<Driver::Impl> {
  // Forwards to the driver as long as its connection is the present one.
  struct Listener final : net::WebSocketListener {
    explicit Listener(std::weak_ptr<Impl> owner) : driver(std::move(owner)) {}
    // The server greets at once: its first frame may follow on the heels of the upgrade.
    void on_open(std::shared_ptr<net::WebSocketConnection> opened) override {
      const auto owner = driver.lock();
      if (owner && owner->listener.get() == this) {
        owner->connected(std::move(opened));
      }
    }
    void on_message(ByteView message, net::MessageKind kind) override {
      const auto owner = driver.lock();
      if (owner && owner->listener.get() == this && kind == net::MessageKind::binary) {
        owner->receive(message);
      }
    }
    void on_close(net::CloseCode code, std::string_view reason) override {
      const auto owner = driver.lock();
      if (owner && owner->listener.get() == this) {
        owner->closed(code, std::string(reason));
      }
    }
    std::weak_ptr<Impl> driver;
  };

  Impl(Driver& outer_in, client::Engine& engine_in, TokenKeeper& tokens_in,
       GenerationFile& generation_in, RandomSource& random_in, DriverSettings settings_in)
      : outer(&outer_in),
        engine(&engine_in),
        tokens(&tokens_in),
        generation(&generation_in),
        random(&random_in),
        settings(std::move(settings_in)),
        ticker(context),
        retry(context),
        deadline(context) {}

  void start() {
    if (started) {
      return;
    }
    started = true;
    connect();
    tick();
  }

  void connect() {
    auto token = tokens->fresh(kTokenMargin, std::exchange(refresh_first, false));
    if (!token) {
      failed(std::move(token).error());
      return;
    }
    const auto endpoint = parse_endpoint(settings.gateway);
    if (!endpoint) {
      failed(endpoint.error());
      return;
    }
    net::WebSocketClientSettings to;
    to.host = endpoint->host;
    to.port = endpoint->port;
    to.target = endpoint->target.empty() ? "/v1/ws" : endpoint->target;
    to.subprotocols = {"unhidra.v1", "bearer." + *token};
    to.headers.add("User-Agent", "unhidra-cli");
    auto tls = net::TlsClientContext::create(settings.tls);
    if (!tls) {
      failed(std::move(tls).error());
      return;
    }
    to.tls = *tls;
    listener = std::make_shared<Listener>(weak_from_this());
    net::connect_websocket(context.get_executor(), std::move(to), listener,
                           [this, mine = listener](auto result) {
                             if (listener == mine && !result) {
                               failed(std::move(result).error());
                             }
                           });
  }

  void connected(std::shared_ptr<net::WebSocketConnection> opened) {
    connection = std::move(opened);
    attempts = 0;
    note(engine->connection_opened());
    flush();
    tell(true);
  }

  void receive(ByteView message) {
    note(engine->receive(message));
    flush();
  }

  void closed(net::CloseCode code, std::string reason) {
    drop();
    if (static_cast<int>(code) == 4401) {
      refresh_first = true;
    }
    failed(
        Error(Errc::unreachable, "the server closed the connection" +
                                     (reason.empty() ? std::string() : ": " + printable(reason))));
  }

  // Forgets the connection; the engine learns of it.
  void drop() {
    if (connection) {
      tell(false);
      connection.reset();
      note(engine->connection_closed());
      flush();
    }
    listener.reset();
  }

  void tell(bool up) {
    if (outer->on_connection) {
      outer->on_connection(up);
    }
  }

  void failed(Error error) {
    listener.reset();
    if (error == net::Errc::untrusted) {
      stop(untrusted_server(settings.gateway, error.message()));
      return;
    }
    if (error == net::Errc::upgrade_unauthorized && !refreshed_after_refusal) {
      refreshed_after_refusal = true;
      refresh_first = true;
      connect();
      return;
    }
    const bool final_word = error.kind() == ErrorKind::unauthenticated ||
                            error.kind() == ErrorKind::denied || error == Errc::usage;
    if (final_word) {
      stop(error == Errc::session_ended || error == Errc::untrusted_server
               ? std::move(error)
               : Error(Errc::refused, "the gateway refuses this session: " + error.message()));
      return;
    }
    if (!settings.persistent && attempts >= 2) {
      stop(Error(Errc::unreachable, error.message()));
      return;
    }
    ++attempts;
    const auto delay = std::min(kLastDelay, kFirstDelay * (1 << std::min(attempts - 1, 8)));
    const auto jitter =
        static_cast<std::int64_t>(random->below(static_cast<std::uint64_t>(delay.count() / 2 + 1)));
    retry.expires_after(std::max(delay / 2 + std::chrono::milliseconds(jitter), asked_delay));
    asked_delay = {};
    retry.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled) {
        connect();
      }
    });
  }

  void tick() {
    ticker.expires_after(kTick);
    ticker.async_wait([this](boost::system::error_code cancelled) {
      if (cancelled) {
        return;
      }
      note(engine->tick());
      if (connection) {
        keep_token();
      }
      flush();
      tick();
    });
  }

  void keep_token() {
    if (!token_expires_at || *token_expires_at - clock_now() > kTokenMargin) {
      return;
    }
    token_expires_at.reset();  // asked once; the answer brings the next time
    auto token = tokens->fresh(kTokenMargin, true);
    if (token) {
      note(engine->refresh_token(*token));
    } else if (token.error().kind() == ErrorKind::unauthenticated) {
      stop(std::move(token).error());
    }
  }

  static Timestamp clock_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }

  void note(Status status) {
    if (!status && status.error() != client::Errc::bad_frame) {
      stop(std::move(status).error());
    }
  }

  void flush() {
    auto actions = engine->take_actions();
    generation->remember(engine->generation());
    if (connection) {
      for (auto& frame : actions.frames) {
        connection->send_binary(std::move(frame));
      }
    }
    for (const auto& event : actions.events) {
      if (const auto* expires = std::get_if<client::event::TokenExpires>(&event)) {
        token_expires_at = expires->at;
      }
      if (const auto* closing = std::get_if<client::event::ServerClosing>(&event)) {
        asked_delay = std::chrono::milliseconds(closing->reconnect_after_ms);
      }
      if (outer->on_event) {
        outer->on_event(event);
      }
    }
    if (actions.reconnect && connection) {
      auto old = std::move(connection);
      connection.reset();
      listener.reset();
      old->abort();
      note(engine->connection_closed());
      failed(Error(Errc::unreachable, "the connection had to be given up"));
    }
    check();
  }

  void check() {
    if (done && done()) {
      finished = true;
      context.stop();
    }
  }

  void stop(Error error) {
    if (!outcome) {
      outcome = std::move(error);
    }
    context.stop();
  }

  Driver* outer;
  client::Engine* engine;
  TokenKeeper* tokens;
  GenerationFile* generation;
  RandomSource* random;
  DriverSettings settings;
  asio::io_context context{1};
  asio::steady_timer ticker;
  asio::steady_timer retry;
  asio::steady_timer deadline;
  std::shared_ptr<Listener> listener;
  std::shared_ptr<net::WebSocketConnection> connection;
  std::function<bool()> done;
  std::optional<Error> outcome;
  std::optional<Timestamp> token_expires_at;
  std::chrono::milliseconds asked_delay{};
  int attempts = 0;
  bool started = false;
  bool finished = false;
  bool late = false;
  bool refresh_first = false;
  bool refreshed_after_refusal = false;
};

Driver::Driver(client::Engine& engine, TokenKeeper& tokens, GenerationFile& generation,
               RandomSource& random, DriverSettings settings)
    : impl_(
          std::make_shared<Impl>(*this, engine, tokens, generation, random, std::move(settings))) {}

Driver::~Driver() {
  close();
}

boost::asio::io_context& Driver::context() {
  return impl_->context;
}

void Driver::flush() {
  impl_->flush();
}

Status Driver::run_until(const std::function<bool()>& done,
                         std::optional<std::chrono::milliseconds> timeout) {
  auto& impl = *impl_;
  impl.outcome.reset();
  impl.finished = false;
  impl.done = done;
  impl.context.restart();
  impl.start();
  impl.late = false;
  if (timeout) {
    impl.deadline.expires_after(*timeout);
    impl.deadline.async_wait([&impl](boost::system::error_code cancelled) {
      if (!cancelled) {
        impl.late = true;
        impl.context.stop();
      }
    });
  }
  impl.flush();
  if (!impl.finished && !impl.outcome) {
    impl.context.run();
  }
  impl.deadline.cancel();
  impl.done = nullptr;
  if (impl.outcome && !impl.finished) {
    return fail(std::move(*impl.outcome));
  }
  if (impl.late && !impl.finished) {
    return fail(Errc::timed_out, "not done in time");
  }
  return {};
}

void Driver::close() {
  auto& impl = *impl_;
  impl.done = nullptr;
  impl.ticker.cancel();
  impl.retry.cancel();
  impl.deadline.cancel();
  on_event = nullptr;
  on_connection = nullptr;
  if (impl.connection) {
    impl.connection->close(net::CloseCode::normal, "");
    impl.listener.reset();
    impl.connection.reset();
    impl.context.restart();
    impl.context.run_for(std::chrono::milliseconds(200));
  }
}

}  // namespace unhidra::cli
