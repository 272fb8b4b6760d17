#pragma once
// Who subscribed at one place of the tree: to the place itself, to all below it ("/#"), or to what
// is just below it ("/+"). Nearly always these are one or two, who therefore stand here; the others
// are one step away.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/mqtt/subscription_tree.h"

namespace unhidra::mqtt {

// The members of one "$share" group at one filter. Turns are taken while others match, too.
class Group {
 public:
  explicit Group(std::string_view name) : name_(name) {}
  const std::string& name() const { return name_; }
  bool empty() const { return members_.empty(); }
  std::vector<Subscription>& members() { return members_; }

  // The next in turn that can take a message now; when nobody can, the next in turn.
  const Subscription* choose(const Subscriber* except) const {
    const auto count = static_cast<std::uint32_t>(members_.size());
    const auto start = turn_.fetch_add(1, std::memory_order_relaxed);
    const Subscription* fallback = nullptr;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto& member = members_[(start + i) % count];
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

 private:
  std::string name_;
  std::vector<Subscription> members_;
  mutable std::atomic<std::uint32_t> turn_{0};
};

// How far a filter reaches from its place. Sets of them are sums.
enum class Reach : std::uint8_t { exact = 1, below = 2, next = 4 };
using Reaches = std::uint8_t;

class FilterPlace {
 public:
  FilterPlace() = default;
  FilterPlace(FilterPlace&& other) noexcept { *this = std::move(other); }
  FilterPlace& operator=(FilterPlace&& other) noexcept {
    std::swap(pointers_, other.pointers_);
    std::swap(identifiers_, other.identifiers_);
    std::swap(options_, other.options_);
    std::swap(reaches_, other.reaches_);
    return *this;
  }
  ~FilterPlace() { delete more(); }

  bool empty() const { return reaches_[0] == 0 && reaches_[1] == 0; }

  // Whether it is new; replaces the subscriber's former one.
  bool put(Reach reach, const Subscription& subscription) {
    if (const auto slot = find(reach, *subscription.subscriber); slot != kHere) {
      set(slot, reach, subscription);
      return false;
    }
    if (more() != nullptr && replace(more()->at(reach).others, subscription)) {
      return false;
    }
    if (const auto free = std::ranges::find(reaches_, Reaches{0}); free != reaches_.end()) {
      set(static_cast<std::size_t>(free - reaches_.begin()), reach, subscription);
    } else {
      need_more().at(reach).others.push_back(subscription);
    }
    return true;
  }
  // Whether there was one.
  bool take(Reach reach, const Subscriber& subscriber) {
    if (const auto slot = find(reach, subscriber); slot != kHere) {
      reaches_[slot] = 0;
      return true;
    }
    const bool taken = more() != nullptr && take_out(more()->at(reach).others, subscriber);
    drop_if_empty();
    return taken;
  }
  bool put(Reach reach, std::string_view group, const Subscription& subscription) {
    auto& groups = need_more().at(reach).groups;
    auto found = std::ranges::find(groups, group, &Group::name);
    if (found == groups.end()) {
      groups.push_back(std::make_unique<Group>(group));
      found = std::prev(groups.end());
    }
    auto& members = (*found)->members();
    if (replace(members, subscription)) {
      return false;
    }
    members.push_back(subscription);
    return true;
  }
  bool take(Reach reach, std::string_view group, const Subscriber& subscriber) {
    if (more() == nullptr) {
      return false;
    }
    auto& groups = more()->at(reach).groups;
    const auto found = std::ranges::find(groups, group, &Group::name);
    if (found == groups.end() || !take_out((*found)->members(), subscriber)) {
      return false;
    }
    if ((*found)->empty()) {
      groups.erase(found);
      drop_if_empty();
    }
    return true;
  }
  const Group* group(Reach reach, std::string_view name) const {
    if (more() == nullptr) {
      return nullptr;
    }
    const auto& groups = more()->at(reach).groups;
    const auto found = std::ranges::find(groups, name, &Group::name);
    return found != groups.end() ? found->get() : nullptr;
  }

  // Whether nobody subscribed here who reaches as one of `wanted`, as is so of most places.
  bool has_none(Reaches wanted) const {
    return ((reaches_[0] | reaches_[1]) & (wanted | kMore)) == 0;
  }
  // Calls `plain` with every subscription and `shared` with every group whose filter reaches as
  // one of `wanted`; returns through how many filters, 2 standing for more.
  template <class Plain, class Shared>
  unsigned visit(Reaches wanted, Plain plain, Shared shared) const {
    Reaches found = 0;
    for (std::size_t slot = 0; slot < kHere; ++slot) {
      if ((reaches_[slot] & wanted) != 0) {
        found |= reaches_[slot];
        plain(subscription(slot));
      }
    }
    if (const auto* const others = more()) {
      for (const auto reach : {Reach::exact, Reach::below, Reach::next}) {
        const auto& here = others->at(reach);
        if ((static_cast<Reaches>(reach) & wanted) != 0 && !here.empty()) {
          found |= static_cast<Reaches>(reach);
          std::ranges::for_each(here.others, plain);
          for (const auto& group : here.groups) {
            shared(*group);
          }
        }
      }
    }
    return found == 0 ? 0 : ((found & (found - 1)) != 0 ? 2 : 1);
  }

 private:
  struct Others {
    std::vector<Subscription> others;
    std::vector<std::unique_ptr<Group>> groups;
    bool empty() const { return others.empty() && groups.empty(); }
  };
  struct More {
    std::array<Others, 3> of;
    Others& at(Reach reach) { return of[static_cast<std::size_t>(reach) / 2]; }
    const Others& at(Reach reach) const { return of[static_cast<std::size_t>(reach) / 2]; }
    bool empty() const { return std::ranges::all_of(of, &Others::empty); }
  };
  union Pointer {
    Subscriber* subscriber;
    More* more;  // of the last slot
  };
  static constexpr std::size_t kHere = 2;
  static constexpr Reaches kMore = 0x80;

  std::size_t find(Reach reach, const Subscriber& subscriber) const {
    std::size_t slot = 0;
    while (slot < kHere && (reaches_[slot] != static_cast<Reaches>(reach) ||
                            pointers_[slot].subscriber != &subscriber)) {
      ++slot;
    }
    return slot;
  }
  void set(std::size_t slot, Reach reach, const Subscription& from) {
    pointers_[slot].subscriber = from.subscriber;
    identifiers_[slot] = from.identifier;
    options_[slot] = static_cast<std::uint8_t>(
        static_cast<unsigned>(from.options.qos) | (from.options.no_local ? kNoLocal : 0U) |
        (from.options.retain_as_published ? kRetainAsPublished : 0U) |
        static_cast<unsigned>(from.options.retain_handling) << kRetainHandlingAt);
    reaches_[slot] = static_cast<Reaches>(reach);
  }
  Subscription subscription(std::size_t slot) const {
    const unsigned options = options_[slot];
    Subscription out;
    out.subscriber = pointers_[slot].subscriber;
    out.options.qos = static_cast<QoS>(options & kQoS);
    out.options.no_local = (options & kNoLocal) != 0;
    out.options.retain_as_published = (options & kRetainAsPublished) != 0;
    out.options.retain_handling = static_cast<RetainHandling>(options >> kRetainHandlingAt);
    out.identifier = identifiers_[slot];
    return out;
  }
  More* more() const { return reaches_.back() == kMore ? pointers_.back().more : nullptr; }
  More& need_more() {
    if (more() == nullptr) {
      auto fresh = std::make_unique<More>();
      if (const auto reach = reaches_.back(); reach != 0) {
        fresh->at(static_cast<Reach>(reach)).others.push_back(subscription(kHere - 1));
      }
      pointers_.back().more = fresh.release();
      reaches_.back() = kMore;
    }
    return *more();
  }
  void drop_if_empty() {
    if (more() != nullptr && more()->empty()) {
      delete more();
      reaches_.back() = 0;
    }
  }
  static bool replace(std::vector<Subscription>& in, const Subscription& subscription) {
    const auto found = std::ranges::find(in, subscription.subscriber, &Subscription::subscriber);
    if (found == in.end()) {
      return false;
    }
    *found = subscription;
    return true;
  }
  static bool take_out(std::vector<Subscription>& in, const Subscriber& subscriber) {
    const auto found = std::ranges::find(in, &subscriber, &Subscription::subscriber);
    if (found == in.end()) {
      return false;
    }
    *found = in.back();
    in.pop_back();
    return true;
  }

  // The byte of a SUBSCRIBE packet (section 3.8.3.1).
  static constexpr unsigned kQoS = 3;
  static constexpr unsigned kNoLocal = 4;
  static constexpr unsigned kRetainAsPublished = 8;
  static constexpr unsigned kRetainHandlingAt = 4;

  std::array<Pointer, kHere> pointers_{};
  std::array<std::uint32_t, kHere> identifiers_{};
  std::array<std::uint8_t, kHere> options_{};
  std::array<Reaches, kHere> reaches_{};  // 0: free; kMore: a pointer to the others
};

}  // namespace unhidra::mqtt
