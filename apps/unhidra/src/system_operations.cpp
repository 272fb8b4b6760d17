#include "system_operations.h"

namespace unhidra::server {
namespace {

// Names of the checks and whether they pass. Why one fails is in the log, for the operator's eyes.
access::Reply report(const runtime::HealthReport& health) {
  boost::json::object checks;
  for (const auto& check : health.checks) {
    checks[check.name] = check.ok ? "ok" : "failing";
  }
  if (health.draining) {
    checks["draining"] = "yes";
  }
  return access::json_reply(health.ok ? 200 : 503, {{"status", health.ok ? "ok" : "unavailable"},
                                                    {"checks", std::move(checks)}});
}

access::Reply text(std::string type, std::string_view content) {
  access::Reply reply;
  reply.content_type = std::move(type);
  reply.body = to_bytes(content);
  return reply;
}

Task<Result<access::Reply>> live(const runtime::Health& health) {
  co_return report(health.live());
}

Task<Result<access::Reply>> ready(const runtime::Health& health) {
  co_return report(co_await health.ready());
}

Task<Result<access::Reply>> expose(const runtime::Metrics& metrics) {
  co_return text("text/plain; version=0.0.4; charset=utf-8", metrics.expose());
}

Task<Result<access::Reply>> describe() {
  co_return text("application/yaml", access::openapi_document());
}

}  // namespace

void bind_system_operations(access::Handlers& handlers, const runtime::Health& health,
                            const runtime::Metrics& metrics) {
  using Context = access::OperationContext;
  handlers.on_rest("system.health", [&health](Context& /*context*/) { return live(health); });
  handlers.on_rest("system.ready", [&health](Context& /*context*/) { return ready(health); });
  handlers.on_rest("system.metrics", [&metrics](Context& /*context*/) { return expose(metrics); });
  handlers.on_rest("system.openapi", [](Context& /*context*/) { return describe(); });
}

Task<Result<access::Principal>> MetricsTokenVerifier::verify(std::string token) {
  if (!token_.empty() && constant_time_equal(as_bytes(token), as_bytes(token_))) {
    co_return access::Principal{
        .kind = access::PrincipalKind::system,
        .roles = access::RoleSet(access::Role::super_admin),
        .permissions = access::PermissionSet(access::Permission::metrics_read),
        .expires_at = clock_.now() + std::chrono::minutes(1)};
  }
  co_return co_await inner_.verify(std::move(token));
}

}  // namespace unhidra::server
