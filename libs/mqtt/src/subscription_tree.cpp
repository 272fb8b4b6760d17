#include "unhidra/mqtt/subscription_tree.h"

#include <algorithm>
#include <string>

#include "topic_trie.h"

namespace unhidra::mqtt {
namespace {

// The members of one "$share" group at one filter. Turns are taken while others match, too.
struct Group {
  std::string name;
  std::vector<Subscription> members;
  mutable std::atomic<std::uint32_t> turn{0};

  // The next in turn that can take a message now; when nobody can, the next in turn.
  const Subscription* choose(const Subscriber* except) const {
    const auto count = static_cast<std::uint32_t>(members.size());
    const auto start = turn.fetch_add(1, std::memory_order_relaxed);
    const Subscription* fallback = nullptr;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto& member = members[(start + i) % count];
      if (member.subscriber == except) {
        continue;
      }
      if (member.subscriber->available()) {
        return &member;
      }
      fallback = fallback == nullptr ? &member : fallback;
    }
    return fallback;
  }
};

struct Place {
  std::vector<Subscription> subscriptions;
  std::unique_ptr<std::vector<std::unique_ptr<Group>>> groups;
  bool empty() const { return subscriptions.empty() && !groups; }
};

using Trie = TopicTrie<Place>;

std::vector<Subscription>::iterator find(std::vector<Subscription>& in,
                                         const Subscriber* subscriber) {
  return std::ranges::find(in, subscriber, &Subscription::subscriber);
}

bool put(std::vector<Subscription>& in, const Subscription& subscription) {
  const auto found = find(in, subscription.subscriber);
  if (found != in.end()) {
    *found = subscription;
    return false;
  }
  in.push_back(subscription);
  return true;
}

bool take(std::vector<Subscription>& in, const Subscriber& subscriber) {
  const auto found = find(in, &subscriber);
  if (found == in.end()) {
    return false;
  }
  *found = in.back();
  in.pop_back();
  return true;
}

}  // namespace

struct SubscriptionTree::Impl {
  explicit Impl(std::uint32_t seed) : trie(seed) {}

  // The level `rest` begins with is below `node`. Depth is bounded by the topic's.
  void walk(const Trie::Node& node, Levels rest, bool first_is_dollar, const Subscriber* origin,
            Matches& out) const {
    const bool wild = !first_is_dollar;
    if (node.has_hash() && wild) {
      collect(trie.child(node, "#")->value, origin, out);
    }
    if (rest.done()) {
      collect(node.value, origin, out);
      return;
    }
    const auto level = rest.next();
    if (node.has_plus() && wild) {
      walk(*trie.child(node, "+"), rest, false, origin, out);
    }
    if (const auto* next = trie.child(node, level)) {
      walk(*next, rest, false, origin, out);
    }
  }

  static void collect(const Place& place, const Subscriber* origin, Matches& out) {
    if (place.empty()) {
      return;
    }
    ++out.nodes_;
    for (const auto& subscription : place.subscriptions) {
      if (!subscription.options.no_local || subscription.subscriber != origin) {
        out.add(subscription, false);
      }
    }
    if (place.groups) {
      for (const auto& group : *place.groups) {
        if (const auto* chosen = group->choose(nullptr)) {
          out.add(*chosen, true);
        }
      }
    }
  }

  Group& group_at(Place& place, std::string_view name) {
    if (!place.groups) {
      place.groups = std::make_unique<std::vector<std::unique_ptr<Group>>>();
    }
    for (const auto& group : *place.groups) {
      if (group->name == name) {
        return *group;
      }
    }
    place.groups->push_back(std::make_unique<Group>());
    place.groups->back()->name = name;
    return *place.groups->back();
  }

  bool remove_member(Place& place, std::string_view name, const Subscriber& subscriber) {
    if (!place.groups) {
      return false;
    }
    const auto found = std::ranges::find_if(
        *place.groups, [name](const auto& group) { return group->name == name; });
    if (found == place.groups->end() || !take((*found)->members, subscriber)) {
      return false;
    }
    if ((*found)->members.empty()) {
      place.groups->erase(found);
      if (place.groups->empty()) {
        place.groups.reset();
      }
    }
    return true;
  }

  Trie trie;
};

void Matches::add(const Subscription& subscription, bool shared) {
  deliveries_.push_back({.subscriber = subscription.subscriber,
                         .qos = subscription.options.qos,
                         .retain_as_published = subscription.options.retain_as_published,
                         .shared = shared,
                         .first_identifier = static_cast<std::uint32_t>(identifiers_.size()),
                         .identifiers = subscription.identifier != 0 ? 1U : 0U});
  if (subscription.identifier != 0) {
    identifiers_.push_back(subscription.identifier);
  }
}

// Overlapping filters of one subscriber become one delivery with all their identifiers. A message
// of a group stays a message of its own (section 4.8.2).
void Matches::merge() {
  if (nodes_ < 2 || deliveries_.size() < 2) {
    return;
  }
  // In place, so that a match allocates nothing; identifiers stay in the order they were found.
  std::ranges::sort(deliveries_, [](const Delivery& a, const Delivery& b) {
    if (a.subscriber != b.subscriber) {
      return std::less<>()(a.subscriber, b.subscriber);
    }
    return a.shared != b.shared ? a.shared < b.shared : a.first_identifier < b.first_identifier;
  });
  merged_.clear();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < deliveries_.size(); ++i) {
    Delivery next = deliveries_[i];
    const auto own = identifiers(next);
    const bool same = kept > 0 && deliveries_[kept - 1].subscriber == next.subscriber &&
                      !next.shared && !deliveries_[kept - 1].shared;
    next.first_identifier = static_cast<std::uint32_t>(merged_.size());
    merged_.insert(merged_.end(), own.begin(), own.end());
    if (same) {
      Delivery& into = deliveries_[kept - 1];
      into.qos = std::max(into.qos, next.qos);
      into.retain_as_published = into.retain_as_published || next.retain_as_published;
      into.identifiers += next.identifiers;
    } else {
      deliveries_[kept++] = next;
    }
  }
  deliveries_.resize(kept);
  identifiers_.swap(merged_);
}

SubscriptionTree::SubscriptionTree(std::uint32_t seed) : impl_(std::make_unique<Impl>(seed)) {}
SubscriptionTree::~SubscriptionTree() = default;

bool SubscriptionTree::add(std::string_view filter, const Subscription& subscription) {
  const auto parsed = parse_filter(filter);
  if (!parsed) {
    return false;
  }
  Place& place = impl_->trie.find_or_add(parsed->filter).value;
  const bool fresh = parsed->group.empty()
                         ? put(place.subscriptions, subscription)
                         : put(impl_->group_at(place, parsed->group).members, subscription);
  size_ += fresh ? 1 : 0;
  return fresh;
}

bool SubscriptionTree::remove(std::string_view filter, const Subscriber& subscriber) {
  const auto parsed = parse_filter(filter);
  auto* node = parsed ? impl_->trie.find(parsed->filter) : nullptr;
  if (node == nullptr) {
    return false;
  }
  const bool removed = parsed->group.empty()
                           ? take(node->value.subscriptions, subscriber)
                           : impl_->remove_member(node->value, parsed->group, subscriber);
  if (removed) {
    --size_;
    impl_->trie.prune(*node, [](const Place& place) { return place.empty(); });
  }
  return removed;
}

void SubscriptionTree::match(std::string_view topic, const Subscriber* origin, Matches& out) const {
  out.clear();
  impl_->walk(impl_->trie.root(), Levels(topic), topic.starts_with('$'), origin, out);
  out.merge();
}

std::optional<Subscription> SubscriptionTree::pick(std::string_view group_filter,
                                                   const Subscriber* except) const {
  const auto parsed = parse_filter(group_filter);
  auto* node = parsed ? impl_->trie.find(parsed->filter) : nullptr;
  if (node == nullptr || !node->value.groups) {
    return std::nullopt;
  }
  for (const auto& group : *node->value.groups) {
    if (group->name == parsed->group) {
      const auto* chosen = group->choose(except);
      return chosen != nullptr ? std::optional(*chosen) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace unhidra::mqtt
