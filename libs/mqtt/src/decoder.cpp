#include "decoding.h"

namespace unhidra::mqtt {

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
    if (!is_good_response_topic(out.properties)) {
      return Malformed(kProtocol);
    }
  }
  const bool by_alias =
      out.topic.empty() && out.properties.find(PropertyId::topic_alias).has_value();
  if (!by_alias && !is_valid_topic_name(out.topic)) {
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

// That a shared one names its group is a rule of its own (section 4.8.2).
std::expected<ParsedFilter, PacketError> read_filter(std::string_view filter) {
  const auto parsed = parse_filter(filter);
  if (!parsed) {
    return Malformed(is_shared_filter(filter) ? kProtocol : kMalformed);
  }
  return *parsed;
}

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
    if (reader.failed() || !options) {
      return Malformed(kMalformed);
    }
    const auto parsed = read_filter(filter);
    if (!parsed) {
      return Malformed(parsed.error());
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
    if (reader.failed()) {
      return Malformed(kMalformed);
    }
    if (const auto parsed = read_filter(filter); !parsed) {
      return Malformed(parsed.error());
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
