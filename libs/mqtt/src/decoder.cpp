#include "unhidra/mqtt/decoder.h"

#include <algorithm>

#include "reader.h"

namespace unhidra::mqtt {
namespace {

constexpr PacketError kSilent{ReasonCode::malformed_packet, true};
constexpr PacketError kMalformed{ReasonCode::malformed_packet, false};
constexpr PacketError kProtocol{ReasonCode::protocol_error, false};

using Malformed = std::unexpected<PacketError>;

// A property section: its length, then the properties (section 2.2.2.1).
std::expected<Properties, PacketError> read_properties(Reader& reader, PropertyPlace place) {
  const auto length = reader.variable();
  const auto encoded = reader.take(length);
  if (reader.failed()) {
    return Malformed(kMalformed);
  }
  const auto checked = Properties::check(encoded, place);
  if (!checked) {
    return Malformed(PacketError{checked.error()});
  }
  return *checked;
}

}  // namespace

// ---- CONNECT (section 3.1) ---------------------------------------------------------------------

namespace {

struct ConnectFlags {
  std::uint8_t bits = 0;
  bool clean_start() const { return (bits & 0x02) != 0; }
  bool will() const { return (bits & 0x04) != 0; }
  std::uint8_t will_qos() const { return (bits >> 3) & 3U; }
  bool will_retain() const { return (bits & 0x20) != 0; }
  bool password() const { return (bits & 0x40) != 0; }
  bool user_name() const { return (bits & 0x80) != 0; }

  // Section 3.1.2.3 to 3.1.2.9.
  bool legal(Version version) const {
    if (version == Version::v3_1) {
      return will_qos() != 3;
    }
    const bool idle_will = !will() && (will_qos() != 0 || will_retain());
    // Only version 5 allows a password without a user name.
    const bool lone_password = version == Version::v3_1_1 && password() && !user_name();
    return (bits & 0x01) == 0 && will_qos() != 3 && !idle_will && !lone_password;
  }
};

using Refused = std::unexpected<ConnectError>;

// In the form of the version that the client most likely reads.
Refused unsupported(Version answer) {
  return Refused({{ReasonCode::unsupported_protocol_version}, answer});
}
Refused refused(const PacketError& error, Version version) {
  return Refused({error, error.silent ? std::nullopt : std::optional(version)});
}

// Whoever does not even begin with a protocol name is no MQTT client and gets no answer.
std::expected<Version, ConnectError> read_version(Reader& reader) {
  const auto name = as_text(reader.binary());
  const auto level = reader.u8() & 0x7fU;  // the top bit is how bridges announce themselves
  if (reader.failed() || (name != "MQTT" && name != "MQIsdp")) {
    return Refused({kSilent, std::nullopt});
  }
  if (name == "MQIsdp") {
    return level == 3 ? std::expected<Version, ConnectError>(Version::v3_1)
                      : unsupported(Version::v5);
  }
  switch (level) {
    case 3:
      return unsupported(Version::v3_1_1);
    case 4:
      return Version::v3_1_1;
    case 5:
      return Version::v5;
    default:
      return unsupported(Version::v5);
  }
}

std::optional<PacketError> read_will(Reader& reader, const ConnectFlags& flags, Connect& out) {
  Will will;
  will.qos = static_cast<QoS>(flags.will_qos());
  will.retain = flags.will_retain();
  if (out.version == Version::v5) {
    const auto properties = read_properties(reader, PropertyPlace::will);
    if (!properties) {
      return properties.error();
    }
    will.properties = *properties;
  }
  will.topic = reader.string();
  will.payload = reader.binary();
  if (reader.failed() || !is_valid_topic_name(will.topic)) {
    return kMalformed;
  }
  out.will = will;
  return std::nullopt;
}

std::optional<PacketError> read_credentials(Reader& reader, const ConnectFlags& flags,
                                            Connect& out) {
  if (flags.user_name()) {
    // A client of 3.1 may set the flag and send nothing (3.1 section 3.1).
    if (out.version != Version::v3_1 || reader.remaining() > 0) {
      out.user_name = reader.string();
    }
  }
  if (flags.password() && (out.version != Version::v3_1 || reader.remaining() > 0)) {
    out.password = reader.binary();
  }
  if (reader.failed()) {
    return kSilent;
  }
  return reader.remaining() != 0 ? std::optional(kMalformed) : std::nullopt;
}

}  // namespace

namespace {

// What follows the version, flags and keep alive.
std::optional<PacketError> read_payload(Reader& reader, const ConnectFlags& flags, Connect& out) {
  if (out.version == Version::v5) {
    const auto properties = read_properties(reader, PropertyPlace::connect);
    if (!properties) {
      return properties.error();
    }
    out.properties = *properties;
    // Data without a method (section 3.1.2.11.10).
    if (out.properties.find(PropertyId::authentication_data) &&
        !out.properties.find(PropertyId::authentication_method)) {
      return kProtocol;
    }
  }
  out.client_id = reader.string();
  if (reader.failed()) {
    return reader.bad_text() ? PacketError{ReasonCode::client_identifier_not_valid} : kMalformed;
  }
  if (flags.will()) {
    if (const auto error = read_will(reader, flags, out)) {
      return error;
    }
  }
  return read_credentials(reader, flags, out);
}

}  // namespace

std::expected<Connect, ConnectError> decode_connect(const Frame& frame) {
  Reader reader(frame.body);
  Connect out;
  const auto version = read_version(reader);
  if (!version) {
    return Refused(version.error());
  }
  out.version = *version;
  const ConnectFlags flags{reader.u8()};
  out.keep_alive = reader.u16();
  if (reader.failed() || !flags.legal(out.version) ||
      (frame.flags() != 0 && out.version != Version::v3_1)) {
    return refused(kSilent, out.version);
  }
  out.clean_start = flags.clean_start();
  if (const auto error = read_payload(reader, flags, out)) {
    // Before version 5 a malformed CONNECT has no return code (3.1.1 section 4.8).
    return out.version == Version::v5 ? refused(*error, out.version)
                                      : refused(kSilent, out.version);
  }
  return out;
}

// ---- PUBLISH and its acknowledgements (sections 3.3 to 3.7) ------------------------------------

std::expected<Publish, PacketError> decode_publish(const Frame& frame, Version version) {
  const auto flags = frame.flags();
  Publish out;
  out.dup = (flags & 8) != 0;
  out.retain = (flags & 1) != 0;
  const auto qos = (flags >> 1) & 3U;
  if (qos == 3 || (qos == 0 && out.dup && version != Version::v3_1)) {
    return Malformed(kMalformed);
  }
  out.qos = static_cast<QoS>(qos);
  Reader reader(frame.body);
  out.topic = reader.string();
  if (qos > 0) {
    out.packet_id = reader.u16();
  }
  if (reader.failed()) {
    return Malformed(kMalformed);
  }
  if (qos > 0 && out.packet_id == 0) {
    return Malformed(kProtocol);
  }
  if (version == Version::v5) {
    const auto properties = read_properties(reader, PropertyPlace::publish);
    if (!properties) {
      return Malformed(properties.error());
    }
    out.properties = *properties;
    if (has_wildcard(out.properties.text(PropertyId::response_topic))) {
      return Malformed(kProtocol);  // section 3.3.2.3.5
    }
  }
  if (out.topic.empty()) {
    if (!out.properties.find(PropertyId::topic_alias)) {
      return Malformed(kProtocol);
    }
  } else if (!is_valid_topic_name(out.topic)) {
    return Malformed(kMalformed);
  }
  out.payload = reader.rest();
  return out;
}

std::expected<Acknowledge, PacketError> decode_acknowledge(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Acknowledge out{.type = frame.type(), .packet_id = reader.u16()};
  if (reader.failed()) {
    return Malformed(kMalformed);
  }
  if (out.packet_id == 0) {
    return Malformed(kProtocol);
  }
  if (version != Version::v5) {
    return reader.remaining() == 0 ? std::expected<Acknowledge, PacketError>(out)
                                   : Malformed(kMalformed);
  }
  if (reader.remaining() > 0) {
    out.reason = static_cast<ReasonCode>(reader.u8());
    if (reader.remaining() > 0) {
      const auto offset = static_cast<unsigned>(frame.type()) - 4U;
      const auto place =
          static_cast<PropertyPlace>(static_cast<unsigned>(PropertyPlace::puback) + offset);
      const auto properties = read_properties(reader, place);
      if (!properties) {
        return Malformed(properties.error());
      }
    }
    if (reader.failed() || reader.remaining() != 0) {
      return Malformed(kMalformed);
    }
    if (!may_stand_in(out.reason, frame.type())) {
      return Malformed(kProtocol);
    }
  }
  return out;
}

// ---- SUBSCRIBE and UNSUBSCRIBE (sections 3.8 and 3.10) -----------------------------------------

namespace {

std::optional<SubscriptionOptions> read_options(std::uint8_t bits, Version version) {
  const auto qos = bits & 3U;
  const auto handling = (bits >> 4) & 3U;
  const std::uint8_t reserved = version == Version::v5 ? 0xc0 : 0xfc;
  if (qos == 3 || handling == 3 || (bits & reserved) != 0) {
    return std::nullopt;
  }
  return SubscriptionOptions{.qos = static_cast<QoS>(qos),
                             .no_local = (bits & 4) != 0,
                             .retain_as_published = (bits & 8) != 0,
                             .retain_handling = static_cast<RetainHandling>(handling)};
}

}  // namespace

std::expected<Subscribe, PacketError> decode_subscribe(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Subscribe out;
  out.packet_id = reader.u16();
  if (reader.failed() || out.packet_id == 0) {
    return Malformed(kMalformed);
  }
  if (version == Version::v5) {
    const auto properties = read_properties(reader, PropertyPlace::subscribe);
    if (!properties) {
      return Malformed(properties.error());
    }
    out.properties = *properties;
    out.identifier = out.properties.number(PropertyId::subscription_identifier).value_or(0);
  }
  while (reader.remaining() > 0) {
    const auto filter = reader.string();
    const auto options = read_options(reader.u8(), version);
    const auto parsed = parse_filter(filter);
    if (reader.failed() || !options || !parsed) {
      return Malformed(kMalformed);
    }
    if (!parsed->group.empty() && options->no_local) {
      return Malformed(kProtocol);  // section 3.8.3.1
    }
    out.entries.push_back({filter, *options});
  }
  if (out.entries.empty()) {
    return Malformed(kMalformed);
  }
  return out;
}

std::expected<Unsubscribe, PacketError> decode_unsubscribe(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Unsubscribe out;
  out.packet_id = reader.u16();
  if (reader.failed() || out.packet_id == 0) {
    return Malformed(kMalformed);
  }
  if (version == Version::v5) {
    const auto properties = read_properties(reader, PropertyPlace::unsubscribe);
    if (!properties) {
      return Malformed(properties.error());
    }
    out.properties = *properties;
  }
  while (reader.remaining() > 0) {
    const auto filter = reader.string();
    if (reader.failed() || !parse_filter(filter)) {
      return Malformed(kMalformed);
    }
    out.filters.push_back(filter);
  }
  if (out.filters.empty()) {
    return Malformed(kMalformed);
  }
  return out;
}

// ---- The rest ----------------------------------------------------------------------------------

std::expected<Disconnect, PacketError> decode_disconnect(const Frame& frame, Version version) {
  Disconnect out;
  Reader reader(frame.body);
  if (version != Version::v5) {
    return frame.body.empty() ? std::expected<Disconnect, PacketError>(out) : Malformed(kMalformed);
  }
  if (reader.remaining() > 0) {
    out.reason = static_cast<ReasonCode>(reader.u8());
  }
  if (reader.remaining() > 0) {
    const auto properties = read_properties(reader, PropertyPlace::disconnect);
    if (!properties) {
      return Malformed(properties.error());
    }
    out.properties = *properties;
  }
  return reader.remaining() == 0 ? std::expected<Disconnect, PacketError>(out)
                                 : Malformed(kMalformed);
}

std::expected<Auth, PacketError> decode_auth(const Frame& frame) {
  Auth out;
  Reader reader(frame.body);
  if (reader.remaining() > 0) {
    out.reason = static_cast<ReasonCode>(reader.u8());
    if (!may_stand_in(out.reason, PacketType::auth)) {
      return Malformed(kProtocol);
    }
  }
  if (reader.remaining() > 0) {
    const auto properties = read_properties(reader, PropertyPlace::auth);
    if (!properties) {
      return Malformed(properties.error());
    }
    out.properties = *properties;
  }
  return reader.remaining() == 0 ? std::expected<Auth, PacketError>(out) : Malformed(kMalformed);
}

std::expected<Connack, PacketError> decode_connack(const Frame& frame, Version version) {
  Reader reader(frame.body);
  const auto flags = reader.u8();
  Connack out;
  out.session_present = (flags & 1) != 0;
  out.code = reader.u8();
  if (reader.failed() || (flags & 0xfe) != 0 || frame.flags() != 0) {
    return Malformed(kMalformed);
  }
  // A server that does not speak version 5 answers in its own form.
  if (version == Version::v5 && reader.remaining() > 0) {
    const auto properties = read_properties(reader, PropertyPlace::connack);
    if (!properties) {
      return Malformed(properties.error());
    }
    out.properties = *properties;
  }
  return reader.remaining() == 0 ? std::expected<Connack, PacketError>(out) : Malformed(kMalformed);
}

std::expected<SubscribeAck, PacketError> decode_subscribe_ack(const Frame& frame, Version version) {
  Reader reader(frame.body);
  SubscribeAck out;
  out.packet_id = reader.u16();
  if (version == Version::v5) {
    const auto place =
        frame.type() == PacketType::suback ? PropertyPlace::suback : PropertyPlace::unsuback;
    const auto properties = read_properties(reader, place);
    if (!properties) {
      return Malformed(properties.error());
    }
  }
  if (reader.failed() || out.packet_id == 0) {
    return Malformed(kMalformed);
  }
  out.codes = reader.rest();
  return out;
}

}  // namespace unhidra::mqtt
