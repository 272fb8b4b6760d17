#pragma once
// What decoders of packets share.

#include <expected>

#include "unhidra/mqtt/decoder.h"

#include "reader.h"

namespace unhidra::mqtt {

inline constexpr PacketError kSilent{ReasonCode::malformed_packet, true};
inline constexpr PacketError kMalformed{ReasonCode::malformed_packet, false};
inline constexpr PacketError kProtocol{ReasonCode::protocol_error, false};

using Malformed = std::unexpected<PacketError>;

// A property section: its length, then the properties (section 2.2.2.1).
inline std::expected<Properties, PacketError> read_properties(Reader& reader, PropertyPlace place) {
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

// Section 3.3.2.3.5: where there is one, it is the name of a topic.
inline bool is_good_response_topic(const Properties& properties) {
  const auto topic = properties.find(PropertyId::response_topic);
  return !topic || is_valid_topic_name(topic->text());
}

}  // namespace unhidra::mqtt
