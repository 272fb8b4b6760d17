#include "unhidra/mqtt/retained_tree.h"

#include <vector>

#include "topic_trie.h"

namespace unhidra::mqtt {
namespace {

using Trie = TopicTrie<MessageRef>;
using Call = std::function<bool(const MessageRef&)>;

// Recursion is bounded by kMaxLevels. Each returns false once the caller wants no more.
bool visit_all(const Trie::Node& node, bool skip_dollar, const Call& call) {
  if (node.value && !call(node.value)) {
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

bool visit(const Trie& trie, const Trie::Node& node, Levels rest, const Call& call) {
  if (rest.done()) {
    return !node.value || call(node.value);
  }
  const bool at_root = node.parent() == nullptr;
  const auto level = rest.next();
  if (level == "#") {
    return visit_all(node, at_root, call);
  }
  if (level != "+") {
    const auto* next = trie.child(node, level);
    return next == nullptr || visit(trie, *next, rest, call);
  }
  bool going = true;
  node.for_each_child([&](const Trie::Node& child) {
    if (going && !(at_root && child.level().starts_with('$'))) {
      going = visit(trie, child, rest, call);
    }
  });
  return going;
}

}  // namespace

struct RetainedTree::Impl {
  explicit Impl(std::uint32_t seed) : trie(seed) {}
  Trie trie;
};

RetainedTree::RetainedTree(std::uint32_t seed) : impl_(std::make_unique<Impl>(seed)) {}
RetainedTree::~RetainedTree() = default;

MessageRef RetainedTree::set(MessageRef message) {
  auto& value = impl_->trie.find_or_add(message->topic()).value;
  bytes_ += message->memory();
  MessageRef before = std::exchange(value, std::move(message));
  if (before) {
    bytes_ -= before->memory();
  } else {
    ++size_;
  }
  return before;
}

MessageRef RetainedTree::remove(std::string_view topic) {
  auto* node = impl_->trie.find(topic);
  if (node == nullptr || !node->value) {
    return {};
  }
  MessageRef before = std::exchange(node->value, MessageRef());
  --size_;
  bytes_ -= before->memory();
  impl_->trie.prune(*node, [](const MessageRef& value) { return !value; });
  return before;
}

MessageRef RetainedTree::find(std::string_view topic) const {
  const auto* node = impl_->trie.find(topic);
  return node != nullptr ? node->value : MessageRef();
}

void RetainedTree::match(std::string_view filter, const Call& call) const {
  visit(impl_->trie, impl_->trie.root(), Levels(filter), call);
}

void RetainedTree::for_each(const std::function<void(const MessageRef&)>& call) const {
  visit_all(impl_->trie.root(), false, [&call](const MessageRef& message) {
    call(message);
    return true;
  });
}

std::size_t RetainedTree::expire(Timestamp now) {
  std::vector<MessageRef> gone;
  visit_all(impl_->trie.root(), false, [&](const MessageRef& message) {
    if (message->expired(now)) {
      gone.push_back(message);
    }
    return true;
  });
  for (const auto& message : gone) {
    remove(message->topic());
  }
  return gone.size();
}

std::size_t RetainedTree::nodes() const {
  return impl_->trie.nodes();
}

}  // namespace unhidra::mqtt
