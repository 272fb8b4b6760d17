#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "unhidra/mqtt/retained_tree.h"
#include "unhidra/mqtt/subscription_tree.h"

#include "session.h"

namespace unhidra::mqtt {

// What belongs to one tenant.
struct Space {
  Space(std::string its_name, std::uint32_t seed)
      : name(std::move(its_name)), subscriptions(seed), retained(seed) {}

  const std::string name;
  SubscriptionTree subscriptions;
  RetainedTree retained;
  std::unordered_map<std::string_view, std::unique_ptr<Session>> sessions;  // by their client_id
};

}  // namespace unhidra::mqtt
