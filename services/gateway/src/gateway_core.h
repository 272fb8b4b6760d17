#pragma once
// What the connections of one gateway share.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "unhidra/access/revocation.h"
#include "unhidra/gateway/gateway_role.h"
#include "unhidra/messaging/device_events.h"
#include "unhidra/runtime/published.h"
#include "unhidra/runtime/task_scope.h"

#include "connection_table.h"

namespace unhidra::gateway {

// The names are a contract with dashboards.
struct GatewayMetrics {
  explicit GatewayMetrics(runtime::Metrics& metrics);
  runtime::Counter& connections_total;
  runtime::Gauge& connections_active;
  runtime::Family<runtime::Counter> messages_total;  // by direction: in, out
  runtime::Counter& messages_in;
  runtime::Counter& messages_out;
  runtime::Histogram& message_latency;                // from a client's frame to its answer
  runtime::Family<runtime::Counter> rate_limit_hits;  // by limit: connection, request
  runtime::Counter& slow_readers;
  runtime::Counter& refused_upgrades;
};

// Remembers what was revoked in the last minute: a connection that was proved good just before the
// revocation and opened just after it is caught when it registers.
class RecentRevocations {
 public:
  void add(const access::Revocation& revocation, SteadyTime now);
  // What covers a principal that was looked up at `proved_at` or a little later.
  std::optional<access::Revocation> covering(const access::Principal& principal,
                                             SteadyTime proved_at) const;

 private:
  struct Entry {
    access::Revocation revocation;
    SteadyTime at;
  };
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
};

struct GatewayCore {
  GatewayCore(GatewayDependencies dependencies, GatewaySettings gateway_settings)
      : deps(dependencies),
        settings(std::move(gateway_settings)),
        metrics(deps.metrics),
        device_events(deps.bus),
        scope(deps.io.at(0), "gateway") {}

  GatewayDependencies deps;
  GatewaySettings settings;
  GatewayMetrics metrics;
  ConnectionTable table;
  messaging::DeviceEvents device_events;
  RecentRevocations revocations;
  runtime::TaskScope scope;
  std::atomic<bool> draining{false};
  // Of the installation; never changes once it is known.
  runtime::Published<ByteArray<32>> external_sender;
};

// The key with which the chat role proposes to groups; nothing while it cannot be had.
Task<std::optional<ByteArray<32>>> external_sender_key(GatewayCore& core);

}  // namespace unhidra::gateway
