#include "unhidra/mqtt/subscription_tree.h"

#include <algorithm>

#include "filter_place.h"
#include "filter_table.h"

namespace unhidra::mqtt {
namespace {

using Table = FilterTable<FilterPlace>;

// A filter as the table has it: "#" and "+" at the end are no levels, they say how far the place
// before them reaches.
struct Target {
  Table::Path path;
  Reach reach;
};
Target target_of(const HashedLevels& levels) {
  const auto path = levels.all();
  const auto before = path.first(path.size() - 1);
  const auto last = path.back().text();
  if (last == "#") {
    return {before, Reach::below};
  }
  return last == "+" ? Target{before, Reach::next} : Target{path, Reach::exact};
}

}  // namespace

struct SubscriptionTree::Impl {
  explicit Impl(std::uint32_t seed) : table(seed) {}

  // What is below `node` on the literal levels of `rest`, and from each "+" on the way on. Depth
  // is bounded by the topic's. Wildcards at the start do not match '$' (section 4.7.2).
  void walk(const Table::Node* node, Table::Path rest, bool wild, const Subscriber* origin,
            Matches& out) const {
    for (Table::Ahead ahead(table, *node, rest);; wild = true) {
      collect(node->value, reaches(rest.size(), wild), origin, out);
      if (rest.empty()) {
        return;
      }
      if (node->has_plus && wild) {
        walk(table.plus_child(*node), rest.subspan(1), true, origin, out);
      }
      node = node->has_literal_children() ? ahead.child(*node, rest) : nullptr;
      if (node == nullptr) {
        return;
      }
      rest = rest.subspan(1);
    }
  }

  static Reaches reaches(std::size_t left, bool wild) {
    unsigned out = wild ? static_cast<unsigned>(Reach::below) : 0;
    out |= left == 0 ? static_cast<unsigned>(Reach::exact) : 0;
    out |= left == 1 && wild ? static_cast<unsigned>(Reach::next) : 0;
    return static_cast<Reaches>(out);
  }

  static void collect(const FilterPlace& place, Reaches wanted, const Subscriber* origin,
                      Matches& out) {
    if (place.has_none(wanted)) {
      return;
    }
    out.filters_ += place.visit(
        wanted,
        [&](const Subscription& subscription) {
          if (!subscription.options.no_local || subscription.subscriber != origin) {
            out.add(subscription, false);
          }
        },
        [&out](const Group& group) {
          if (const auto* chosen = group.choose(nullptr)) {
            out.add(*chosen, true);
          }
        });
  }

  Table table;
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
  if (filters_ < 2 || deliveries_.size() < 2) {
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
  const auto levels = impl_->table.hashed(parsed->filter);
  const auto [path, reach] = target_of(levels);
  auto& place = impl_->table.find_or_add(path).value;
  const bool fresh = parsed->group.empty() ? place.put(reach, subscription)
                                           : place.put(reach, parsed->group, subscription);
  size_ += fresh ? 1 : 0;
  return fresh;
}

bool SubscriptionTree::remove(std::string_view filter, const Subscriber& subscriber) {
  const auto parsed = parse_filter(filter);
  if (!parsed) {
    return false;
  }
  const auto levels = impl_->table.hashed(parsed->filter);
  const auto [path, reach] = target_of(levels);
  auto* node = impl_->table.find(path);
  if (node == nullptr) {
    return false;
  }
  const bool removed = parsed->group.empty() ? node->value.take(reach, subscriber)
                                             : node->value.take(reach, parsed->group, subscriber);
  if (removed) {
    --size_;
    impl_->table.prune(path);
  }
  return removed;
}

void SubscriptionTree::match(std::string_view topic, const Subscriber* origin, Matches& out) const {
  out.clear();
  const auto levels = impl_->table.hashed(topic);
  if (levels.too_deep()) {
    return;
  }
  const auto& root = impl_->table.root();
  impl_->walk(&root, levels.all(), !topic.starts_with('$'), origin, out);
  out.merge();
}

std::optional<Subscription> SubscriptionTree::pick(std::string_view group_filter,
                                                   const Subscriber* except) const {
  const auto parsed = parse_filter(group_filter);
  if (!parsed) {
    return std::nullopt;
  }
  const auto levels = impl_->table.hashed(parsed->filter);
  const auto [path, reach] = target_of(levels);
  const auto* node = impl_->table.find(path);
  const auto* group = node != nullptr ? node->value.group(reach, parsed->group) : nullptr;
  const auto* chosen = group != nullptr ? group->choose(except) : nullptr;
  return chosen != nullptr ? std::optional(*chosen) : std::nullopt;
}

std::size_t SubscriptionTree::nodes() const {
  return impl_->table.nodes();
}

}  // namespace unhidra::mqtt
