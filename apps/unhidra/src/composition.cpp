#include "composition.h"

#include <algorithm>
#include <array>
#include <exception>
#include <future>

#include <boost/asio/co_spawn.hpp>

#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

#include "errc.h"

namespace unhidra::server {
namespace {

constexpr std::array<std::string_view, 3> kRoleNames{"auth", "chat", "gateway"};

std::vector<access::Serving> served_at(access::Serving role) {
  return {role, access::Serving::every};
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

}  // namespace

Result<RoleChoice> RoleChoice::parse(const std::vector<std::string>& names) {
  if (names.empty()) {
    return RoleChoice{};
  }
  RoleChoice out{.auth = false, .chat = false, .gateway = false};
  for (const auto& name : names) {
    const auto known = std::ranges::find(kRoleNames, name);
    if (known == kRoleNames.end()) {
      const auto near = nearest(name, kRoleNames);
      return fail(Errc::bad_option,
                  "there is no role '" + name + "'" +
                      (near.empty() ? std::string("; roles are auth, chat and gateway")
                                    : "; did you mean " + std::string(near) + "?"));
    }
    out.auth = out.auth || name == "auth";
    out.chat = out.chat || name == "chat";
    out.gateway = out.gateway || name == "gateway";
  }
  return out;
}

struct Composition::Parts {
  Parts(const runtime::Config& config, const ServerSettings& server_settings, RoleChoice choice,
        std::unique_ptr<storage::Database> opened, std::unique_ptr<pki::KeySealer> key_sealer,
        access::LimitTable table, std::unique_ptr<runtime::IoThreads> threads,
        std::unique_ptr<messaging::Bus> message_bus)
      : settings(server_settings),
        roles(choice),
        sealer(std::move(key_sealer)),
        io_threads(std::move(threads)),
        io(*io_threads),
        database(std::move(opened)),
        bus(std::move(message_bus)),
        limiter(clock),
        limits(std::move(table)),
        guard(limiter, limits),
        auth({.io = io,
              .database = *database,
              .bus = *bus,
              .sealer = *sealer,
              .metrics = metrics,
              .clock = clock,
              .random = random},
             auth::AuthSettings::from(config)),
        verifier(auth.verifier(), settings.metrics_token, clock),
        runner(*database, guard, handlers, clock, random, metrics),
        auth_face(served_at(access::Serving::auth), runner, verifier, random) {}

  Status bind();
  void watch_health();

  ServerSettings settings;
  RoleChoice roles;
  runtime::SystemClock clock;
  crypto::SystemRandom random;
  runtime::Metrics metrics;
  runtime::Health health;
  std::unique_ptr<pki::KeySealer> sealer;
  std::unique_ptr<runtime::IoThreads> io_threads;
  runtime::IoThreads& io;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<messaging::Bus> bus;
  messaging::LocalRateLimiter limiter;
  access::LimitTable limits;
  access::LimitGuard guard;
  access::Handlers handlers;
  auth::AuthRole auth;
  MetricsTokenVerifier verifier;
  access::OperationRunner runner;
  access::RestFace auth_face;
};

Status Composition::Parts::bind() {
  std::vector<access::Serving> served{access::Serving::every};
  bind_system_operations(handlers, health, metrics);
  if (roles.auth) {
    auth.bind(handlers);
    served.push_back(access::Serving::auth);
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
  UNHIDRA_TRY(auto sealer, load_sealer(directory, random));
  UNHIDRA_TRY(auto database, storage::Database::open({.url = database_url(settings, directory)}));
  auto io = std::make_unique<runtime::IoThreads>(settings.io_threads);
  UNHIDRA_TRY(auto bus, make_bus(settings, io->at(0)));
  auto parts =
      std::make_unique<Parts>(config, settings, roles, std::move(database), std::move(sealer),
                              std::move(limits), std::move(io), std::move(bus));
  UNHIDRA_TRY_VOID(parts->auth.load());
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

Status Composition::start(std::shared_ptr<net::TlsServerContext> tls) {
  if (parts_->roles.auth) {
    UNHIDRA_TRY_VOID(parts_->auth.start(tls, parts_->auth_face));
  }
  return {};
}

Listening Composition::listening() const {
  Listening out;
  if (parts_->roles.auth) {
    out.auth = parts_->auth.port();
  }
  return out;
}

void Composition::stop(std::chrono::milliseconds deadline) {
  parts_->health.set_draining();
  if (parts_->roles.auth) {
    run_and_wait(parts_->io.at(0), parts_->auth.stop(deadline));
  }
  run_and_wait(parts_->io.at(0), close(*parts_->bus, deadline));
  parts_->database->stop();
}

runtime::IoThreads& Composition::io() {
  return parts_->io;
}

}  // namespace unhidra::server
