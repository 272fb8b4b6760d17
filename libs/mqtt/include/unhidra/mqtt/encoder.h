#pragma once
// Packets to bytes, appended to a buffer. What is sent to many is encoded once for each class of
// receivers (see EncodedPublish); only the packet identifier differs between them.

#include <string_view>
#include <utility>

#include "unhidra/mqtt/packet.h"

namespace unhidra::mqtt {

// Properties in the order they were added.
class PropertyWriter {
 public:
  PropertyWriter() = default;
  // Writes into memory that was used before.
  explicit PropertyWriter(Bytes reused) : out_(std::move(reused)) { out_.clear(); }

  PropertyWriter& number(PropertyId id, std::uint32_t value);
  PropertyWriter& text(PropertyId id, std::string_view value);
  PropertyWriter& binary(PropertyId id, ByteView value);
  PropertyWriter& user(std::string_view name, std::string_view value);
  PropertyWriter& raw(ByteView encoded);
  ByteView view() const { return out_; }
  bool empty() const { return out_.empty(); }
  Bytes take() && { return std::move(out_); }

 private:
  Bytes out_;
};

void append_variable(Bytes& out, std::uint32_t value);
std::size_t variable_size(std::uint32_t value);

// Of the whole packet that the bytes begin with, which an encoder of ours has written.
std::size_t packet_size(ByteView bytes);

struct PublishHeader {
  std::string_view topic;
  ByteView properties;  // encoded, without their length; ignored before version 5
  PacketId packet_id = 0;
  QoS qos = QoS::at_most_once;
  bool dup = false;
  bool retain = false;
};
// The size of the whole packet.
std::size_t publish_size(const PublishHeader& header, std::size_t payload, Version version);
// Returns where in `out` the packet identifier stands (0 for QoS 0).
std::size_t append_publish(Bytes& out, const PublishHeader& header, ByteView payload,
                           Version version);

// `properties` only when version 5 and not empty; the short forms are used where they may be.
void append_acknowledge(Bytes& out, const Acknowledge& packet, Version version,
                        ByteView properties = {});
void append_connack(Bytes& out, const Connack& packet, Version version);
void append_subscribe_ack(Bytes& out, PacketType type, PacketId id, ByteView codes,
                          Version version);
void append_disconnect(Bytes& out, ReasonCode reason, ByteView properties, Version version);
void append_auth(Bytes& out, ReasonCode reason, ByteView properties);
void append_pingresp(Bytes& out);

// The client's side.
void append_connect(Bytes& out, const Connect& packet);
void append_subscribe(Bytes& out, const Subscribe& packet, Version version);
void append_unsubscribe(Bytes& out, const Unsubscribe& packet, Version version);
void append_pingreq(Bytes& out);

}  // namespace unhidra::mqtt
