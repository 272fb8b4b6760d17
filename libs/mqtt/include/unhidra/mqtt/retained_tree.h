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

  // What somebody has here. `bytes`: of the messages.
  struct Usage {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  // Replaces what the topic had and returns that. `owner`: whom it is put down to; empty: nobody.
  MessageRef set(MessageRef message, std::string_view owner = {});
  // What the topic had.
  MessageRef remove(std::string_view topic);
  MessageRef find(std::string_view topic) const;
  // Calls for every message that the filter covers, until `call` says false.
  void match(std::string_view filter, const std::function<bool(const MessageRef&)>& call) const;
  void for_each(const std::function<void(const MessageRef&)>& call) const;
  // Looks at `count` messages, where it stopped the last time, and removes what has expired;
  // returns how many.
  std::size_t expire(Timestamp now, std::size_t count);

  // ---- A visit of all messages, a few at a time, while the tree goes on changing: each message
  // that is here now comes once, in its turn or when it is about to be replaced or removed.
  // An empty visitor: the visit is over.
  using Visitor = std::function<void(const MessageRef&, std::string_view owner)>;
  void begin_visit(Visitor visitor);
  // The next `count`; returns how many came. Fewer: those were the last.
  std::size_t visit(std::size_t count);

  std::size_t size() const;
  Usage usage(std::string_view owner) const;
  // Whom a topic's message is put down to; empty: nobody, or there is none.
  std::string_view owner(std::string_view topic) const;
  // Of the messages; the tree itself costs about 100 bytes a level.
  std::size_t bytes() const { return bytes_; }
  std::size_t nodes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::size_t bytes_ = 0;
};

}  // namespace unhidra::mqtt
