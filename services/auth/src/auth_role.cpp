#include "unhidra/auth/auth_role.h"

#include "unhidra/auth/errc.h"
#include "unhidra/base/codec.h"
#include "unhidra/net/server.h"
#include "unhidra/net/settings.h"
#include "unhidra/runtime/log.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/internal.h"

#include "accounts.h"
#include "core.h"
#include "principals.h"
#include "store_roles.h"

namespace unhidra::auth {
namespace {

constexpr std::chrono::hours kCleaningInterval{1};
constexpr std::chrono::hours kKeptAfterEnd{24 * 30};
constexpr std::string_view kQueueGroup = "auth";

// Sessions that ended a month ago are of no use to anybody; the audit log knows of them.
Status forget_old(storage::Transaction& tx, Timestamp now) {
  const Timestamp before = now - kKeptAfterEnd;
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM sessions WHERE expires_at < $1", before));
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM sessions WHERE revoked_at < $1", before));
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM invitations WHERE expires_at < $1", before));
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM signing_keys WHERE retire_at < $1", before));
  return {};
}

// Tells of a lasting failure once, and of its end.
class Steady {
 public:
  explicit Steady(std::string_view what) : what_(what) {}
  void report(const Status& status) {
    if (!status && !failing_) {
      log::warn("auth.watch_failed", {{"what", what_}, {"error", status.error()}});
    } else if (status && failing_) {
      log::info("auth.watch_recovered", {{"what", what_}});
    }
    failing_ = !status;
  }

 private:
  std::string_view what_;
  bool failing_ = false;
};

}  // namespace

struct AuthRole::Impl {
  Impl(AuthDependencies dependencies, AuthSettings role_settings)
      : deps(dependencies),
        settings(std::move(role_settings)),
        domain{deps.clock, deps.random, settings},
        pool({.name = "password",
              .threads = settings.password_threads,
              .max_queue = settings.password_queue}),
        pool_metrics(runtime::observe(deps.metrics, pool)),
        passwords(pool, deps.random, settings),
        keys(deps.database, deps.provider, domain),
        revocations(deps.bus, deps.database, domain),
        token_verifier(deps.database, keys, domain),
        core{domain, deps.bus, deps.database, passwords, keys, revocations},
        scope(deps.io.at(0), "auth") {}

  Task<Status> watch();
  Task<Status> clean();
  Task<Result<Bytes>> check_session(Bytes request);
  Task<Result<Bytes>> verify_token(Bytes request);
  Task<Result<Bytes>> give_key_set();
  Status serve_bus();

  AuthDependencies deps;
  AuthSettings settings;
  Domain domain;
  runtime::WorkerPool pool;
  std::vector<runtime::Metrics::Callback> pool_metrics;
  Passwords passwords;
  KeyRing keys;
  Revocations revocations;
  Verifier token_verifier;
  AuthCore core;
  runtime::TaskScope scope;
  std::vector<messaging::Subscription> services;
  std::unique_ptr<net::Server> server;
};

Task<Status> AuthRole::Impl::watch() {
  Steady looking("revocations");
  Steady refreshing("signing keys");
  for (;;) {
    co_await runtime::sleep_for(settings.watch_interval);
    looking.report(co_await revocations.look());
    refreshing.report(co_await keys.refresh(pool));
  }
}

Task<Status> AuthRole::Impl::clean() {
  Steady cleaning("old sessions");
  for (;;) {
    co_await runtime::sleep_for(kCleaningInterval);
    const auto now = deps.clock.now();
    cleaning.report(co_await deps.database.write(
        [&](storage::Transaction& tx) { return forget_old(tx, now); }));
  }
}

Task<Result<Bytes>> AuthRole::Impl::check_session(Bytes request) {
  ByteReader reader(request);
  const SessionId session(reader.array<16>());
  std::optional<DeviceId> device;
  if (reader.remaining() > 0) {
    device = DeviceId(reader.array<16>());
  }
  UNHIDRA_CO_TRY_VOID(reader.finish("a session check"));
  UNHIDRA_CO_TRY(const auto principal, co_await token_verifier.check(session, device));
  co_return wire::encode(access::to_wire(principal));
}

Task<Result<Bytes>> AuthRole::Impl::verify_token(Bytes request) {
  UNHIDRA_CO_TRY(const auto principal,
                 co_await token_verifier.verify(std::string(as_text(request))));
  co_return wire::encode(access::to_wire(principal));
}

Task<Result<Bytes>> AuthRole::Impl::give_key_set() {
  co_return to_bytes(keys.key_set());
}

Status AuthRole::Impl::serve_bus() {
  const auto serve = [&](std::string_view subject, messaging::Bus::Service service) -> Status {
    for (std::size_t i = 0; i < deps.io.size(); ++i) {
      UNHIDRA_TRY(auto subscription, deps.bus.serve(subject, kQueueGroup, deps.io.at(i), service));
      services.push_back(std::move(subscription));
    }
    return {};
  };
  UNHIDRA_TRY_VOID(serve("auth.jwks", [this](Bytes /*request*/) { return give_key_set(); }));
  UNHIDRA_TRY_VOID(serve("auth.verify_token",
                         [this](Bytes request) { return verify_token(std::move(request)); }));
  return serve("auth.check_session",
               [this](Bytes request) { return check_session(std::move(request)); });
}

AuthRole::AuthRole(AuthDependencies dependencies, AuthSettings settings)
    : impl_(std::make_unique<Impl>(dependencies, std::move(settings))) {}

AuthRole::~AuthRole() = default;

Status AuthRole::load() {
  UNHIDRA_TRY_VOID(impl_->deps.database.write_sync([&](storage::Transaction& tx) {
    return store::ensure_built_in_roles(tx, impl_->deps.clock.now());
  }));
  // Of people who were there before they could be searched for.
  for (std::size_t written = 1; written > 0;) {
    UNHIDRA_TRY(written, impl_->deps.database.write_sync([](storage::Transaction& tx) {
      return store::write_search_texts(tx);
    }));
  }
  return impl_->keys.load();
}

access::TokenVerifier& AuthRole::verifier() {
  return impl_->token_verifier;
}

Result<std::optional<std::string>> AuthRole::renew_setup_token() {
  return impl_->deps.database.write_sync(
      [&](storage::Transaction& tx) { return auth::renew_setup_token(tx, impl_->domain); });
}

void AuthRole::offer_gateway(std::string url) {
  if (impl_->settings.gateway_url.empty()) {
    impl_->settings.gateway_url = std::move(url);
  }
}

void AuthRole::bind(access::Handlers& handlers) {
  bind_entrance(handlers, impl_->core);
  bind_account(handlers, impl_->core);
  bind_devices(handlers, impl_->core);
  bind_users(handlers, impl_->core);
  bind_organizations(handlers, impl_->core);
  bind_insight(handlers, impl_->core);
}

Status AuthRole::start(std::shared_ptr<net::TlsServerContext> tls, net::HttpHandler& rest) {
  std::vector<Executor> executors;
  for (std::size_t i = 0; i < impl_->deps.io.size(); ++i) {
    executors.push_back(impl_->deps.io.at(i));
  }
  net::ServerSettings settings = impl_->settings.server;
  net::apply_listen(impl_->settings.listen, settings);
  impl_->server =
      std::make_unique<net::Server>(std::move(executors), settings, std::move(tls), rest);
  UNHIDRA_TRY_VOID(impl_->server->start());
  UNHIDRA_TRY_VOID(impl_->serve_bus());
  impl_->scope.spawn("auth.watch", impl_->watch());
  impl_->scope.spawn("auth.clean", impl_->clean());
  return {};
}

std::uint16_t AuthRole::port() const {
  return impl_->server->port();
}

Task<void> AuthRole::stop(std::chrono::milliseconds grace) {
  impl_->services.clear();
  if (impl_->server) {
    impl_->server->stop_accepting();
  }
  impl_->scope.request_stop();
  if (impl_->server) {
    const auto left = co_await impl_->server->shutdown(net::CloseCode::going_away,
                                                       "the server is stopping", grace);
    log::info("auth.stopped", {{"aborted", left}});
  }
  if (auto status = co_await impl_->scope.join(grace); !status) {
    log::warn("auth.stop_slow", {{"error", status.error()}});
  }
}

}  // namespace unhidra::auth
