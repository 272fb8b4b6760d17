// What the broker tells about itself ($SYS), and what has to be done from time to time.
#include <algorithm>
#include <array>
#include <cmath>

#include "core.h"

namespace unhidra::mqtt {
namespace {

// In which every retained message is looked at once.
constexpr std::chrono::seconds kExpiryRound{10};

}  // namespace

void Broker::Core::tick() {
  wheel_.advance(now.steady);
  if (draining_) {
    drain_on();
  }
  if (settings_.statistics_interval.count() != 0 && now.steady >= statistics_due_) {
    statistics_due_ = now.steady + settings_.statistics_interval;
    publish_statistics();
  }
  expire_retained();
}

void Broker::Core::expire_retained() {
  const std::chrono::duration<double> passed = now.steady - expired_;
  expired_ = now.steady;
  const double share = std::min(1.0, passed / kExpiryRound);
  for (const auto& [name, space] : spaces_) {
    auto& retained = space->retained;
    const auto count = std::ceil(share * static_cast<double>(retained.size()));
    retained.expire(now.wall, static_cast<std::size_t>(count));
  }
}

BrokerStats Broker::Core::stats() const {
  BrokerStats out = stats_;
  for (const auto& [name, space] : spaces_) {
    const auto share = space->stats();
    out.sessions += share.sessions;
    out.subscriptions += share.subscriptions;
    out.retained += share.retained;
    out.retained_bytes += share.retained_bytes;
    out.messages_received += share.messages_received;
    out.messages_sent += share.messages_sent;
    out.messages_dropped += share.messages_dropped;
    out.messages_shed += share.messages_shed;
    out.retained_refused += share.retained_refused;
    out.bytes_received += share.bytes_received;
  }
  out.message_bytes = messages_.get();
  return out;
}

// Retained, QoS 0, not journaled: it is true for this process only. Each space is told of itself
// alone: what others do is not its business.
void Broker::Core::publish_statistics() {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now.steady - started_);
  for (const auto& [name, space] : spaces_) {
    publish_statistics(*space, static_cast<std::uint64_t>(uptime.count()));
  }
}

void Broker::Core::publish_statistics(Space& space, std::uint64_t uptime) {
  const auto now_is = space.stats();
  const std::array<std::pair<std::string_view, std::uint64_t>, 13> values = {{
      {"$SYS/broker/uptime", uptime},
      {"$SYS/broker/clients/connected", now_is.connections},
      {"$SYS/broker/clients/total", now_is.sessions},
      {"$SYS/broker/subscriptions/count", now_is.subscriptions},
      {"$SYS/broker/retained messages/count", now_is.retained},
      {"$SYS/broker/retained messages/bytes", now_is.retained_bytes},
      {"$SYS/broker/retained messages/refused", now_is.retained_refused},
      {"$SYS/broker/store/messages/bytes", now_is.message_bytes},
      {"$SYS/broker/messages/received", now_is.messages_received},
      {"$SYS/broker/messages/sent", now_is.messages_sent},
      {"$SYS/broker/publish/messages/dropped", now_is.messages_dropped},
      {"$SYS/broker/publish/messages/shed", now_is.messages_shed},
      {"$SYS/broker/bytes/received", now_is.bytes_received},
  }};
  for (const auto& [topic, value] : values) {
    const auto text = std::to_string(value);
    publish(space, {.topic = topic, .payload = as_bytes(text), .retain = true});
  }
}

}  // namespace unhidra::mqtt
