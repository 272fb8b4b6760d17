#include "gateway_core.h"

#include <algorithm>

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

void RecentRevocations::add(const Revocation& revocation, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({revocation, now});
  while (entries_.size() > kMaxRemembered || now - entries_.front().at > kRemembered) {
    entries_.pop_front();
  }
}

bool RecentRevocations::covers(const access::Principal& principal) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.revocation.covers(principal); });
}

}  // namespace unhidra::gateway
