#include "composition.h"

#include <algorithm>
#include <array>
#include <exception>
#include <future>

#include <boost/asio/co_spawn.hpp>

#include "unhidra/base/text.h"
#include "unhidra/chat/chat_role.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/files/files_role.h"
#include "unhidra/gateway/gateway_role.h"
#include "unhidra/messaging/shared_presence.h"
#include "unhidra/messaging/shared_rate_limiter.h"
#include "unhidra/runtime/log.h"

#include "errc.h"
#include "observation.h"

namespace unhidra::server {
namespace {

constexpr std::array<std::string_view, 4> kRoleNames{"auth", "automation", "chat", "gateway"};

std::vector<access::Serving> served_at(access::Serving role) {
  return {role, access::Serving::every};
}

// Files are served where people's clients ask already.
std::vector<access::Serving> served_at_auth() {
  return {access::Serving::auth, access::Serving::files, access::Serving::every};
}

// A browser has one origin: where the gateway serves the web client, it answers for REST, too.
std::vector<access::Serving> served_at_gateway(const gateway::GatewaySettings& settings,
                                               const RoleChoice& roles) {
  auto out = served_at(access::Serving::gateway);
  out.push_back(access::Serving::files);
  if (roles.auth && !settings.web_client.empty()) {
    out.push_back(access::Serving::auth);
  }
  return out;
}

Result<std::unique_ptr<messaging::Bus>> make_bus(const ServerSettings& settings,
                                                 Executor executor) {
  if (settings.nats.urls.empty()) {
    return messaging::make_in_process_bus(std::move(executor));
  }
  return messaging::make_nats_bus(settings.nats, std::move(executor));
}

// Runs the task on the loop and waits for it: for the main thread alone.
void run_and_wait(const Executor& executor, Task<void> task) {
  std::promise<void> done;
  boost::asio::co_spawn(executor, std::move(task), [&](const std::exception_ptr& failure) {
    if (failure) {
      log::error("server.stop_failed");
    }
    done.set_value();
  });
  done.get_future().wait();
}

Task<void> close(messaging::Bus& bus, std::chrono::milliseconds deadline) {
  if (const auto status = co_await bus.close(deadline); !status) {
    log::warn("bus.close_slow", {{"error", status.error()}});
  }
}

Task<void> join(runtime::TaskScope& scope, std::chrono::milliseconds deadline) {
  if (const auto status = co_await scope.join(deadline); !status) {
    log::warn("background.stop_slow", {{"error", status.error()}});
  }
}

std::string gateway_url(const std::string& host, std::uint16_t port) {
  return "wss://" + host + ":" + std::to_string(port) + "/v1/ws";
}

}  // namespace

std::string host_for_clients(std::string_view host) {
  if (host.empty() || host == "0.0.0.0" || host == "::") {
    return "localhost";
  }
  return host.find(':') == std::string_view::npos ? std::string(host)
                                                  : "[" + std::string(host) + "]";
}

Result<RoleChoice> RoleChoice::parse(const std::vector<std::string>& names) {
  if (names.empty()) {
    return RoleChoice{};
  }
  RoleChoice out{.auth = false, .automation = false, .chat = false, .gateway = false};
  for (const auto& name : names) {
    const auto known = std::ranges::find(kRoleNames, name);
    if (known == kRoleNames.end()) {
      const auto near = nearest(name, kRoleNames);
      return fail(Errc::bad_option,
                  "there is no role '" + name + "'" +
                      (near.empty() ? std::string("; roles are auth, automation, chat and gateway")
                                    : "; did you mean " + std::string(near) + "?"));
    }
    out.auth = out.auth || name == "auth";
    out.automation = out.automation || name == "automation";
    out.chat = out.chat || name == "chat";
    out.gateway = out.gateway || name == "gateway";
  }
  return out;
}

namespace {

// The gateway's port speaks MQTT, too, where this process has the broker.
class GatewayAndMqtt final : public net::HttpHandler {
 public:
  GatewayAndMqtt(net::HttpHandler& rest, std::optional<automation::AutomationRole>& broker)
      : rest_(rest), broker_(broker) {}
  std::uint64_t body_limit(const net::RequestHead& head) override { return rest_.body_limit(head); }
  Task<net::HttpResponse> handle(net::HttpRequest request) override {
    return rest_.handle(std::move(request));
  }
  Task<net::UpgradeDecision> upgrade(net::RequestHead head) override {
    if (broker_ && head.path == "/mqtt") {
      co_return broker_->upgrade_mqtt(head);
    }
    co_return co_await rest_.upgrade(std::move(head));
  }

 private:
  net::HttpHandler& rest_;
  std::optional<automation::AutomationRole>& broker_;
};

}  // namespace

struct Composition::Parts {
  Parts(const runtime::Config& config, const ServerSettings& server_settings, RoleChoice choice,
        std::unique_ptr<Observation> observer, std::unique_ptr<storage::Database> opened,
        std::shared_ptr<const pki::KeySealer> key_sealer, access::LimitTable table,
        std::unique_ptr<runtime::IoThreads> threads, std::unique_ptr<messaging::Bus> message_bus,
        std::unique_ptr<storage::ObjectStore> objects, gateway::GatewaySettings gateway_settings,
        const std::filesystem::path& directory)
      : settings(server_settings),
        roles(choice),
        observation(std::move(observer)),
        metrics(observation->metrics()),
        sealer(std::move(key_sealer)),
        provider(sealer),
        io_threads(std::move(threads)),
        io(*io_threads),
        database(std::move(opened)),
        bus(std::move(message_bus)),
        object_store(std::move(objects)),
        own_limiter(clock),
        limiter(own_limiter, *bus),
        limits(std::move(table)),
        guard(limiter, limits),
        auth({.io = io,
              .database = *database,
              .bus = *bus,
              .provider = provider,
              .metrics = metrics,
              .clock = clock,
              .random = random},
             auth::AuthSettings::from(config)),
        gateway_host(host_for_clients(gateway_settings.server.address)),
        verifier(auth.verifier(), settings.metrics_token, clock),
        decisions({.executor = io.at(0),
                   .database = *database,
                   .bus = *bus,
                   .metrics = metrics,
                   .clock = clock,
                   .random = random,
                   .decision_log = automation::decision_log_file(directory),
                   .topics = roles.automation && automation::AutomationSettings::from(config).mqtt},
                  automation::PolicySettings::from(config)),
        runner(*database, guard, handlers, clock, random, metrics,
               {.policy = &decisions.operations()}),
        auth_face(served_at_auth(), runner, verifier, random),
        gateway_face(served_at_gateway(gateway_settings, roles), runner, verifier, random),
        automation_face(served_at(access::Serving::automation), runner, verifier, random),
        own_presence({}, clock),
        presence(own_presence, *bus),
        background(io.at(0), "background") {
    observation->watch(*database, *bus, own_limiter);
    if (roles.chat) {
      chat.emplace(chat::ChatDependencies{.io = io,
                                          .database = *database,
                                          .bus = *bus,
                                          .handlers = handlers,
                                          .runner = runner,
                                          .crypto = crypto::native_provider(),
                                          .keys = provider,
                                          .clock = clock,
                                          .random = random});
    }
    if (roles.automation) {
      automation.emplace(automation::AutomationDependencies{.io = io,
                                                            .database = *database,
                                                            .bus = *bus,
                                                            .verifier = verifier,
                                                            .metrics = metrics,
                                                            .decisions = decisions,
                                                            .sealer = *sealer,
                                                            .clock = clock,
                                                            .random = random,
                                                            .directory = directory},
                         automation::AutomationSettings::from(config));
    }
    if (object_store) {
      files.emplace(files::FilesDependencies{.io = io,
                                             .database = *database,
                                             .store = *object_store,
                                             .metrics = metrics,
                                             .sealer = *sealer,
                                             .crypto = crypto::native_provider(),
                                             .clock = clock,
                                             .random = random},
                    files::FilesSettings::from(config));
    }
    if (roles.gateway) {
      gateway.emplace(gateway::GatewayDependencies{.io = io,
                                                   .bus = *bus,
                                                   .presence = presence,
                                                   .handlers = handlers,
                                                   .runner = runner,
                                                   .verifier = verifier,
                                                   .metrics = metrics,
                                                   .clock = clock,
                                                   .random = random},
                      std::move(gateway_settings));
    }
  }

  ~Parts() { observation->forget(); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  Status bind();
  void watch_health();

  ServerSettings settings;
  RoleChoice roles;
  runtime::SystemClock clock;
  crypto::PooledRandom random;
  std::unique_ptr<Observation> observation;
  runtime::Metrics& metrics;
  runtime::Health health;
  std::shared_ptr<const pki::KeySealer> sealer;
  pki::SealedKeyProvider provider;
  std::unique_ptr<runtime::IoThreads> io_threads;
  runtime::IoThreads& io;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<messaging::Bus> bus;
  std::unique_ptr<storage::ObjectStore> object_store;  // null: no role here serves files
  messaging::LocalRateLimiter own_limiter;
  messaging::SharedRateLimiter limiter;
  access::LimitTable limits;
  access::LimitGuard guard;
  access::Handlers handlers;
  auth::AuthRole auth;
  std::string gateway_host;
  MetricsTokenVerifier verifier;
  automation::DecisionPoint decisions;
  access::OperationRunner runner;
  access::RestFace auth_face;
  access::RestFace gateway_face;
  access::RestFace automation_face;
  messaging::PresenceTable own_presence;
  messaging::SharedPresence presence;
  std::optional<chat::ChatRole> chat;
  std::optional<automation::AutomationRole> automation;
  std::optional<files::FilesRole> files;
  std::optional<gateway::GatewayRole> gateway;
  GatewayAndMqtt gateway_and_mqtt{gateway_face, automation};
  runtime::TaskScope background;
};

Status Composition::Parts::bind() {
  std::vector<access::Serving> served{access::Serving::every};
  bind_system_operations(handlers, health, metrics);
  if (roles.auth) {
    auth.bind(handlers);
    served.push_back(access::Serving::auth);
  }
  if (automation) {
    automation->bind(handlers);
    served.push_back(access::Serving::automation);
  }
  if (files) {
    files->bind(handlers);
    served.push_back(access::Serving::files);
  }
  if (roles.chat) {
    served.push_back(access::Serving::chat);
  }
  if (roles.gateway) {
    served.push_back(access::Serving::gateway);
  }
  return handlers.check(served);
}

void Composition::Parts::watch_health() {
  health.add_sync("database", [this]() -> Status {
    return database->healthy() ? Status()
                               : fail(unhidra::Errc::unavailable, "the database does not answer");
  });
  health.add_sync("bus", [this] { return bus->healthy(); });
}

Composition::Composition(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Composition::~Composition() = default;

Result<std::unique_ptr<Composition>> Composition::make(const runtime::Config& config,
                                                       const ServerSettings& settings,
                                                       const DataDirectory& directory,
                                                       RoleChoice roles) {
  crypto::SystemRandom random;
  UNHIDRA_TRY(auto limits, access::LimitTable::from_config(config));
  UNHIDRA_TRY(auto sealer, load_key_sealer(directory, random));
  auto observation = std::make_unique<Observation>();
  storage::Settings storage_settings;
  storage_settings.url = database_url(settings, directory);
  storage_settings.observer = observation.get();
  UNHIDRA_TRY(auto database, storage::Database::open(storage_settings));
  UNHIDRA_TRY(auto gateway_settings, gateway::settings_from(config));
  auto io = std::make_unique<runtime::IoThreads>(settings.io_threads);
  UNHIDRA_TRY(auto bus, make_bus(settings, io->at(0)));
  std::unique_ptr<storage::ObjectStore> objects;
  if (roles.auth || roles.gateway) {
    UNHIDRA_TRY(objects, files::open_store(files::FilesSettings::from(config), directory.root,
                                           crypto::native_provider()));
  }
  auto parts =
      std::make_unique<Parts>(config, settings, roles, std::move(observation), std::move(database),
                              std::move(sealer), std::move(limits), std::move(io), std::move(bus),
                              std::move(objects), std::move(gateway_settings), directory.root);
  UNHIDRA_TRY_VOID(parts->auth.load());
  if (parts->automation) {
    UNHIDRA_TRY_VOID(parts->automation->load());
  }
  UNHIDRA_TRY_VOID(parts->decisions.load());
  UNHIDRA_TRY_VOID(parts->bind());
  parts->watch_health();
  return std::unique_ptr<Composition>(new Composition(std::move(parts)));
}

Result<std::optional<std::string>> Composition::renew_setup_token() {
  if (!parts_->roles.auth) {
    return std::nullopt;
  }
  return parts_->auth.renew_setup_token();
}

net::TlsServerSettings Composition::mqtt_tls(net::TlsServerSettings server) const {
  server.application_protocol = net::ApplicationProtocol::mqtt;
  return device_tls(std::move(server));
}

net::TlsServerSettings Composition::device_tls(net::TlsServerSettings server) const {
  return parts_->automation ? parts_->automation->listener_tls(std::move(server))
                            : std::move(server);
}

Status Composition::start(std::shared_ptr<net::TlsServerContext> tls,
                          std::shared_ptr<net::TlsServerContext> device_tls,
                          std::shared_ptr<net::TlsServerContext> mqtt_tls) {
  auto& parts = *parts_;
  UNHIDRA_TRY_VOID(parts.decisions.start());
  parts.background.spawn("presence", parts.own_presence.run());
  if (!parts.settings.nats.urls.empty()) {  // there may be other processes
    UNHIDRA_TRY_VOID(parts.presence.start(parts.io.at(0)));
    UNHIDRA_TRY_VOID(parts.limiter.start(parts.io.at(0)));
    parts.background.spawn("limits", parts.limiter.run());
  }
  if (parts.chat) {
    UNHIDRA_TRY_VOID(parts.chat->start());
  }
  if (parts.files) {
    parts.files->start();
  }
  if (parts.gateway) {
    UNHIDRA_TRY_VOID(parts.gateway->start(tls, parts.gateway_and_mqtt));
    parts.auth.offer_gateway(gateway_url(parts.gateway_host, parts.gateway->port()));
  }
  if (parts.automation) {
    UNHIDRA_TRY_VOID(
        parts.automation->start(std::move(device_tls), std::move(mqtt_tls), parts.automation_face));
  }
  if (parts.roles.auth) {
    UNHIDRA_TRY_VOID(parts.auth.start(tls, parts.auth_face));
  }
  return {};
}

Status Composition::reload() {
  return parts_->decisions.reload();
}

Listening Composition::listening() const {
  Listening out;
  if (parts_->roles.auth) {
    out.auth = parts_->auth.port();
  }
  if (parts_->automation) {
    out.devices = parts_->automation->port();
    out.mqtt = parts_->automation->mqtt_port();
    out.mqtts = parts_->automation->mqtts_port();
  }
  if (parts_->gateway) {
    out.gateway = parts_->gateway->port();
    out.gateway_url = gateway_url(parts_->gateway_host, out.gateway);
    out.web_client = parts_->gateway->serves_web_client();
  }
  return out;
}

// In reverse order: those who bring work first.
void Composition::stop(std::chrono::milliseconds deadline) {
  auto& parts = *parts_;
  const auto executor = parts.io.at(0);
  parts.health.set_draining();
  if (parts.roles.auth) {
    run_and_wait(executor, parts.auth.stop(deadline));
  }
  if (parts.automation) {
    run_and_wait(executor, parts.automation->stop(deadline));
  }
  if (parts.gateway) {
    run_and_wait(executor, parts.gateway->stop());
  }
  if (parts.files) {
    run_and_wait(executor, parts.files->stop(deadline));
  }
  if (parts.chat) {
    run_and_wait(executor, parts.chat->stop(deadline));
  }
  run_and_wait(executor, parts.decisions.stop(deadline));
  parts.presence.stop();
  parts.limiter.stop();
  parts.background.request_stop();
  run_and_wait(executor, join(parts.background, deadline));
  run_and_wait(executor, close(*parts.bus, deadline));
  parts.database->stop();
}

runtime::IoThreads& Composition::io() {
  return parts_->io;
}

}  // namespace unhidra::server
