#pragma once
// Who subscribed at one place of the tree: to the place itself, and to it with all below ("/#").
// Nearly always it is one subscriber, who therefore stands here; the others are one step away.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
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

enum class Reach : std::uint8_t { exact, below };

class FilterPlace {
 public:
  bool empty() const { return first_.subscriber == nullptr && !more_; }

  // Whether it is new; replaces the subscriber's former one.
  bool put(Reach reach, const Subscription& subscription) {
    if (is_first(reach, *subscription.subscriber)) {
      first_ = subscription;
      return false;
    }
    if (more_ && replace(more_->at(reach).others, subscription)) {
      return false;
    }
    if (first_.subscriber == nullptr) {
      first_ = subscription;
      first_reach_ = reach;
    } else {
      more(reach).others.push_back(subscription);
    }
    return true;
  }
  // Whether there was one.
  bool take(Reach reach, const Subscriber& subscriber) {
    if (is_first(reach, subscriber)) {
      first_ = {};
      return true;
    }
    const bool taken = more_ && take_out(more_->at(reach).others, subscriber);
    drop_if_empty();
    return taken;
  }
  bool put(Reach reach, std::string_view group, const Subscription& subscription) {
    auto& groups = more(reach).groups;
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
    if (!more_) {
      return false;
    }
    auto& groups = more_->at(reach).groups;
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
    if (!more_) {
      return nullptr;
    }
    const auto& groups = more_->at(reach).groups;
    const auto found = std::ranges::find(groups, name, &Group::name);
    return found != groups.end() ? found->get() : nullptr;
  }

  template <class F>
  void for_each(Reach reach, F call) const {
    if (first_.subscriber != nullptr && first_reach_ == reach) {
      call(first_);
    }
    if (more_) {
      std::ranges::for_each(more_->at(reach).others, call);
    }
  }
  template <class F>
  void for_each_group(Reach reach, F call) const {
    if (more_) {
      for (const auto& group : more_->at(reach).groups) {
        call(*group);
      }
    }
  }

 private:
  struct Others {
    std::vector<Subscription> others;
    std::vector<std::unique_ptr<Group>> groups;
    bool empty() const { return others.empty() && groups.empty(); }
  };
  struct More {
    std::array<Others, 2> of;
    Others& at(Reach reach) { return of[static_cast<std::size_t>(reach)]; }
    const Others& at(Reach reach) const { return of[static_cast<std::size_t>(reach)]; }
  };

  bool is_first(Reach reach, const Subscriber& subscriber) const {
    return first_.subscriber == &subscriber && first_reach_ == reach;
  }
  Others& more(Reach reach) {
    if (!more_) {
      more_ = std::make_unique<More>();
    }
    return more_->at(reach);
  }
  void drop_if_empty() {
    if (more_ && more_->at(Reach::exact).empty() && more_->at(Reach::below).empty()) {
      more_.reset();
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

  Subscription first_;
  std::unique_ptr<More> more_;
  Reach first_reach_ = Reach::exact;
};

}  // namespace unhidra::mqtt
