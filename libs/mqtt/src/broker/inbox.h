#pragma once
// QoS 2 messages that came from a client and wait for their PUBREL (MQTT 5.0 section 4.3.3, method
// B), by packet identifier.

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "unhidra/mqtt/message.h"

namespace unhidra::mqtt {

struct Incoming {
  MessageRef message;
  std::uint8_t repeats = 0;  // how often the same was sent again on this connection
};

class Inbox {
 public:
  // Null: there is none under this identifier.
  Incoming* find(PacketId id) {
    const auto found = messages_.find(id);
    return found != messages_.end() ? &found->second : nullptr;
  }
  const Incoming* find(PacketId id) const {
    const auto found = messages_.find(id);
    return found != messages_.end() ? &found->second : nullptr;
  }
  // In place of what stood under the identifier.
  void put(PacketId id, MessageRef message) {
    take(id);
    bytes_ += message->payload().size();
    messages_[id] = {std::move(message), 0};
  }
  // Null: there was none.
  MessageRef take(PacketId id) {
    const auto found = messages_.find(id);
    if (found == messages_.end()) {
      return {};
    }
    auto message = std::move(found->second.message);
    bytes_ -= message->payload().size();
    messages_.erase(found);
    return message;
  }
  // A new connection may repeat everything once more (section 4.4).
  void rewind() {
    for (auto& [id, incoming] : messages_) {
      incoming.repeats = 0;
    }
  }

  std::size_t size() const { return messages_.size(); }
  std::size_t bytes() const { return bytes_; }  // of their payloads
  auto begin() const { return messages_.begin(); }
  auto end() const { return messages_.end(); }

 private:
  std::unordered_map<PacketId, Incoming> messages_;
  std::size_t bytes_ = 0;
};

}  // namespace unhidra::mqtt
