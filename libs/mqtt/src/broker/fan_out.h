#pragma once
// One message on its way to many: encoded once for each class of receivers (version, QoS, retain),
// copied into each output from there.

#include <array>
#include <span>

#include "unhidra/mqtt/encoder.h"
#include "unhidra/mqtt/message.h"

#include "connection.h"

namespace unhidra::mqtt {

// Kept by the caller, so that encoding allocates nothing.
struct EncodeScratch {
  Bytes packets;
  Bytes properties;
};

// What of a message goes out to everybody.
struct Content {
  std::string_view topic;
  ByteView properties;
  ByteView payload;
  Timestamp expires_at = Timestamp::max();

  static Content of(const Message& message) {
    return {message.topic(), message.properties(), message.payload(), message.expires_at()};
  }
  static Content of(const Message::Fields& fields) {
    return {fields.topic, fields.properties, fields.payload, fields.expires_at};
  }
};

class FanOut {
 public:
  FanOut(const Content& content, Timestamp now, EncodeScratch& scratch);

  struct Form {
    QoS qos = QoS::at_most_once;
    bool retain = false;
    bool dup = false;
    PacketId packet_id = 0;
    std::span<const std::uint32_t> identifiers;
  };
  // False: the packet is larger than the peer takes, nothing was appended (section 3.1.2.11.4).
  bool append_to(Connection& connection, const Form& form);

 private:
  struct Encoded {
    std::size_t offset = 0;
    std::size_t size = 0;  // 0: not yet
    std::size_t id_at = 0;
  };

  Encoded& encoded(Version version, QoS qos, bool retain);
  ByteView properties(std::span<const std::uint32_t> identifiers, std::uint16_t alias);
  bool append_single(Connection& connection, const Form& form);

  Content content_;
  Timestamp now_;
  EncodeScratch& scratch_;
  std::array<Encoded, 12> cache_;
};

}  // namespace unhidra::mqtt
