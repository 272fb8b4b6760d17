#include "unhidra/mqtt/encoder.h"

namespace unhidra::mqtt {
namespace {

void u8(Bytes& out, std::uint8_t value) {
  out.push_back(value);
}
void u16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<Byte>(value >> 8));
  out.push_back(static_cast<Byte>(value));
}
void u32(Bytes& out, std::uint32_t value) {
  u16(out, value >> 16);
  u16(out, value);
}
void binary(Bytes& out, ByteView value) {
  u16(out, static_cast<std::uint32_t>(value.size()));
  append(out, value);
}
void text(Bytes& out, std::string_view value) {
  binary(out, as_bytes(value));
}
void properties(Bytes& out, ByteView encoded) {
  append_variable(out, static_cast<std::uint32_t>(encoded.size()));
  append(out, encoded);
}

void header(Bytes& out, PacketType type, unsigned flags, std::size_t length) {
  u8(out, static_cast<Byte>((static_cast<unsigned>(type) << 4) | flags));
  append_variable(out, static_cast<std::uint32_t>(length));
}

std::size_t section_size(ByteView encoded) {
  return variable_size(static_cast<std::uint32_t>(encoded.size())) + encoded.size();
}

enum class NumberSize : std::uint8_t { one, two, four, variable };
NumberSize size_of(PropertyId id) {
  switch (id) {
    case PropertyId::message_expiry_interval:
    case PropertyId::session_expiry_interval:
    case PropertyId::will_delay_interval:
    case PropertyId::maximum_packet_size:
      return NumberSize::four;
    case PropertyId::server_keep_alive:
    case PropertyId::receive_maximum:
    case PropertyId::topic_alias_maximum:
    case PropertyId::topic_alias:
      return NumberSize::two;
    case PropertyId::subscription_identifier:
      return NumberSize::variable;
    default:
      return NumberSize::one;
  }
}

}  // namespace

std::size_t variable_size(std::uint32_t value) {
  return value < 0x80 ? 1 : (value < 0x4000 ? 2 : (value < 0x200000 ? 3 : 4));
}

void append_variable(Bytes& out, std::uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<Byte>(0x80 | (value & 0x7f)));
    value >>= 7;
  }
  out.push_back(static_cast<Byte>(value));
}

std::size_t packet_size(ByteView bytes) {
  std::size_t length = 0;
  std::size_t at = 1;
  for (unsigned shift = 0; at < bytes.size() && shift < 28; shift += 7) {
    const auto digit = bytes[at++];
    length |= std::size_t{digit & 0x7fU} << shift;
    if ((digit & 0x80) == 0) {
      break;
    }
  }
  return at + length;
}

PropertyWriter& PropertyWriter::number(PropertyId id, std::uint32_t value) {
  u8(out_, static_cast<Byte>(id));
  switch (size_of(id)) {
    case NumberSize::one:
      u8(out_, static_cast<Byte>(value));
      break;
    case NumberSize::two:
      u16(out_, value);
      break;
    case NumberSize::four:
      u32(out_, value);
      break;
    case NumberSize::variable:
      append_variable(out_, value);
      break;
  }
  return *this;
}
PropertyWriter& PropertyWriter::text(PropertyId id, std::string_view value) {
  return binary(id, as_bytes(value));
}
PropertyWriter& PropertyWriter::binary(PropertyId id, ByteView value) {
  u8(out_, static_cast<Byte>(id));
  mqtt::binary(out_, value);
  return *this;
}
PropertyWriter& PropertyWriter::user(std::string_view name, std::string_view value) {
  u8(out_, static_cast<Byte>(PropertyId::user_property));
  mqtt::text(out_, name);
  mqtt::text(out_, value);
  return *this;
}
PropertyWriter& PropertyWriter::raw(ByteView encoded) {
  append(out_, encoded);
  return *this;
}

// ---- PUBLISH -----------------------------------------------------------------------------------

namespace {

std::size_t publish_body(const PublishHeader& publish, std::size_t payload, Version version) {
  return 2 + publish.topic.size() + (publish.qos == QoS::at_most_once ? 0U : 2U) +
         (version == Version::v5 ? section_size(publish.properties) : 0U) + payload;
}

}  // namespace

std::size_t publish_size(const PublishHeader& publish, std::size_t payload, Version version) {
  const auto body = publish_body(publish, payload, version);
  return 1 + variable_size(static_cast<std::uint32_t>(body)) + body;
}

std::size_t append_publish(Bytes& out, const PublishHeader& publish, ByteView payload,
                           Version version) {
  const auto flags = (publish.dup ? 8U : 0U) | (static_cast<unsigned>(publish.qos) << 1) |
                     (publish.retain ? 1U : 0U);
  header(out, PacketType::publish, flags, publish_body(publish, payload.size(), version));
  text(out, publish.topic);
  std::size_t id_at = 0;
  if (publish.qos != QoS::at_most_once) {
    id_at = out.size();
    u16(out, publish.packet_id);
  }
  if (version == Version::v5) {
    properties(out, publish.properties);
  }
  append(out, payload);
  return id_at;
}

// ---- Acknowledgements --------------------------------------------------------------------------

void append_acknowledge(Bytes& out, const Acknowledge& packet, Version version, ByteView extra) {
  const auto flags = packet.type == PacketType::pubrel ? 2U : 0U;
  const bool with_properties = version == Version::v5 && !extra.empty();
  const bool with_reason =
      version == Version::v5 && (packet.reason != ReasonCode::success || with_properties);
  header(out, packet.type, flags,
         2U + (with_reason ? 1U : 0U) + (with_properties ? section_size(extra) : 0U));
  u16(out, packet.packet_id);
  if (with_reason) {
    u8(out, static_cast<Byte>(packet.reason));
  }
  if (with_properties) {
    properties(out, extra);
  }
}

void append_connack(Bytes& out, const Connack& packet, Version version) {
  const auto extra = packet.properties.encoded();
  header(out, PacketType::connack, 0, 2 + (version == Version::v5 ? section_size(extra) : 0U));
  u8(out, packet.session_present ? 1 : 0);
  u8(out, packet.code);
  if (version == Version::v5) {
    properties(out, extra);
  }
}

void append_subscribe_ack(Bytes& out, PacketType type, PacketId id, ByteView codes,
                          Version version) {
  // UNSUBACK had no codes before version 5.
  const bool bare = type == PacketType::unsuback && version != Version::v5;
  const std::size_t extra = version == Version::v5 ? 1 : 0;
  header(out, type, 0, 2 + extra + (bare ? 0 : codes.size()));
  u16(out, id);
  if (version == Version::v5) {
    u8(out, 0);
  }
  if (!bare) {
    append(out, codes);
  }
}

void append_disconnect(Bytes& out, ReasonCode reason, ByteView extra, Version version) {
  if (version != Version::v5 || (reason == ReasonCode::success && extra.empty())) {
    header(out, PacketType::disconnect, 0, 0);
    return;
  }
  header(out, PacketType::disconnect, 0, 1 + (extra.empty() ? 0U : section_size(extra)));
  u8(out, static_cast<Byte>(reason));
  if (!extra.empty()) {
    properties(out, extra);
  }
}

void append_auth(Bytes& out, ReasonCode reason, ByteView extra) {
  header(out, PacketType::auth, 0, 1 + section_size(extra));
  u8(out, static_cast<Byte>(reason));
  properties(out, extra);
}

void append_pingresp(Bytes& out) {
  header(out, PacketType::pingresp, 0, 0);
}
void append_pingreq(Bytes& out) {
  header(out, PacketType::pingreq, 0, 0);
}

// ---- The client's side -------------------------------------------------------------------------

void append_connect(Bytes& out, const Connect& packet) {
  const bool v5 = packet.version == Version::v5;
  Bytes body;
  text(body, packet.version == Version::v3_1 ? "MQIsdp" : "MQTT");
  u8(body, static_cast<Byte>(packet.version));
  unsigned flags = packet.clean_start ? 2U : 0U;
  if (packet.will) {
    flags |= 4U | (static_cast<unsigned>(packet.will->qos) << 3) | (packet.will->retain ? 32U : 0U);
  }
  flags |= (packet.password ? 64U : 0U) | (packet.user_name ? 128U : 0U);
  u8(body, static_cast<Byte>(flags));
  u16(body, packet.keep_alive);
  if (v5) {
    properties(body, packet.properties.encoded());
  }
  text(body, packet.client_id);
  if (packet.will) {
    if (v5) {
      properties(body, packet.will->properties.encoded());
    }
    text(body, packet.will->topic);
    binary(body, packet.will->payload);
  }
  if (packet.user_name) {
    text(body, *packet.user_name);
  }
  if (packet.password) {
    binary(body, *packet.password);
  }
  header(out, PacketType::connect, 0, body.size());
  append(out, body);
}

void append_subscribe(Bytes& out, const Subscribe& packet, Version version) {
  Bytes body;
  u16(body, packet.packet_id);
  if (version == Version::v5) {
    PropertyWriter extra;
    extra.raw(packet.properties.encoded());
    if (packet.identifier != 0 && packet.properties.empty()) {
      extra.number(PropertyId::subscription_identifier, packet.identifier);
    }
    properties(body, extra.view());
  }
  for (const auto& [filter, options] : packet.entries) {
    text(body, filter);
    u8(body, static_cast<Byte>(static_cast<unsigned>(options.qos) | (options.no_local ? 4U : 0U) |
                               (options.retain_as_published ? 8U : 0U) |
                               (static_cast<unsigned>(options.retain_handling) << 4)));
  }
  header(out, PacketType::subscribe, 2, body.size());
  append(out, body);
}

void append_unsubscribe(Bytes& out, const Unsubscribe& packet, Version version) {
  Bytes body;
  u16(body, packet.packet_id);
  if (version == Version::v5) {
    properties(body, packet.properties.encoded());
  }
  for (const auto filter : packet.filters) {
    text(body, filter);
  }
  header(out, PacketType::unsubscribe, 2, body.size());
  append(out, body);
}

}  // namespace unhidra::mqtt
