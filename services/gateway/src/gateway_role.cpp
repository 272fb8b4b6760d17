#include "unhidra/gateway/gateway_role.h"

#include <algorithm>
#include <set>

#include "unhidra/access/frame_handlers.h"
#include "unhidra/base/codec.h"
#include "unhidra/gateway/errc.h"
#include "unhidra/gateway/web_client.h"
#include "unhidra/messaging/gather.h"
#include "unhidra/runtime/log.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/internal.h"

#include "client_connection.h"
#include "upgrade.h"

namespace unhidra::gateway {
namespace {

// Presence leases last 90 seconds; they are renewed well before.
constexpr std::chrono::seconds kPresenceRefresh{30};
constexpr std::chrono::seconds kExpirySweep{5};
constexpr std::size_t kLeasesPerRefresh = 1000;
constexpr std::uint32_t kMaxListed = 1'000;

wire::ConnectionRecord to_record(const ConnectionInfo& info) {
  return {.connection_id = info.connection_id,
          .user_id = info.user_id,
          .device_id = info.device_id,
          .session_id = info.session_id,
          .ip = info.ip,
          .user_agent = info.user_agent,
          .connected_at = info.connected_at,
          .messages_in = info.messages_in,
          .messages_out = info.messages_out};
}

// Answers with this gateway's connections of one organisation, in the order of their ids: the first
// of those beyond an id. The question is the organisation (16 bytes), that id (16), how many (u32).
Bytes list_connections(const ConnectionTable& table, ByteView question) {
  ByteReader reader(question);
  const auto org = OrgId(reader.array<16>());
  const auto after = ConnectionId(reader.array<16>());
  const auto limit = std::min(reader.u32(), kMaxListed);
  wire::ConnectionList out;
  if (!reader.finish("the question for connections")) {
    return wire::encode(out);
  }
  std::vector<std::shared_ptr<ClientConnection>> found;
  for (auto& connection : table.snapshot()) {
    if (connection->principal().org_id == org && connection->id() > after) {
      found.push_back(std::move(connection));
    }
  }
  const auto shown = std::min<std::size_t>(limit, found.size());
  std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(shown), {},
                            [](const auto& connection) { return connection->id(); });
  for (std::size_t i = 0; i < shown; ++i) {
    out.connections.push_back(to_record(found[i]->info()));
  }
  return wire::encode(out);
}

Task<Status> close_expired(GatewayCore& core) {
  for (;;) {
    co_await runtime::sleep_for(kExpirySweep);
    const auto now = core.deps.clock.now();
    for (const auto& connection : core.table.snapshot()) {
      if (connection->expired(now)) {
        connection->close(kSignInAgain, "the access token has expired");
      }
    }
  }
}

Task<Status> refresh_presence(GatewayCore& core) {
  for (;;) {
    co_await runtime::sleep_for(kPresenceRefresh);
    std::vector<messaging::PresenceLease> leases;
    for (const auto& connection : core.table.snapshot()) {
      if (connection->is_shown()) {
        leases.push_back(connection->lease());
      }
      if (leases.size() == kLeasesPerRefresh) {
        UNHIDRA_CO_TRY_VOID(co_await core.deps.presence.refresh(std::exchange(leases, {})));
      }
    }
    UNHIDRA_CO_TRY_VOID(co_await core.deps.presence.refresh(std::move(leases)));
  }
}

// Only people of the asker's own organisation can be watched; others are left out as if they did
// not exist.
Result<std::vector<UserId>> same_organisation(storage::Transaction& tx, OrgId org,
                                              const std::vector<UserId>& users) {
  std::vector<UserId> out;
  for (const auto& user : users) {
    UNHIDRA_TRY(const auto rows,
                tx.query("SELECT 1 FROM users WHERE user_id = $1 AND org_id = $2", user, org));
    if (!rows.empty()) {
      out.push_back(user);
    }
  }
  return out;
}

}  // namespace

struct GatewayRole::Impl : net::HttpHandler {
  Impl(GatewayDependencies dependencies, GatewaySettings gateway_settings)
      : core(dependencies, std::move(gateway_settings)) {}

  // ---- HTTP ----
  std::uint64_t body_limit(const net::RequestHead& head) override { return rest->body_limit(head); }
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    if (web_client) {
      if (auto answer = web_client->answer(request)) {
        co_return std::move(*answer);
      }
    }
    co_return co_await rest->handle(std::move(request));
  }
  Task<net::UpgradeDecision> upgrade(net::RequestHead head) override {
    return head.path == kPath ? decide_upgrade(core, std::move(head))
                              : upgrade_elsewhere(std::move(head));
  }
  // Paths of others that share the port.
  Task<net::UpgradeDecision> upgrade_elsewhere(net::RequestHead head) {
    const auto request_head = head;
    if (net::from_foreign_page(head) && !origin_allowed(core.settings, head.headers)) {
      co_return std::unexpected(
          net::HttpResponse::text(403, "Pages of this origin may not connect.\n"));
    }
    auto decision = co_await rest->upgrade(std::move(head));
    if (!decision && decision.error().status == 404) {
      co_return co_await decide_upgrade(core, request_head);  // which says where the gateway is
    }
    co_return decision;
  }

  // ---- the gateway's own frames ----
  std::shared_ptr<ClientConnection> asker(const access::OperationContext& context) const {
    const auto id = context.request().connection_id;
    return id ? core.table.find(*id) : nullptr;
  }
  Task<Result<wire::Authenticated>> authenticate(access::OperationContext& context,
                                                 wire::Authenticate request) {
    const auto connection = asker(context);
    if (connection == nullptr) {
      co_return fail(Errc::gone, "the connection is closed");
    }
    co_return co_await connection->authenticate(std::move(request.access_token));
  }
  Task<Result<void>> set_presence(access::OperationContext& context, wire::SetPresence request) {
    const auto connection = asker(context);
    if (connection == nullptr) {
      co_return fail(Errc::gone, "the connection is closed");
    }
    co_return co_await connection->set_presence(request.state);
  }
  Task<Result<wire::PresenceSnapshot>> watch_presence(access::OperationContext& context,
                                                      wire::WatchPresence request) {
    const auto connection = asker(context);
    if (connection == nullptr) {
      co_return fail(Errc::gone, "the connection is closed");
    }
    const auto org = context.principal().org_id;
    UNHIDRA_CO_TRY(auto users, co_await context.read([&](storage::Transaction& tx) {
      return same_organisation(tx, org, request.user_ids);
    }));
    co_return co_await connection->watch_presence(std::move(users));
  }
  void bind(access::Handlers& handlers) {
    handlers.on_frame<wire::Authenticate>(
        "connection.authenticate",
        [this](access::OperationContext& context, wire::Authenticate in) {
          return authenticate(context, std::move(in));
        });
    handlers.on_frame<wire::SetPresence>(
        "presence.set", [this](access::OperationContext& context, wire::SetPresence in) {
          return set_presence(context, in);
        });
    handlers.on_frame<wire::WatchPresence>(
        "presence.watch", [this](access::OperationContext& context, wire::WatchPresence in) {
          return watch_presence(context, std::move(in));
        });
  }

  void revoke(const messaging::Message& message) {
    const auto revocation = access::Revocation::decode(message.payload.view());
    if (!revocation) {
      log::error("gateway.bad_revocation", {{"error", revocation.error()}});
      return;
    }
    core.revocations.add(*revocation, core.deps.clock.steady_now());
    for (const auto& connection : core.table.snapshot()) {
      if (revocation->covers(connection->principal())) {
        connection->close(*revocation);
      }
    }
  }

  Status listen_on_bus() {
    const auto executor = core.deps.io.at(0);
    UNHIDRA_TRY(revocations, core.deps.bus.subscribe(
                                 access::kRevokedSubject, executor,
                                 [this](const messaging::Message& message) { revoke(message); }));
    UNHIDRA_TRY(listing,
                messaging::answer_gathering(
                    core.deps.bus, "gateway.connections", executor,
                    [this](ByteView question) { return list_connections(core.table, question); }));
    return core.device_events.start(executor);
  }

  GatewayCore core;
  // A server without its web client is still a server.
  void load_web_client() {
    if (core.settings.web_client.empty()) {
      return;
    }
    if (auto loaded = WebClient::load(core.settings.web_client)) {
      web_client = std::move(*loaded);
    } else {
      log::warn("gateway.no_web_client",
                {{"error", loaded.error()}, {"message", loaded.error().message()}});
    }
  }

  std::optional<WebClient> web_client;
  net::HttpHandler* rest = nullptr;
  std::unique_ptr<net::Server> server;
  messaging::Subscription revocations;
  messaging::Subscription listing;
};

GatewayRole::GatewayRole(GatewayDependencies dependencies, GatewaySettings settings)
    : impl_(std::make_unique<Impl>(dependencies, std::move(settings))) {
  impl_->bind(dependencies.handlers);
}

GatewayRole::~GatewayRole() = default;

Status GatewayRole::start(std::shared_ptr<net::TlsServerContext> tls, net::HttpHandler& rest) {
  auto& core = impl_->core;
  impl_->rest = &rest;
  impl_->load_web_client();
  // Revocations are heard before the first connection can be proved good.
  UNHIDRA_TRY_VOID(impl_->listen_on_bus());
  core.scope.spawn("close_expired", close_expired(core));
  core.scope.spawn("refresh_presence", refresh_presence(core));
  impl_->server = std::make_unique<net::Server>(core.deps.io.executors(), core.settings.server,
                                                std::move(tls), *impl_);
  return impl_->server->start();
}

std::uint16_t GatewayRole::port() const {
  return impl_->server->port();
}
std::size_t GatewayRole::connections() const {
  return impl_->core.table.size();
}

bool GatewayRole::serves_web_client() const {
  return impl_->web_client.has_value();
}

Task<void> GatewayRole::stop() {
  auto& core = impl_->core;
  core.draining = true;
  impl_->revocations.reset();
  impl_->listing.reset();
  if (impl_->server != nullptr) {
    impl_->server->stop_accepting();
    const auto spread = static_cast<std::uint64_t>(
        std::max<std::int64_t>(core.settings.reconnect_spread.count(), 1));
    for (const auto& connection : core.table.snapshot()) {
      connection->tell_closing("gateway.restarting",
                               std::chrono::milliseconds(core.deps.random.below(spread)));
    }
    const auto left = co_await impl_->server->shutdown(net::CloseCode::service_restart,
                                                       "restarting", core.settings.drain_grace);
    log::info("gateway.stopped", {{"aborted", left}});
  }
  core.scope.request_stop();
  (void)co_await core.scope.join(core.settings.drain_grace);
}

}  // namespace unhidra::gateway
