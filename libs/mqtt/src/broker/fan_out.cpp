#include "fan_out.h"

#include <algorithm>

namespace unhidra::mqtt {
namespace {

std::uint32_t seconds_left(Timestamp expires_at, Timestamp now) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(expires_at - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, kNeverExpires));
}

}  // namespace

FanOut::FanOut(const Content& content, Timestamp now, EncodeScratch& scratch)
    : content_(content), now_(now), scratch_(scratch) {
  scratch_.packets.clear();
}

// The message's own in their order, then what belongs to this hop.
ByteView FanOut::properties(std::span<const std::uint32_t> identifiers, std::uint16_t alias) {
  const bool expires = content_.expires_at != Timestamp::max();
  if (identifiers.empty() && alias == 0 && !expires) {
    return content_.properties;
  }
  PropertyWriter writer(std::move(scratch_.properties));
  writer.raw(content_.properties);
  for (const auto identifier : identifiers) {
    writer.number(PropertyId::subscription_identifier, identifier);
  }
  if (alias != 0) {
    writer.number(PropertyId::topic_alias, alias);
  }
  if (expires) {
    writer.number(PropertyId::message_expiry_interval, seconds_left(content_.expires_at, now_));
  }
  scratch_.properties = std::move(writer).take();
  return scratch_.properties;
}

FanOut::Encoded& FanOut::encoded(Version version, QoS qos, bool retain) {
  const bool v5 = version == Version::v5;
  auto& out = cache_[(v5 ? 6U : 0U) + (retain ? 3U : 0U) + static_cast<unsigned>(qos)];
  if (out.size == 0) {
    const PublishHeader header{.topic = content_.topic,
                               .properties = v5 ? properties({}, 0) : ByteView(),
                               .packet_id = 0,
                               .qos = qos,
                               .dup = false,
                               .retain = retain};
    out.offset = scratch_.packets.size();
    out.id_at = append_publish(scratch_.packets, header, content_.payload, version) - out.offset;
    out.size = scratch_.packets.size() - out.offset;
  }
  return out;
}

bool FanOut::append_to(Connection& connection, const Form& form) {
  const bool own_form = form.dup || (connection.is_v5() &&
                                     (!form.identifiers.empty() || connection.alias_maximum != 0));
  if (own_form) {
    return append_single(connection, form);
  }
  const auto& packet = encoded(connection.version, form.qos, form.retain);
  if (connection.max_packet != 0 && packet.size > connection.max_packet) {
    return false;
  }
  Bytes& out = connection.out();
  const auto at = out.size();
  append(out, ByteView(scratch_.packets).subspan(packet.offset, packet.size));
  if (form.qos != QoS::at_most_once) {
    out[at + packet.id_at] = static_cast<Byte>(form.packet_id >> 8);
    out[at + packet.id_at + 1] = static_cast<Byte>(form.packet_id);
  }
  return true;
}

bool FanOut::append_single(Connection& connection, const Form& form) {
  PublishHeader header{.topic = content_.topic,
                       .properties = {},
                       .packet_id = form.packet_id,
                       .qos = form.qos,
                       .dup = form.dup,
                       .retain = form.retain};
  std::uint16_t alias = 0;
  if (connection.is_v5()) {
    // Sized with the topic in full first: an alias is only given when the packet does go out.
    header.properties =
        properties(form.identifiers, connection.alias_maximum != 0 ? std::uint16_t{1} : alias);
  }
  if (connection.max_packet != 0 &&
      publish_size(header, content_.payload.size(), connection.version) > connection.max_packet) {
    return false;
  }
  if (connection.is_v5() && connection.alias_maximum != 0) {
    const auto chosen = connection.outgoing_alias(content_.topic);
    header.topic = chosen.known ? std::string_view() : content_.topic;
    header.properties = properties(form.identifiers, chosen.alias);
  }
  append_publish(connection.out(), header, content_.payload, connection.version);
  return true;
}

}  // namespace unhidra::mqtt
