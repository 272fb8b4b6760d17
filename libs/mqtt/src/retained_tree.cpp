#include "unhidra/mqtt/retained_tree.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "roster.h"
#include "topic_trie.h"

namespace unhidra::mqtt {

struct OwnerHash : std::hash<std::string_view> {
  using is_transparent = void;
};
using Owners = std::unordered_map<std::string, RetainedTree::Usage, OwnerHash, std::equal_to<>>;

struct RetainedPlace {
  MessageRef message;  // null: a branch
  Owners::value_type* owner = nullptr;
  RosterEntry entry;
};

namespace {

using Trie = TopicTrie<RetainedPlace>;
using Call = std::function<bool(const MessageRef&)>;

// Recursion is bounded by kMaxLevels. Each returns false once the caller wants no more.
bool visit_all(const Trie::Node& node, bool skip_dollar, const Call& call) {
  if (node.value.message && !call(node.value.message)) {
    return false;
  }
  bool going = true;
  node.for_each_child([&](const Trie::Node& child) {
    if (going && !(skip_dollar && child.level().starts_with('$'))) {
      going = visit_all(child, false, call);
    }
  });
  return going;
}

bool find_all(const Trie& trie, const Trie::Node& node, Levels rest, const Call& call) {
  if (rest.done()) {
    return !node.value.message || call(node.value.message);
  }
  const bool at_root = node.parent() == nullptr;
  const auto level = rest.next();
  if (level == "#") {
    return visit_all(node, at_root, call);
  }
  if (level != "+") {
    const auto* next = trie.child(node, level);
    return next == nullptr || find_all(trie, *next, rest, call);
  }
  bool going = true;
  node.for_each_child([&](const Trie::Node& child) {
    if (going && !(at_root && child.level().starts_with('$'))) {
      going = find_all(trie, child, rest, call);
    }
  });
  return going;
}

}  // namespace

struct RetainedTree::Impl {
  explicit Impl(std::uint32_t seed) : trie(seed) {}

  static RosterEntry& entry_of(Trie::Node& node) { return node.value.entry; }
  // Its message is about to go.
  void show(Trie::Node& node) {
    if (visitor && roster.is_due(node)) {
      roster.mark(node);
      visitor(node.value.message, name_of(node.value));
    }
  }
  static std::string_view name_of(const RetainedPlace& place) {
    return place.owner != nullptr ? std::string_view(place.owner->first) : std::string_view();
  }
  void give(RetainedPlace& place, std::string_view owner) {
    if (owner.empty()) {
      return;
    }
    auto found = owners.find(owner);
    if (found == owners.end()) {
      found = owners.emplace(owner, Usage{}).first;
    }
    ++found->second.messages;
    found->second.bytes += place.message->memory();
    place.owner = &*found;
  }
  // While its message is there yet.
  void take(RetainedPlace& place) {
    if (auto* const owner = std::exchange(place.owner, nullptr)) {
      owner->second.bytes -= place.message->memory();
      if (--owner->second.messages == 0) {
        owners.erase(owners.find(owner->first));
      }
    }
  }

  TopicTrie<RetainedPlace> trie;
  Roster<Trie::Node, &Impl::entry_of> roster;  // those with a message
  Owners owners;                               // those with a message
  Visitor visitor;                             // while there is a visit
  std::size_t looked_at = 0;                   // by expire: places from here on
};

RetainedTree::RetainedTree(std::uint32_t seed) : impl_(std::make_unique<Impl>(seed)) {}
RetainedTree::~RetainedTree() = default;

MessageRef RetainedTree::set(MessageRef message, std::string_view owner) {
  auto& node = impl_->trie.find_or_add(message->topic());
  bytes_ += message->memory();
  if (node.value.message) {
    impl_->show(node);
    impl_->take(node.value);
    bytes_ -= node.value.message->memory();
  } else {
    impl_->roster.add(node);
  }
  auto before = std::exchange(node.value.message, std::move(message));
  impl_->give(node.value, owner);
  return before;
}

MessageRef RetainedTree::remove(std::string_view topic) {
  auto* node = impl_->trie.find(topic);
  if (node == nullptr || !node->value.message) {
    return {};
  }
  impl_->show(*node);
  impl_->take(node->value);
  impl_->roster.remove(*node);
  MessageRef before = std::exchange(node->value.message, MessageRef());
  bytes_ -= before->memory();
  impl_->trie.prune(*node, [](const RetainedPlace& place) { return !place.message; });
  return before;
}

MessageRef RetainedTree::find(std::string_view topic) const {
  const auto* node = impl_->trie.find(topic);
  return node != nullptr ? node->value.message : MessageRef();
}

void RetainedTree::match(std::string_view filter, const Call& call) const {
  find_all(impl_->trie, impl_->trie.root(), Levels(filter), call);
}

void RetainedTree::for_each(const std::function<void(const MessageRef&)>& call) const {
  visit_all(impl_->trie.root(), false, [&call](const MessageRef& message) {
    call(message);
    return true;
  });
}

// Downwards, because the last takes the place of one that is removed.
std::size_t RetainedTree::expire(Timestamp now, std::size_t count) {
  const auto before = size();
  auto& at = impl_->looked_at;
  for (auto left = std::min(count, before); left > 0; --left) {
    at = at == 0 || at > size() ? size() : at;
    const auto message = impl_->roster[--at].value.message;
    if (message->expired(now)) {
      remove(message->topic());
    }
  }
  return before - size();
}

void RetainedTree::begin_visit(Visitor visitor) {
  impl_->visitor = std::move(visitor);
  impl_->roster.begin_visit();
}

std::size_t RetainedTree::visit(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto* node = impl_->visitor ? impl_->roster.next() : nullptr;
    if (node == nullptr) {
      impl_->visitor = {};
      return i;
    }
    impl_->visitor(node->value.message, Impl::name_of(node->value));
  }
  return count;
}

std::size_t RetainedTree::size() const {
  return impl_->roster.size();
}

RetainedTree::Usage RetainedTree::usage(std::string_view owner) const {
  const auto found = impl_->owners.find(owner);
  return found != impl_->owners.end() ? found->second : Usage{};
}

std::string_view RetainedTree::owner(std::string_view topic) const {
  const auto* node = impl_->trie.find(topic);
  return node != nullptr ? Impl::name_of(node->value) : std::string_view();
}

std::size_t RetainedTree::nodes() const {
  return impl_->trie.nodes();
}

}  // namespace unhidra::mqtt
