#pragma once
// What a part of a snapshot is made of: copies of what is small, references to messages.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/mqtt/broker.h"

#include "session.h"

namespace unhidra::mqtt {

struct SnapshotPart::Captured {
  struct Waiting {
    std::uint64_t ordinal;
    MessageRef message;
    Identifiers identifiers;
    QoS qos;
    Outgoing::State state;
    bool retain;
    bool shared;
  };
  struct SessionImage {
    std::uint64_t number;
    std::string_view space;
    std::vector<Bytes> records;  // of the session and its subscriptions
    std::optional<PendingWill> will;
    std::vector<std::pair<PacketId, MessageRef>> incoming;
    std::vector<Waiting> outgoing;
  };
  struct Retained {
    std::string_view space;
    MessageRef message;
    std::string owner;
  };

  std::vector<SessionImage> sessions;
  std::vector<Retained> retained;
  std::size_t size = 0;
};

}  // namespace unhidra::mqtt
