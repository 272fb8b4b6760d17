#include "engine_user.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "unhidra/crypto/provider.h"
#include "unhidra/net/errc.h"

namespace unhidra::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kTokenMargin = 60s;
constexpr auto kShortestDelay = 100ms;
constexpr std::uint64_t kDelaySpreadMs = 900;

// Events that must not happen in a load of honest peers.
template <class E>
constexpr const char* trouble() {
  using namespace client::event;
  if constexpr (std::is_same_v<E, IdentityChanged>) {
    return "event.identity_changed";
  } else if constexpr (std::is_same_v<E, DeviceListRefused>) {
    return "event.device_list_refused";
  } else if constexpr (std::is_same_v<E, GhostDevice>) {
    return "event.ghost_device";
  } else if constexpr (std::is_same_v<E, BundleRefused>) {
    return "event.bundle_refused";
  } else if constexpr (std::is_same_v<E, OwnKeysReplaced>) {
    return "event.own_keys_replaced";
  } else if constexpr (std::is_same_v<E, StateRolledBack>) {
    return "event.state_rolled_back";
  } else if constexpr (std::is_same_v<E, MessagesMissing>) {
    return "event.messages_missing";
  } else if constexpr (std::is_same_v<E, PeerCouldNotRead>) {
    return "event.peer_could_not_read";
  } else {
    return nullptr;
  }
}

}  // namespace

Result<net::WebSocketClientSettings> gateway_settings(const std::string& gateway,
                                                      const std::string& access_token,
                                                      std::shared_ptr<net::TlsClientContext> tls) {
  UNHIDRA_TRY(const auto where, parse_url(gateway));
  net::WebSocketClientSettings settings;
  settings.host = where.host;
  settings.port = where.port;
  settings.target = where.target.empty() ? "/v1/ws" : where.target;
  settings.subprotocols = {"unhidra.v1", "bearer." + access_token};
  settings.headers.add("User-Agent", "unhidra-bench");
  settings.tls = std::move(tls);
  return settings;
}

// Hears of its connection as long as that is the user's present one.
struct EngineUser::Listener final : net::WebSocketListener {
  explicit Listener(std::weak_ptr<EngineUser> owner) : user(std::move(owner)) {}
  // The server's greeting may come before the connection is reported as made.
  void on_open(std::shared_ptr<net::WebSocketConnection> connection) override {
    const auto owner = user.lock();
    if (!owner || owner->listener_.get() != this) {
      connection->abort();
      return;
    }
    owner->connection_ = std::move(connection);
    owner->note(owner->engine_->connection_opened());
    owner->take_actions();
  }
  void on_message(ByteView message, net::MessageKind) override {
    const auto owner = user.lock();
    if (owner && owner->listener_.get() == this) {
      owner->heard(message);
      owner->note(owner->engine_->receive(message));
      owner->take_actions();
    }
  }
  void on_close(net::CloseCode code, std::string_view) override {
    const auto owner = user.lock();
    if (owner && owner->listener_.get() == this) {
      owner->lost("closed." + std::to_string(static_cast<int>(code)));
    }
  }
  std::weak_ptr<EngineUser> user;
};

EngineUser::EngineUser(EngineWorld& world, boost::asio::io_context& loop, Tally& tally,
                       Account account)
    : world_(world), loop_(loop), tally_(tally), account_(std::move(account)), retry_(loop) {}

Status EngineUser::start() {
  UNHIDRA_TRY(auto engine, client::Engine::open({.store = store_,
                                                 .crypto = crypto::native_provider(),
                                                 .random = world_.random,
                                                 .clock = world_.clock}));
  engine_.emplace(std::move(engine));
  UNHIDRA_TRY_VOID(engine_->enroll({account_.user, account_.device, account_.username}));
  connect();
  return {};
}

void EngineUser::stop() {
  stopped_ = true;
  retry_.cancel();
  listener_.reset();
  if (connection_) {
    connection_->close(net::CloseCode::normal, "");
    connection_.reset();
  }
}

void EngineUser::connect() {
  if (account_.access_expires_at - world_.clock.now() > kTokenMargin) {
    connect_with_token();
  } else {
    refresh_then([self = shared_from_this()] { self->connect_with_token(); });
  }
}

void EngineUser::connect_with_token() {
  auto settings = gateway_settings(world_.gateway.empty() ? account_.gateway : world_.gateway,
                                   account_.access_token, world_.tls);
  if (!settings) {
    give_up_connection("no_gateway_url");
    return;
  }
  listener_ = std::make_shared<Listener>(weak_from_this());
  net::connect_websocket(loop_.get_executor(), *std::move(settings), listener_,
                         [self = shared_from_this(), mine = listener_](auto result) {
                           if (self->stopped_ || self->listener_ != mine || result) {
                             return;
                           }
                           if (result.error() == net::Errc::upgrade_unauthorized) {
                             self->account_.access_expires_at = {};
                           }
                           self->give_up_connection(std::string(result.error().code().name));
                         });
}

void EngineUser::refresh_then(std::function<void()> next) {
  if (refreshing_) {
    return;
  }
  refreshing_ = true;
  boost::asio::co_spawn(loop_, world_.accounts.refreshed(account_),
                        [self = shared_from_this(), next = std::move(next)](
                            std::exception_ptr thrown, Result<Account> account) {
                          self->refreshing_ = false;
                          if (thrown || !account) {
                            self->count_error("token_refresh_failed");
                            if (!self->connection_ && !self->stopped_) {
                              self->give_up_connection("token_refresh_failed");
                            }
                            return;
                          }
                          self->account_ = std::move(*account);
                          if (!self->stopped_) {
                            next();
                          }
                        });
}

void EngineUser::lost(const std::string& code) {
  connection_.reset();
  ++tally_.connections_lost;
  note(engine_->connection_closed());
  take_actions();
  give_up_connection(code);
}

// Tries again after a while, each user at another moment.
void EngineUser::give_up_connection(const std::string& code) {
  listener_.reset();
  count_error(code);
  if (stopped_) {
    return;
  }
  retry_.expires_after(kShortestDelay +
                       std::chrono::milliseconds(world_.random.below(kDelaySpreadMs)));
  retry_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled && !self->stopped_) {
      self->connect();
    }
  });
}

void EngineUser::tick() {
  if (!engine_ || stopped_) {
    return;
  }
  note(engine_->tick());
  if (connection_ && token_expires_at_ && *token_expires_at_ - world_.clock.now() < kTokenMargin) {
    token_expires_at_.reset();  // asked once; the answer brings the next time
    refresh_then([self = shared_from_this()] {
      self->note(self->engine_->refresh_token(self->account_.access_token));
      self->take_actions();
    });
  }
  take_actions();
}

bool EngineUser::ready() const {
  if (!engine_ || !connection_) {
    return false;
  }
  const auto account = engine_->account();
  return account && account->membership == client::Membership::approved && engine_->idle();
}

// Events may make further messages, whose actions are taken in turn.
void EngineUser::take_actions() {
  take_again_ = true;
  if (taking_) {
    return;
  }
  taking_ = true;
  while (take_again_) {
    take_again_ = false;
    take_actions_once();
  }
  taking_ = false;
}

void EngineUser::take_actions_once() {
  auto actions = engine_->take_actions();
  if (connection_) {
    for (auto& frame : actions.frames) {
      connection_->send_binary(std::move(frame));
    }
  }
  for (const auto& event : actions.events) {
    if (const auto* expires = std::get_if<client::event::TokenExpires>(&event)) {
      token_expires_at_ = expires->at;
    } else if (!count_trouble(event)) {
      see(event);
    }
  }
  if (actions.reconnect && connection_) {
    const auto old = std::move(connection_);
    listener_.reset();
    old->abort();
    lost("reconnect_asked");
  }
}

bool EngineUser::count_trouble(const client::Event& event) {
  using namespace client::event;
  return std::visit(
      [&]<class E>(const E& what) {
        if constexpr (std::is_same_v<E, MessageUnreadable>) {
          count_error("unreadable." + std::string(to_string(what.message.reason)));
        } else if constexpr (std::is_same_v<E, RequestFailed>) {
          count_error("request_failed." + what.code);
        } else if constexpr (trouble<E>() != nullptr) {
          count_error(trouble<E>());
        } else {
          return false;
        }
        return true;
      },
      event);
}

void EngineUser::note(const Status& status) {
  if (!status) {
    count_error(std::string(status.error().code().name));
  }
}

}  // namespace unhidra::bench
