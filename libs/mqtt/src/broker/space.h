#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "unhidra/mqtt/retained_tree.h"
#include "unhidra/mqtt/subscription_tree.h"

#include "session.h"

namespace unhidra::mqtt {

// Topics of the broker's own; true for this process only, so the journal does not have them.
inline bool is_statistic(std::string_view topic) {
  return topic.starts_with("$SYS/");
}

// What belongs to one tenant.
struct Space {
  Space(std::string its_name, std::uint32_t seed, MessageGauge& of_all)
      : name(std::move(its_name)), subscriptions(seed), retained(seed) {
    messages.whole = &of_all;
  }

  // Its own share, and nobody else's.
  BrokerStats stats() const {
    BrokerStats out = counted;
    out.sessions = sessions.size();
    out.retained = retained.size();
    out.retained_bytes = retained.bytes();
    out.message_bytes = messages.get();
    return out;
  }

  const std::string name;
  MessageGauge messages;  // outlives every message of the space
  BrokerStats counted;    // what is not the size of something
  SubscriptionTree subscriptions;
  RetainedTree retained;
  std::unordered_map<std::string_view, std::unique_ptr<Session>> sessions;  // by their client_id
};

}  // namespace unhidra::mqtt
