#pragma once
// MQTT control packets as values that view the bytes they were read from: they end with them.

#include <optional>
#include <string_view>
#include <vector>

#include "unhidra/mqtt/property.h"

namespace unhidra::mqtt {

// Section 3.1.3.2 to 3.1.3.4.
struct Will {
  std::string_view topic;
  ByteView payload;
  Properties properties;
  QoS qos = QoS::at_most_once;
  bool retain = false;
};

struct Connect {
  Version version = Version::v5;
  bool clean_start = true;
  std::uint16_t keep_alive = 0;  // seconds; 0: none
  Properties properties;
  std::string_view client_id;
  std::optional<Will> will;
  std::optional<std::string_view> user_name;
  std::optional<ByteView> password;
};

struct Connack {
  bool session_present = false;
  // Of 3.1 and 3.1.1: the return code as it stands.
  std::uint8_t code = 0;
  Properties properties;
};

struct Publish {
  std::string_view topic;  // empty with a topic alias
  ByteView payload;
  Properties properties;
  PacketId packet_id = 0;  // QoS 1 and 2
  QoS qos = QoS::at_most_once;
  bool dup = false;
  bool retain = false;
};

// PUBACK, PUBREC, PUBREL, PUBCOMP.
struct Acknowledge {
  PacketType type = PacketType::puback;
  PacketId packet_id = 0;
  ReasonCode reason = ReasonCode::success;
};

struct SubscriptionOptions {
  QoS qos = QoS::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;
  friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};
struct SubscribeEntry {
  std::string_view filter;
  SubscriptionOptions options;
};
struct Subscribe {
  PacketId packet_id = 0;
  std::uint32_t identifier = 0;  // section 3.8.2.1.2; 0: none
  std::vector<SubscribeEntry> entries;
  Properties properties;
};

struct Unsubscribe {
  PacketId packet_id = 0;
  std::vector<std::string_view> filters;
  Properties properties;
};

// SUBACK and UNSUBACK.
struct SubscribeAck {
  PacketId packet_id = 0;
  ByteView codes;  // one byte each; empty for UNSUBACK before version 5
};

struct Disconnect {
  ReasonCode reason = ReasonCode::success;
  Properties properties;
};

struct Auth {
  ReasonCode reason = ReasonCode::success;
  Properties properties;
};

// Why a packet cannot be accepted. A client of version 5 is told the reason unless `silent`; before
// version 5 the connection just ends.
struct PacketError {
  ReasonCode reason = ReasonCode::malformed_packet;
  bool silent = false;
};

}  // namespace unhidra::mqtt
