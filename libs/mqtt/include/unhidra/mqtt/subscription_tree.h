#pragma once
// Who subscribed to what: a tree by levels, so that finding the subscribers of a topic costs by the
// topic's depth and the matches, not by how many filters there are.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "unhidra/mqtt/packet.h"

namespace unhidra::mqtt {

// Whoever subscribes. Removes its subscriptions before it ends.
class Subscriber {
 public:
  // Messages for a group go to those who can take them now, if there is one (section 4.8.2).
  bool available() const { return available_.load(std::memory_order_relaxed); }
  void set_available(bool available) { available_.store(available, std::memory_order_relaxed); }

 protected:
  ~Subscriber() = default;

 private:
  std::atomic<bool> available_{false};
};

struct Subscription {
  Subscriber* subscriber = nullptr;
  SubscriptionOptions options;
  std::uint32_t identifier = 0;
};

// One copy of a message: all matching subscriptions of a subscriber together (section 3.3.4).
struct Delivery {
  Subscriber* subscriber = nullptr;
  QoS qos = QoS::at_most_once;  // the highest granted
  bool retain_as_published = false;
  bool shared = false;                 // through a group: it alone gets it
  std::uint32_t first_identifier = 0;  // in Matches::identifiers
  std::uint32_t identifiers = 0;
};

// The answer of one match; kept by the caller, so that nothing is allocated for each message.
class Matches {
 public:
  const std::vector<Delivery>& deliveries() const { return deliveries_; }
  std::span<const std::uint32_t> identifiers(const Delivery& delivery) const {
    return std::span(identifiers_).subspan(delivery.first_identifier, delivery.identifiers);
  }
  bool empty() const { return deliveries_.empty(); }
  void clear() {
    deliveries_.clear();
    identifiers_.clear();
    filters_ = 0;
  }

 private:
  friend class SubscriptionTree;
  void add(const Subscription& subscription, bool shared);
  void merge();

  std::vector<Delivery> deliveries_;
  std::vector<std::uint32_t> identifiers_;
  std::vector<std::uint32_t> merged_;
  std::size_t filters_ = 0;
};

class SubscriptionTree {
 public:
  // `seed` is random: it keeps peers from choosing levels that collide.
  explicit SubscriptionTree(std::uint32_t seed);
  ~SubscriptionTree();
  SubscriptionTree(const SubscriptionTree&) = delete;
  SubscriptionTree& operator=(const SubscriptionTree&) = delete;

  // `filter` may begin with "$share/". Replaces the subscriber's subscription to the same filter;
  // returns whether it was new.
  bool add(std::string_view filter, const Subscription& subscription);
  // Whether there was one.
  bool remove(std::string_view filter, const Subscriber& subscriber);

  // Every subscriber of the topic, once. `origin` gets nothing through subscriptions with No Local.
  // Several threads may match at once.
  void match(std::string_view topic, const Subscriber* origin, Matches& out) const;
  // Another member of the group: what to do with a message whose receiver is gone.
  std::optional<Subscription> pick(std::string_view group_filter, const Subscriber* except) const;

  std::size_t size() const { return size_; }
  // Levels that stand in the tree, shared ones once; wildcards at the end of a filter are none.
  std::size_t nodes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::size_t size_ = 0;
};

}  // namespace unhidra::mqtt
