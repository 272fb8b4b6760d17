#pragma once
// The last retained message of each topic (MQTT 5.0 section 3.3.1.3).

#include <functional>
#include <memory>

#include "unhidra/mqtt/message.h"

namespace unhidra::mqtt {

class RetainedTree {
 public:
  explicit RetainedTree(std::uint32_t seed);
  ~RetainedTree();
  RetainedTree(const RetainedTree&) = delete;
  RetainedTree& operator=(const RetainedTree&) = delete;

  // Replaces what the topic had and returns that.
  MessageRef set(MessageRef message);
  // What the topic had.
  MessageRef remove(std::string_view topic);
  MessageRef find(std::string_view topic) const;
  // Calls for every message that the filter covers, until `call` says false.
  void match(std::string_view filter, const std::function<bool(const MessageRef&)>& call) const;
  void for_each(const std::function<void(const MessageRef&)>& call) const;
  // Removes what has expired; returns how many.
  std::size_t expire(Timestamp now);

  std::size_t size() const { return size_; }
  // Of the messages; the tree itself costs about 80 bytes a level.
  std::size_t bytes() const { return bytes_; }
  std::size_t nodes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace unhidra::mqtt
