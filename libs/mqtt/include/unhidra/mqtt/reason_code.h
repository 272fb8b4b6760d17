#pragma once
// Reason codes (MQTT 5.0 section 2.4), in which packets each may stand, and what is left of them
// for clients of 3.1 and 3.1.1. The one place where our errors become codes.

#include <cstdint>
#include <string_view>

#include "unhidra/base/error.h"
#include "unhidra/mqtt/protocol.h"

namespace unhidra::mqtt {

enum class ReasonCode : std::uint8_t {
  success = 0x00,  // also "normal disconnection" and "granted QoS 0"
  granted_qos_1 = 0x01,
  granted_qos_2 = 0x02,
  disconnect_with_will = 0x04,
  no_matching_subscribers = 0x10,
  no_subscription_existed = 0x11,
  continue_authentication = 0x18,
  re_authenticate = 0x19,
  unspecified_error = 0x80,
  malformed_packet = 0x81,
  protocol_error = 0x82,
  implementation_specific_error = 0x83,
  unsupported_protocol_version = 0x84,
  client_identifier_not_valid = 0x85,
  bad_user_name_or_password = 0x86,
  not_authorized = 0x87,
  server_unavailable = 0x88,
  server_busy = 0x89,
  banned = 0x8a,
  server_shutting_down = 0x8b,
  bad_authentication_method = 0x8c,
  keep_alive_timeout = 0x8d,
  session_taken_over = 0x8e,
  topic_filter_invalid = 0x8f,
  topic_name_invalid = 0x90,
  packet_identifier_in_use = 0x91,
  packet_identifier_not_found = 0x92,
  receive_maximum_exceeded = 0x93,
  topic_alias_invalid = 0x94,
  packet_too_large = 0x95,
  message_rate_too_high = 0x96,
  quota_exceeded = 0x97,
  administrative_action = 0x98,
  payload_format_invalid = 0x99,
  retain_not_supported = 0x9a,
  qos_not_supported = 0x9b,
  use_another_server = 0x9c,
  server_moved = 0x9d,
  shared_subscriptions_not_supported = 0x9e,
  connection_rate_exceeded = 0x9f,
  maximum_connect_time = 0xa0,
  subscription_identifiers_not_supported = 0xa1,
  wildcard_subscriptions_not_supported = 0xa2,
};

constexpr bool is_failure(ReasonCode code) {
  return static_cast<std::uint8_t>(code) >= 0x80;
}
std::string_view to_string(ReasonCode code);

// Whether the standard lets this code stand in this packet (section 2.4, table 2-6).
bool may_stand_in(ReasonCode code, PacketType packet);

// The return code of a CONNACK for 3.1 and 3.1.1 (3.1.1 section 3.2.2.3); 0 accepts.
std::uint8_t connect_return_code(ReasonCode code);

// What a subscriber is told when a Result of ours failed.
ReasonCode reason_of(ErrorKind kind);

}  // namespace unhidra::mqtt
