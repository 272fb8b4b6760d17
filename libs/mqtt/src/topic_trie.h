#pragma once
// A tree of topic levels with a value at each node. A node is one allocation that holds its level's
// text and its only child; more of them stand in an open-addressed table. Empty branches are cut
// off.

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

#include "unhidra/mqtt/topic.h"

namespace unhidra::mqtt {

inline std::uint32_t hash_level(std::string_view level, std::uint32_t seed) {
  // FNV-1a over a seed that differs for each tree: a peer cannot choose names that collide.
  std::uint32_t hash = 2166136261U ^ seed;
  for (const char byte : level) {
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 16777619U;
  }
  return hash ^ (hash >> 15);
}

template <class Value>
class TopicTrie {
 public:
  class Node {
   public:
    Value value{};

    std::string_view level() const { return {text(), size_}; }
    Node* parent() const { return parent_; }
    Node* child(std::string_view level, std::uint32_t hash) const {
      if (!has_table()) {
        return only_ != nullptr && only_->is(level, hash) ? only_ : nullptr;
      }
      for (std::uint32_t at = hash & mask();; at = (at + 1) & mask()) {
        Node* const node = slots_[at];
        if (node == nullptr || node->is(level, hash)) {
          return node;
        }
      }
    }
    bool is_leaf() const { return count_ == 0; }
    template <class F>
    void for_each_child(F f) const {
      if (!has_table()) {
        if (only_ != nullptr) {
          f(*only_);
        }
        return;
      }
      for (std::uint32_t at = 0; at <= mask(); ++at) {
        if (slots_[at] != nullptr) {
          f(*slots_[at]);
        }
      }
    }

   private:
    friend class TopicTrie;
    Node(Node* parent, std::string_view level, std::uint32_t hash)
        : parent_(parent), hash_(hash), size_(static_cast<std::uint16_t>(level.size())) {
      std::ranges::copy(level, reinterpret_cast<char*>(this + 1));
    }
    ~Node() {
      if (has_table()) {
        delete[] slots_;
      }
    }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    bool has_table() const { return log_slots_ != 0; }
    bool is(std::string_view level, std::uint32_t hash) const {
      return hash_ == hash && this->level() == level;
    }
    const char* text() const { return reinterpret_cast<const char*>(this + 1); }
    std::uint32_t mask() const { return (1U << log_slots_) - 1; }

    void place(Node* node) {
      std::uint32_t at = node->hash_ & mask();
      while (slots_[at] != nullptr) {
        at = (at + 1) & mask();
      }
      slots_[at] = node;
    }
    // From the only child to a table, or to one twice as large.
    void grow() {
      const bool had_table = has_table();
      Node* const only = had_table ? nullptr : only_;
      Node** const old = had_table ? slots_ : nullptr;
      const std::uint32_t old_size = had_table ? mask() + 1 : 0;
      log_slots_ = static_cast<std::uint8_t>(had_table ? log_slots_ + 1 : kFirstTable);
      slots_ = new Node*[std::size_t{mask()} + 1]();
      if (only != nullptr) {
        place(only);
      }
      for (std::uint32_t at = 0; at < old_size; ++at) {
        if (old[at] != nullptr) {
          place(old[at]);
        }
      }
      delete[] old;
    }
    void add(Node* node) {
      if (count_ == 0) {
        only_ = node;
      } else {
        // At most three quarters full, so that a search ends.
        if (!has_table() || (count_ + 1) * 4 > (mask() + 1) * 3) {
          grow();
        }
        place(node);
      }
      ++count_;
    }
    void remove(Node* node) {
      --count_;
      if (has_table()) {
        take_out(node);
      }
      if (count_ == 0) {
        if (has_table()) {
          delete[] slots_;
        }
        log_slots_ = 0;
        only_ = nullptr;
      }
    }
    void take_out(Node* node) {
      std::uint32_t hole = node->hash_ & mask();
      while (slots_[hole] != node) {
        hole = (hole + 1) & mask();
      }
      slots_[hole] = nullptr;
      // Close the gap that later entries of the same run would stumble over.
      for (std::uint32_t at = (hole + 1) & mask(); slots_[at] != nullptr; at = (at + 1) & mask()) {
        const std::uint32_t home = slots_[at]->hash_ & mask();
        if (((at - home) & mask()) >= ((at - hole) & mask())) {
          slots_[hole] = std::exchange(slots_[at], nullptr);
          hole = at;
        }
      }
    }

    static constexpr std::uint8_t kFirstTable = 2;

    Node* parent_;
    union {
      Node* only_ = nullptr;  // without a table
      Node** slots_;          // owned
    };
    std::uint32_t hash_;
    std::uint32_t count_ = 0;
    std::uint16_t size_;
    std::uint8_t log_slots_ = 0;
  };

  explicit TopicTrie(std::uint32_t seed) : seed_(seed), root_(make(nullptr, {}, 0)) {}
  ~TopicTrie() { destroy(root_); }
  TopicTrie(const TopicTrie&) = delete;
  TopicTrie& operator=(const TopicTrie&) = delete;

  Node& root() const { return *root_; }
  std::size_t nodes() const { return nodes_; }

  Node* child(const Node& node, std::string_view level) const {
    return node.child(level, hash_level(level, seed_));
  }
  Node* find(std::string_view topic) const {
    Node* node = root_;
    for (Levels levels(topic); node != nullptr && !levels.done();) {
      node = child(*node, levels.next());
    }
    return node;
  }
  Node& find_or_add(std::string_view topic) {
    Node* node = root_;
    for (Levels levels(topic); !levels.done();) {
      const auto level = levels.next();
      const auto hash = hash_level(level, seed_);
      Node* next = node->child(level, hash);
      if (next == nullptr) {
        next = make(node, level, hash);
        node->add(next);
      }
      node = next;
    }
    return *node;
  }
  // Removes the node and the branch above it, as far as `empty(value)` says it holds nothing.
  template <class Empty>
  void prune(Node& from, Empty empty) {
    for (Node* node = &from; node != root_ && node->is_leaf() && empty(node->value);) {
      Node* const parent = node->parent_;
      parent->remove(node);
      release(node);
      node = parent;
    }
  }

 private:
  Node* make(Node* parent, std::string_view level, std::uint32_t hash) {
    ++nodes_;
    return new (::operator new(sizeof(Node) + level.size())) Node(parent, level, hash);
  }
  void release(Node* node) {
    --nodes_;
    node->~Node();
    ::operator delete(node);
  }
  // Recursion is bounded by kMaxLevels.
  void destroy(Node* node) {
    node->for_each_child([this](Node& child) { destroy(&child); });
    release(node);
  }

  std::uint32_t seed_;
  std::size_t nodes_ = 0;
  Node* root_;
};

}  // namespace unhidra::mqtt
