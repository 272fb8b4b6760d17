// CONNECT (MQTT 5.0 section 3.1).
#include "decoding.h"

namespace unhidra::mqtt {
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
    if (level == 3) {
      return Version::v3_1;
    }
    return unsupported(level == 4 || level == 5 ? Version::v3_1_1 : Version::v5);
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
    if (!is_good_response_topic(*properties)) {
      return kProtocol;
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
    return reader.bad_text() ? PacketError{ReasonCode::client_identifier_not_valid} : kSilent;
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

}  // namespace unhidra::mqtt
