#pragma once
// A tree of filter levels in which a node is one cache line, found by the hash of its whole path:
// all nodes that a topic passes are asked for at once, before the first of them has come from
// memory. Which line it is tell two bytes of the hash, in arrays small enough for the caches. The
// nodes stand in open-addressed tables, 64 of them, so that growing moves few at a time.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "hashed_levels.h"

namespace unhidra::mqtt {

// The text of a level: in place when it is short.
class LevelText {
 public:
  LevelText() = default;
  explicit LevelText(std::string_view text) {
    char* to = bytes_.data();
    if (text.size() > kInPlace) {
      to = new char[text.size()];
      size_ = kFar;
      set_far({to, text.size()});
    } else {
      size_ = static_cast<std::uint8_t>(text.size());
    }
    std::ranges::copy(text, to);
  }
  LevelText(LevelText&& other) noexcept
      : size_(std::exchange(other.size_, std::uint8_t{0})), bytes_(other.bytes_) {}
  LevelText& operator=(LevelText&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~LevelText() {
    if (size_ == kFar) {
      delete[] far().begin;
    }
  }

  std::string_view view() const {
    if (size_ == kFar) {
      return {far().begin, far().size};
    }
    return {bytes_.data(), size_};
  }

 private:
  struct Far {
    char* begin;
    std::size_t size;
  };
  static constexpr std::size_t kInPlace = 15;
  static constexpr std::uint8_t kFar = 0xff;

  void set_far(Far far) {
    const auto size = static_cast<std::uint32_t>(far.size);
    std::memcpy(bytes_.data(), &far.begin, sizeof far.begin);
    std::memcpy(bytes_.data() + sizeof far.begin, &size, sizeof size);
  }
  Far far() const {
    Far out{};
    std::uint32_t size = 0;
    std::memcpy(&out.begin, bytes_.data(), sizeof out.begin);
    std::memcpy(&size, bytes_.data() + sizeof out.begin, sizeof size);
    out.size = size;
    return out;
  }

  std::uint8_t size_ = 0;
  std::array<char, kInPlace> bytes_{};
};

// `Value` says by empty() whether a node is needed for its sake.
template <class Value>
class FilterTable {
 public:
  struct Node {
    [[no_unique_address]] Value value{};
    std::uint32_t children : 31 = 0;
    bool has_plus : 1 = false;  // one of them is "+"
    LevelText text;
    std::uint32_t id = 0;  // of those that are there
    std::uint32_t parent = 0;
    std::uint64_t path = 0;  // the hash

    bool is(const Node& of, const HashedLevel& level) const {
      return parent == of.id && text.view() == level.text();
    }
    bool has_literal_children() const { return children != (has_plus ? 1U : 0U); }
  };
  using Path = std::span<const HashedLevel>;

  explicit FilterTable(std::uint32_t seed)
      : seed_(fold(seed ^ 0x8ebc6af09c88c6e3, 0xe7037ed1a0b428db)), plus_(hashed("+").all()[0]) {
    root_.id = next_id_++;
    root_.path = seed_;
  }

  HashedLevels hashed(std::string_view topic) const { return {topic, seed_}; }
  const Node& root() const { return root_; }
  std::size_t nodes() const { return next_id_ - kFirstId - free_ids_.size(); }

  const Node* child(const Node& parent, const HashedLevel& level) const {
    const auto path = join(parent.path, level);
    return shard(path).find(path, [&](const Node& node) { return node.is(parent, level); });
  }
  const Node* plus_child(const Node& parent) const { return child(parent, plus_); }

  // The nodes that literal levels lead to, asked for some levels ahead.
  class Ahead {
   public:
    Ahead(const FilterTable& table, const Node& from, Path rest) : table_(table) {
      ask(from, rest);
    }
    // The child of `parent` at rest.front(); null: there is none. `rest` is that of the
    // constructor at first and one level shorter each time.
    const Node* child(const Node& parent, Path rest) {
      if (next_ == kLevels) {
        ask(parent, rest);
      }
      const Node* const node = nodes_[next_++];
      if (node == nullptr || node->is(parent, rest.front())) {
        return node;
      }
      return table_.child(parent, rest.front());  // two paths with the same two bytes
    }

   private:
    static constexpr std::size_t kLevels = 8;
    void ask(const Node& from, Path rest) {
      auto path = from.path;
      for (std::size_t i = 0; i < std::min(rest.size(), kLevels); ++i) {
        path = join(path, rest[i]);
        nodes_[i] = table_.ask(path);
      }
      next_ = 0;
    }

    const FilterTable& table_;
    std::array<const Node*, kLevels> nodes_;
    std::size_t next_ = 0;
  };

  // A node stays where it is until the next change of the table.
  Node* find(Path path) {
    Node* node = &root_;
    for (std::size_t i = 0; node != nullptr && i < path.size(); ++i) {
      node = changeable(child(*node, path[i]));
    }
    return node;
  }
  Node& find_or_add(Path path) {
    Node* node = &root_;
    for (const auto& level : path) {
      Node* const next = changeable(child(*node, level));
      node = next != nullptr ? next : &add(*node, level);
    }
    return *node;
  }
  // Removes the last node of the path and the branch above it, as far as they hold nothing.
  void prune(Path path) {
    std::array<Key, kMaxLevels + 1> way;
    way[0] = {root_.path, root_.id};
    const Node* node = &root_;
    for (std::size_t i = 0; i < path.size(); ++i) {
      node = child(*node, path[i]);
      if (node == nullptr) {
        return;
      }
      way[i + 1] = {node->path, node->id};
    }
    for (auto depth = path.size(); depth > 0; --depth) {
      if (!remove_if_empty(way[depth], way[depth - 1])) {
        return;
      }
    }
  }

 private:
  static_assert(sizeof(Node) == 64, "a node is one cache line");

  struct Key {
    std::uint64_t path;
    std::uint32_t id;
  };
  struct Free {
    void operator()(Node* nodes) const { ::operator delete(nodes, kAlignment); }
  };
  // Linear probing.
  class Shard {
   public:
    Shard() = default;
    Shard(Shard&&) = delete;
    ~Shard() { std::destroy_n(nodes_.get(), capacity_); }

    // The first node with the path's tag that `is` accepts.
    template <class Is>
    Node* find(std::uint64_t path, Is is) const {
      const auto wanted = tag(path);
      // There is always a free slot, unless there is no table at all.
      for (auto at = home(path); capacity_ != 0 && tags_[at] != 0; at = after(at)) {
        if (tags_[at] == wanted && is(nodes_.get()[at])) {
          return &nodes_.get()[at];
        }
      }
      return nullptr;
    }
    Node& add(Node node) {
      if ((std::uint64_t{used_} + 1) * 4 > std::uint64_t{capacity_} * 3) {
        resize(capacity_ < kSmall ? std::max(kFirst, capacity_ * 2) : capacity_ + capacity_ / 4);
      }
      ++used_;
      return put(std::move(node));
    }
    void take_out(Node& node) {
      auto hole = static_cast<std::uint32_t>(&node - nodes_.get());
      clear(hole);
      // Close the gap that later entries of the same run would stumble over.
      for (auto at = after(hole); tags_[at] != 0; at = after(at)) {
        if (distance(home(nodes_.get()[at].path), at) >= distance(hole, at)) {
          tags_[hole] = tags_[at];
          nodes_.get()[hole] = std::move(nodes_.get()[at]);
          clear(at);
          hole = at;
        }
      }
      --used_;
      if (capacity_ > kSmall && used_ < capacity_ / 4) {
        resize(capacity_ / 2);
      }
    }

   private:
    using Tag = std::uint16_t;
    static Tag tag(std::uint64_t path) {
      return std::max(static_cast<Tag>(path >> 32), Tag{1});  // 0: a free slot
    }
    std::uint32_t home(std::uint64_t path) const {
      return static_cast<std::uint32_t>(((path & 0xffffffff) * capacity_) >> 32);
    }
    std::uint32_t after(std::uint32_t at) const { return at + 1 == capacity_ ? 0 : at + 1; }
    std::uint32_t distance(std::uint32_t from, std::uint32_t to) const {
      return to >= from ? to - from : to + capacity_ - from;
    }
    void clear(std::uint32_t at) {
      tags_[at] = 0;
      nodes_.get()[at] = Node{};
    }
    Node& put(Node node) {
      auto at = home(node.path);
      while (tags_[at] != 0) {
        at = after(at);
      }
      tags_[at] = tag(node.path);
      return nodes_.get()[at] = std::move(node);
    }
    void resize(std::uint32_t capacity) {
      auto* const memory = ::operator new(sizeof(Node) * capacity, kAlignment);
      std::unique_ptr<Node, Free> nodes(static_cast<Node*>(memory));
      std::uninitialized_value_construct_n(nodes.get(), capacity);
      nodes_.swap(nodes);
      const auto tags = std::exchange(tags_, std::make_unique<Tag[]>(capacity));
      const auto before = std::exchange(capacity_, capacity);
      for (std::uint32_t at = 0; at < before; ++at) {
        if (tags[at] != 0) {
          put(std::move(nodes.get()[at]));
        }
      }
      std::destroy_n(nodes.get(), before);
    }

    std::unique_ptr<Tag[]> tags_;
    std::unique_ptr<Node, Free> nodes_;  // each of them constructed
    std::uint32_t capacity_ = 0;
    std::uint32_t used_ = 0;
  };

  static constexpr std::align_val_t kAlignment{64};
  static constexpr int kShardBits = 6;
  static constexpr std::uint32_t kFirst = 4;
  static constexpr std::uint32_t kSmall = 1024;
  static constexpr std::uint32_t kFirstId = 2;  // behind the root's

  static std::uint64_t join(std::uint64_t path, const HashedLevel& level) {
    return fold(path ^ level.hash, 0x589965cc75374cc3);
  }
  const Shard& shard(std::uint64_t path) const { return shards_[path >> (64 - kShardBits)]; }
  Shard& shard(std::uint64_t path) { return shards_[path >> (64 - kShardBits)]; }

  // What is probably the node of this path, and will be there soon; null: there is none.
  const Node* ask(std::uint64_t path) const {
    const auto* node = shard(path).find(path, [](const Node&) { return true; });
    __builtin_prefetch(node);
    return node;
  }
  static Node* changeable(const Node* node) { return const_cast<Node*>(node); }
  Node& find(const Key& key) {
    return key.id == root_.id ? root_ : *shard(key.path).find(key.path, [&key](const Node& node) {
      return node.id == key.id;
    });
  }
  bool is_plus(const Node& node) const { return node.text.view() == plus_.text(); }

  Node& add(Node& parent, const HashedLevel& level) {
    Node node;
    node.text = LevelText(level.text());
    node.id = take_id();
    node.parent = parent.id;
    node.path = join(parent.path, level);
    ++parent.children;
    parent.has_plus = parent.has_plus || is_plus(node);
    return shard(node.path).add(std::move(node));
  }
  bool remove_if_empty(const Key& key, const Key& parent_key) {
    Node& node = find(key);
    if (node.children > 0 || !node.value.empty()) {
      return false;
    }
    Node& parent = find(parent_key);
    --parent.children;
    parent.has_plus = parent.has_plus && !is_plus(node);
    free_ids_.push_back(node.id);
    shard(key.path).take_out(node);
    return true;
  }
  std::uint32_t take_id() {
    if (free_ids_.empty()) {
      return next_id_++;
    }
    const auto id = free_ids_.back();
    free_ids_.pop_back();
    return id;
  }

  std::uint64_t seed_;
  HashedLevel plus_;
  std::uint32_t next_id_ = kFirstId - 1;
  std::vector<std::uint32_t> free_ids_;
  Node root_;
  std::array<Shard, std::size_t{1} << kShardBits> shards_;
};

}  // namespace unhidra::mqtt
