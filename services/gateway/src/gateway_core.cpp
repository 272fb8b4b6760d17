#include "gateway_core.h"

#include <algorithm>
#include <chrono>

#include "unhidra/runtime/log.h"

namespace unhidra::gateway {
namespace {

constexpr std::chrono::seconds kRemembered{60};
constexpr std::size_t kMaxRemembered = 100'000;

}  // namespace

GatewayMetrics::GatewayMetrics(runtime::Metrics& metrics)
    : connections_total(
          metrics.counter("gateway_connections_total", "WebSocket connections opened")),
      connections_active(
          metrics.gauge("gateway_connections_active", "WebSocket connections open now")),
      messages_total(
          metrics.counters("gateway_messages_total", "Frames from and to clients", {"direction"})),
      messages_in(messages_total.at({"in"})),
      messages_out(messages_total.at({"out"})),
      message_latency(metrics.histogram("gateway_message_latency_seconds",
                                        "From a client's request to its answer")),
      rate_limit_hits(metrics.counters("gateway_rate_limit_hits_total",
                                       "Refused for coming too fast", {"limit"})),
      slow_readers(metrics.counter("gateway_slow_readers_total",
                                   "Connections closed because they read too slowly")),
      refused_upgrades(metrics.counter("gateway_refused_upgrades_total",
                                       "WebSocket upgrades that were refused")) {}

void RecentRevocations::add(const access::Revocation& revocation, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({revocation, now});
  while (entries_.size() > kMaxRemembered || now - entries_.front().at > kRemembered) {
    entries_.pop_front();
  }
}

std::optional<access::Revocation> RecentRevocations::covering(const access::Principal& principal,
                                                              SteadyTime proved_at) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.revocation.covers(principal) &&
           (entry.revocation.stays() || entry.at >= proved_at);
  });
  return found == entries_.end() ? std::nullopt : std::optional(found->revocation);
}

Task<std::optional<ByteArray<32>>> external_sender_key(GatewayCore& core) {
  if (const auto known = core.external_sender.get()) {
    co_return *known;
  }
  const auto answer =
      co_await core.deps.bus.request("chat.external_sender", {}, std::chrono::seconds(2));
  const auto key = answer ? to_array<32>(*answer) : Result<ByteArray<32>>(fail(answer.error()));
  if (!key) {
    log::warn("gateway.no_external_sender", {{"error", key.error()}});
    co_return std::nullopt;
  }
  core.external_sender.set(std::make_shared<const ByteArray<32>>(*key));
  co_return *key;
}

}  // namespace unhidra::gateway
