#pragma once
// The vocabulary of MQTT 3.1, 3.1.1 and 5.0: versions, packet types, qualities of service.

#include <cstdint>
#include <string_view>

namespace unhidra::mqtt {

// The protocol level of CONNECT (3.1.2.2).
enum class Version : std::uint8_t { v3_1 = 3, v3_1_1 = 4, v5 = 5 };

// MQTT 5.0 section 2.1.2.
enum class PacketType : std::uint8_t {
  reserved = 0,
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};
std::string_view to_string(PacketType type);

// Section 4.3.
enum class QoS : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };
constexpr QoS lower(QoS a, QoS b) {
  return a < b ? a : b;
}

// Section 3.8.3.1: what a new subscription gets of the retained messages.
enum class RetainHandling : std::uint8_t { send = 0, send_if_new = 1, never = 2 };

// Never 0 on the wire (section 2.2.1).
using PacketId = std::uint16_t;

// Intervals travel as seconds in 32 bits; this value means "for ever" for a session (3.1.2.11.2).
inline constexpr std::uint32_t kNeverExpires = 0xffff'ffff;
inline constexpr std::uint32_t kMaxVariableInteger = 268'435'455;  // section 1.5.5
inline constexpr std::uint16_t kDefaultReceiveMaximum = 65'535;    // section 3.1.2.11.3

}  // namespace unhidra::mqtt
