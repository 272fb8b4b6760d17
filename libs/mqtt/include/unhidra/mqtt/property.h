#pragma once
// Properties (MQTT 5.0 section 2.2.2): one table says of each its type and the packets it may stand
// in. They are read in place: nothing is copied until somebody keeps them.

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/mqtt/reason_code.h"

namespace unhidra::mqtt {

enum class PropertyId : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0b,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1a,
  server_reference = 0x1c,
  reason_string = 0x1f,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2a,
};

struct Property {
  PropertyId id{};
  std::uint32_t number = 0;  // of the integer types
  ByteView bytes;            // of strings and binary data; the value of a user property
  ByteView name;             // of a user property
  ByteView encoded;          // the whole, identifier included

  std::string_view text() const { return as_text(bytes); }
};

// Where properties stand: a packet, or the will inside CONNECT.
enum class PropertyPlace : std::uint8_t {
  connect,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  disconnect,
  auth,
  will,
};

// The properties of one packet, checked already: iterating cannot fail.
class Properties {
 public:
  Properties() = default;
  // What is not known, cut off or not in its shortest form is malformed; what is known but does not
  // belong to the place, stands twice or has a value out of range is a protocol error.
  static std::expected<Properties, ReasonCode> check(ByteView encoded, PropertyPlace place);
  // Bytes that were checked before.
  static Properties trusted(ByteView encoded) { return Properties(encoded); }

  class Iterator {
   public:
    explicit Iterator(ByteView rest) : rest_(rest) { advance(); }
    const Property& operator*() const { return current_; }
    const Property* operator->() const { return &current_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    bool operator!=(std::nullptr_t) const { return !done_; }

   private:
    void advance();
    ByteView rest_;
    Property current_;
    bool done_ = false;
  };
  Iterator begin() const { return Iterator(encoded_); }
  static std::nullptr_t end() { return nullptr; }
  bool empty() const { return encoded_.empty(); }
  ByteView encoded() const { return encoded_; }

  // The first of this identifier.
  std::optional<Property> find(PropertyId id) const;
  std::optional<std::uint32_t> number(PropertyId id) const;
  std::string_view text(PropertyId id) const;

 private:
  explicit Properties(ByteView encoded) : encoded_(encoded) {}
  ByteView encoded_;
};

// One property, as it stands in front of `bytes`; nullopt when it is malformed.
std::optional<Property> read_property(ByteView bytes);

}  // namespace unhidra::mqtt
