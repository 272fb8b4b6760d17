#include "unhidra/mqtt/reason_code.h"

#include <array>

namespace unhidra::mqtt {
namespace {

constexpr std::uint16_t in(PacketType type) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type));
}
constexpr std::uint16_t kConnack = in(PacketType::connack);
constexpr std::uint16_t kPuback = in(PacketType::puback);
constexpr std::uint16_t kPubrec = in(PacketType::pubrec);
constexpr std::uint16_t kPubrel = in(PacketType::pubrel);
constexpr std::uint16_t kPubcomp = in(PacketType::pubcomp);
constexpr std::uint16_t kSuback = in(PacketType::suback);
constexpr std::uint16_t kUnsuback = in(PacketType::unsuback);
constexpr std::uint16_t kDisconnect = in(PacketType::disconnect);
constexpr std::uint16_t kAuth = in(PacketType::auth);
constexpr std::uint16_t kFirstAck = kPuback | kPubrec;

struct Row {
  ReasonCode code;
  std::uint16_t packets;
  std::string_view name;
};

// Table 2-6.
constexpr std::array kTable = {
    Row{ReasonCode::success,
        kConnack | kFirstAck | kPubrel | kPubcomp | kSuback | kUnsuback | kDisconnect | kAuth,
        "success"},
    Row{ReasonCode::granted_qos_1, kSuback, "granted QoS 1"},
    Row{ReasonCode::granted_qos_2, kSuback, "granted QoS 2"},
    Row{ReasonCode::disconnect_with_will, kDisconnect, "disconnect with will message"},
    Row{ReasonCode::no_matching_subscribers, kFirstAck, "no matching subscribers"},
    Row{ReasonCode::no_subscription_existed, kUnsuback, "no subscription existed"},
    Row{ReasonCode::continue_authentication, kAuth, "continue authentication"},
    Row{ReasonCode::re_authenticate, kAuth, "re-authenticate"},
    Row{ReasonCode::unspecified_error, kConnack | kFirstAck | kSuback | kUnsuback | kDisconnect,
        "unspecified error"},
    Row{ReasonCode::malformed_packet, kConnack | kDisconnect, "malformed packet"},
    Row{ReasonCode::protocol_error, kConnack | kDisconnect, "protocol error"},
    Row{ReasonCode::implementation_specific_error,
        kConnack | kFirstAck | kSuback | kUnsuback | kDisconnect, "implementation specific error"},
    Row{ReasonCode::unsupported_protocol_version, kConnack, "unsupported protocol version"},
    Row{ReasonCode::client_identifier_not_valid, kConnack, "client identifier not valid"},
    Row{ReasonCode::bad_user_name_or_password, kConnack, "bad user name or password"},
    Row{ReasonCode::not_authorized, kConnack | kFirstAck | kSuback | kUnsuback | kDisconnect,
        "not authorized"},
    Row{ReasonCode::server_unavailable, kConnack, "server unavailable"},
    Row{ReasonCode::server_busy, kConnack | kDisconnect, "server busy"},
    Row{ReasonCode::banned, kConnack, "banned"},
    Row{ReasonCode::server_shutting_down, kDisconnect, "server shutting down"},
    Row{ReasonCode::bad_authentication_method, kConnack | kDisconnect, "bad authentication method"},
    Row{ReasonCode::keep_alive_timeout, kDisconnect, "keep alive timeout"},
    Row{ReasonCode::session_taken_over, kDisconnect, "session taken over"},
    Row{ReasonCode::topic_filter_invalid, kSuback | kUnsuback | kDisconnect,
        "topic filter invalid"},
    Row{ReasonCode::topic_name_invalid, kConnack | kFirstAck | kDisconnect, "topic name invalid"},
    Row{ReasonCode::packet_identifier_in_use, kFirstAck | kSuback | kUnsuback,
        "packet identifier in use"},
    Row{ReasonCode::packet_identifier_not_found, kPubrel | kPubcomp, "packet identifier not found"},
    Row{ReasonCode::receive_maximum_exceeded, kDisconnect, "receive maximum exceeded"},
    Row{ReasonCode::topic_alias_invalid, kDisconnect, "topic alias invalid"},
    Row{ReasonCode::packet_too_large, kConnack | kDisconnect, "packet too large"},
    Row{ReasonCode::message_rate_too_high, kDisconnect, "message rate too high"},
    Row{ReasonCode::quota_exceeded, kConnack | kFirstAck | kSuback | kDisconnect, "quota exceeded"},
    Row{ReasonCode::administrative_action, kDisconnect, "administrative action"},
    Row{ReasonCode::payload_format_invalid, kConnack | kFirstAck | kDisconnect,
        "payload format invalid"},
    Row{ReasonCode::retain_not_supported, kConnack | kDisconnect, "retain not supported"},
    Row{ReasonCode::qos_not_supported, kConnack | kDisconnect, "QoS not supported"},
    Row{ReasonCode::use_another_server, kConnack | kDisconnect, "use another server"},
    Row{ReasonCode::server_moved, kConnack | kDisconnect, "server moved"},
    Row{ReasonCode::shared_subscriptions_not_supported, kSuback | kDisconnect,
        "shared subscriptions not supported"},
    Row{ReasonCode::connection_rate_exceeded, kConnack | kDisconnect, "connection rate exceeded"},
    Row{ReasonCode::maximum_connect_time, kDisconnect, "maximum connect time"},
    Row{ReasonCode::subscription_identifiers_not_supported, kSuback | kDisconnect,
        "subscription identifiers not supported"},
    Row{ReasonCode::wildcard_subscriptions_not_supported, kSuback | kDisconnect,
        "wildcard subscriptions not supported"},
};

constexpr const Row* find(ReasonCode code) {
  for (const Row& row : kTable) {
    if (row.code == code) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view to_string(PacketType type) {
  static constexpr std::array<std::string_view, 16> kNames = {
      "RESERVED", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
      "PUBREL",   "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
      "PINGREQ",  "PINGRESP", "DISCONNECT", "AUTH"};
  return kNames[static_cast<std::size_t>(type) & 15U];
}

std::string_view to_string(ReasonCode code) {
  const Row* row = find(code);
  return row != nullptr ? row->name : "unknown";
}

bool may_stand_in(ReasonCode code, PacketType packet) {
  const Row* row = find(code);
  return row != nullptr && (row->packets & in(packet)) != 0;
}

std::uint8_t connect_return_code(ReasonCode code) {
  switch (code) {
    case ReasonCode::success:
      return 0;
    case ReasonCode::unsupported_protocol_version:
      return 1;
    case ReasonCode::client_identifier_not_valid:
      return 2;
    case ReasonCode::bad_user_name_or_password:
      return 4;
    case ReasonCode::not_authorized:
    case ReasonCode::banned:
    case ReasonCode::bad_authentication_method:
      return 5;
    default:
      return 3;  // server unavailable
  }
}

ReasonCode reason_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unauthenticated:
    case ErrorKind::denied:
    case ErrorKind::not_found:
      return ReasonCode::not_authorized;
    case ErrorKind::too_large:
    case ErrorKind::rate_limited:
      return ReasonCode::quota_exceeded;
    case ErrorKind::unprocessable:
      return ReasonCode::payload_format_invalid;
    case ErrorKind::invalid:
    case ErrorKind::conflict:
    case ErrorKind::unavailable:
    case ErrorKind::timeout:
    case ErrorKind::cancelled:
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      break;
  }
  return ReasonCode::unspecified_error;
}

}  // namespace unhidra::mqtt
