#include "upgrade.h"

#include <algorithm>

#include "unhidra/access/operation.h"
#include "unhidra/access/problem.h"
#include "unhidra/gateway/errc.h"

#include "client_connection.h"

namespace unhidra::gateway {
namespace {

constexpr std::string_view kBearer = "bearer.";

net::HttpResponse refusal(GatewayCore& core, const Error& error, std::string_view request_id) {
  core.metrics.refused_upgrades.add();
  if (error.kind() == ErrorKind::rate_limited) {
    core.metrics.rate_limit_hits.at({"connection"}).add();
  }
  return access::problem_response(error, request_id);
}

}  // namespace

Result<std::string> offered_token(const net::Headers& headers) {
  std::string token;
  bool ours = false;
  for (const auto protocol : headers.list("Sec-WebSocket-Protocol")) {
    if (protocol == kSubprotocol) {
      ours = true;
    } else if (protocol.starts_with(kBearer)) {
      if (!token.empty()) {
        return fail(Errc::bad_upgrade, "more than one token in Sec-WebSocket-Protocol");
      }
      token = protocol.substr(kBearer.size());
    }
  }
  if (!ours) {
    return fail(Errc::bad_upgrade, "offer the subprotocol unhidra.v1");
  }
  if (token.empty()) {
    return fail(Errc::no_token, "offer the access token as the subprotocol bearer.<token>");
  }
  return token;
}

bool origin_allowed(const GatewaySettings& settings, const net::Headers& headers) {
  const auto origin = headers.get("Origin");
  if (!origin) {
    return settings.allow_missing_origin;
  }
  if (headers.count("Origin") != 1) {
    return false;
  }
  // The web client's own pages, which this very port has served.
  if (const auto host = headers.get("Host"); host && *origin == "https://" + std::string(*host)) {
    return true;
  }
  return std::any_of(
      settings.allowed_origins.begin(), settings.allowed_origins.end(),
      [&](const std::string& allowed) { return allowed == "*" || allowed == *origin; });
}

Task<net::UpgradeDecision> decide_upgrade(GatewayCore& core, net::RequestHead head) {
  const auto request_id = uuid_to_string(make_uuid_v7(core.deps.clock.now(), core.deps.random));
  static const auto& operation = *access::find_operation("connection.open");
  if (head.path != kPath) {
    co_return std::unexpected(
        refusal(core, Error(Errc::unknown_path, "the gateway is at /v1/ws"), request_id));
  }
  if (core.draining) {
    co_return std::unexpected(refusal(
        core,
        Error(Errc::stopping, "this server is stopping").with_retry_after(std::chrono::seconds(1)),
        request_id));
  }
  access::OperationRequest request;
  request.peer = access::peer_of(head);
  request.request_id = request_id;
  if (!origin_allowed(core.settings, head.headers)) {
    const auto error = co_await core.deps.runner.refuse(
        operation, std::move(request),
        Error(Errc::foreign_origin, "pages of this origin may not connect"));
    co_return std::unexpected(refusal(core, error, request_id));
  }
  auto token = offered_token(head.headers);
  if (!token) {
    const auto error =
        co_await core.deps.runner.refuse(operation, std::move(request), token.error());
    co_return std::unexpected(refusal(core, error, request_id));
  }
  const auto proved_at = core.deps.clock.steady_now();
  auto principal = co_await core.deps.verifier.verify(std::move(*token));
  if (!principal) {
    const auto error =
        co_await core.deps.runner.refuse(operation, std::move(request), principal.error());
    co_return std::unexpected(refusal(core, error, request_id));
  }
  request.principal = std::move(*principal);
  if (!request.principal.device_id) {
    co_return std::unexpected(refusal(
        core, Error(Errc::no_device, "register a device first: this session is bound to none"),
        request_id));
  }
  if (auto admitted = co_await core.deps.runner.admit(operation, request); !admitted) {
    co_return std::unexpected(refusal(core, admitted.error(), request_id));
  }
  co_return net::AcceptUpgrade{
      .listener = std::make_shared<ClientConnection>(core, std::move(request.principal),
                                                     std::move(request.peer), proved_at),
      .subprotocol = std::string(kSubprotocol),
      .settings = core.settings.server.websocket};
}

}  // namespace unhidra::gateway
