#include "unhidra/automation/automation_role.h"

#include "unhidra/net/settings.h"
#include "unhidra/runtime/log.h"

#include "broker/mqtt_face.h"
#include "devices/protection_handlers.h"
#include "devices/registry_handlers.h"
#include "enrolment/authority_book.h"
#include "enrolment/cmp_face.h"
#include "enrolment/cmp_handlers.h"
#include "enrolment/est_face.h"
#include "enrolment/handlers.h"
#include "enrolment/status_face.h"
#include "passwords/password_handlers.h"
#include "policy/policy_handlers.h"

namespace unhidra::automation {

struct AutomationRole::Impl {
  AutomationDependencies deps;
  AutomationSettings settings;
  std::unique_ptr<PolicyDesk> policy_desk;
  std::unique_ptr<AuthorityBook> authorities;
  std::optional<Enrolment> enrolment;
  std::optional<CmpFace> cmp_face;
  std::optional<EstFace> face;
  std::unique_ptr<net::Server> server;
  std::optional<StatusFace> status_face;
  std::unique_ptr<net::Server> status_server;  // without TLS
  std::unique_ptr<MqttFace> mqtt;
};

AutomationRole::AutomationRole(AutomationDependencies dependencies, AutomationSettings settings)
    : impl_(std::make_unique<Impl>(Impl{.deps = std::move(dependencies),
                                        .settings = std::move(settings),
                                        .policy_desk = nullptr,
                                        .authorities = nullptr,
                                        .enrolment = std::nullopt,
                                        .cmp_face = std::nullopt,
                                        .face = std::nullopt,
                                        .server = nullptr,
                                        .status_face = std::nullopt,
                                        .status_server = nullptr,
                                        .mqtt = nullptr})) {}

AutomationRole::~AutomationRole() = default;

Status AutomationRole::load() {
  const auto& deps = impl_->deps;
  impl_->authorities =
      std::make_unique<AuthorityBook>(AuthorityBookDependencies{.database = deps.database,
                                                                .settings = impl_->settings,
                                                                .sealer = deps.sealer,
                                                                .clock = deps.clock,
                                                                .random = deps.random,
                                                                .directory = deps.directory});
  UNHIDRA_TRY_VOID(impl_->authorities->load());
  impl_->enrolment.emplace(Enrolment{.settings = impl_->settings,
                                     .authorities = *impl_->authorities,
                                     .sealer = deps.sealer,
                                     .clock = deps.clock,
                                     .random = deps.random});
  return {};
}

void AutomationRole::bind(access::Handlers& handlers) {
  bind_enrolment(handlers, *impl_->enrolment, impl_->deps.bus);
  bind_cmp(handlers, *impl_->enrolment, impl_->deps.bus);
  bind_passwords(handlers, impl_->deps.bus);
  bind_protection(handlers, impl_->settings.encrypted_topics, impl_->deps.bus);
  bind_registry(handlers, *impl_->enrolment, impl_->deps.bus,
                [this](OrgId org, DeviceId device) { return queue_depth(org, device); });
  impl_->policy_desk.reset(new PolicyDesk{.settings = impl_->settings.policy,
                                          .log = decision_log_file(impl_->deps.directory),
                                          .bus = impl_->deps.bus,
                                          .clock = impl_->deps.clock,
                                          .random = impl_->deps.random});
  bind_policies(handlers, *impl_->policy_desk);
}

net::TlsServerSettings AutomationRole::listener_tls(net::TlsServerSettings server) const {
  server.client_certificates = net::ClientCertificates::optional;
  // A hint, by name: all generations have the same one, so it outlasts them.
  const auto authorities = impl_->authorities->now();
  server.client_authorities_pem = authorities->trusted.front().to_pem();
  return server;
}

Status AutomationRole::start(std::shared_ptr<net::TlsServerContext> tls,
                             std::shared_ptr<net::TlsServerContext> mqtt_tls,
                             net::HttpHandler& rest) {
  if (impl_->settings.mqtt) {
    UNHIDRA_TRY_VOID(start_mqtt(std::move(mqtt_tls)));
  }
  impl_->authorities->follow(impl_->deps.io.at(0), [this](std::int64_t generation) {
    if (impl_->mqtt) {
      impl_->mqtt->authority_retired(generation);
    }
  });
  std::vector<Executor> executors;
  for (std::size_t i = 0; i < impl_->deps.io.size(); ++i) {
    executors.push_back(impl_->deps.io.at(i));
  }
  impl_->cmp_face.emplace(rest);
  impl_->face.emplace(*impl_->cmp_face,
                      [this](const net::RequestHead& head) { return upgrade_mqtt(head); });
  net::ServerSettings settings;
  net::apply_listen(impl_->settings.listen, settings);
  if (!impl_->settings.status_listen.empty()) {
    UNHIDRA_TRY_VOID(start_status(executors, rest));
  }
  impl_->server =
      std::make_unique<net::Server>(std::move(executors), settings, std::move(tls), *impl_->face);
  return impl_->server->start();
}

Status AutomationRole::start_status(const std::vector<Executor>& executors,
                                    net::HttpHandler& rest) {
  auto listen = runtime::parse_host_port(impl_->settings.status_listen);
  if (!listen) {
    return fail(std::move(listen).error().in("automation.status_listen"));
  }
  impl_->status_face.emplace(rest);
  net::ServerSettings settings;
  net::apply_listen(*listen, settings);
  impl_->status_server =
      std::make_unique<net::Server>(executors, settings, nullptr, *impl_->status_face);
  return impl_->status_server->start();
}

Status AutomationRole::start_mqtt(std::shared_ptr<net::TlsServerContext> tls) {
  const auto& deps = impl_->deps;
  UNHIDRA_TRY(impl_->mqtt, MqttFace::make({.executor = deps.io.at(deps.io.size() - 1),
                                           .database = deps.database,
                                           .bus = deps.bus,
                                           .verifier = deps.verifier,
                                           .authorities = *impl_->authorities,
                                           .metrics = deps.metrics,
                                           .clock = deps.clock,
                                           .random = deps.random,
                                           .decisions = deps.decisions,
                                           .folder = deps.directory / "mqtt"},
                                          impl_->settings));
  return impl_->mqtt->start(std::move(tls));
}

Task<std::optional<std::size_t>> AutomationRole::queue_depth(OrgId org, DeviceId device) {
  if (!impl_->mqtt) {
    co_return std::nullopt;
  }
  co_return co_await impl_->mqtt->queue_depth(org, device);
}

net::UpgradeDecision AutomationRole::upgrade_mqtt(const net::RequestHead& head) {
  if (!impl_->mqtt) {
    return std::unexpected(net::HttpResponse::text(404, "MQTT is not served here.\n"));
  }
  return impl_->mqtt->upgrade(head);
}

std::uint16_t AutomationRole::mqtt_port() const {
  return impl_->mqtt ? impl_->mqtt->port() : 0;
}
std::uint16_t AutomationRole::mqtts_port() const {
  return impl_->mqtt ? impl_->mqtt->tls_port() : 0;
}

std::uint16_t AutomationRole::port() const {
  return impl_->server->port();
}

Task<void> AutomationRole::stop(std::chrono::milliseconds grace) {
  if (impl_->status_server) {
    co_await impl_->status_server->shutdown(net::CloseCode::going_away, "the server is stopping",
                                            grace);
  }
  if (impl_->authorities) {
    co_await impl_->authorities->stop(grace);
  }
  if (impl_->mqtt) {
    co_await impl_->mqtt->stop(grace);
  }
  if (impl_->server) {
    const auto left = co_await impl_->server->shutdown(net::CloseCode::going_away,
                                                       "the server is stopping", grace);
    log::info("automation.stopped", {{"aborted", left}});
  }
  if (impl_->policy_desk) {
    impl_->policy_desk->pool.stop();
  }
}

}  // namespace unhidra::automation
