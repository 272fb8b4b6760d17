#include "unhidra/mqtt/property.h"

#include <array>

#include "unhidra/mqtt/topic.h"

#include "reader.h"

namespace unhidra::mqtt {
namespace {

enum class Type : std::uint8_t { none, byte, two, four, variable, string, binary, pair };

constexpr std::uint16_t at(PropertyPlace place) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(place));
}
constexpr std::uint16_t kConnect = at(PropertyPlace::connect);
constexpr std::uint16_t kConnack = at(PropertyPlace::connack);
constexpr std::uint16_t kPublish = at(PropertyPlace::publish);
constexpr std::uint16_t kWill = at(PropertyPlace::will);
constexpr std::uint16_t kSubscribe = at(PropertyPlace::subscribe);
constexpr std::uint16_t kDisconnect = at(PropertyPlace::disconnect);
constexpr std::uint16_t kAuth = at(PropertyPlace::auth);
constexpr std::uint16_t kAcks = at(PropertyPlace::puback) | at(PropertyPlace::pubrec) |
                                at(PropertyPlace::pubrel) | at(PropertyPlace::pubcomp) |
                                at(PropertyPlace::suback) | at(PropertyPlace::unsuback);
constexpr std::uint16_t kEverywhere = 0x3fff;

struct Rule {
  Type type = Type::none;
  std::uint16_t places = 0;
  std::uint32_t least = 0;
  std::uint32_t most = 0xffff'ffff;
};

constexpr std::size_t kRules = 0x2b;

// Table 2-4, with the ranges that the sections of the packets give.
constexpr std::array<Rule, kRules> make_rules() {
  std::array<Rule, kRules> out{};
  const auto set = [&out](PropertyId id, Rule rule) { out[static_cast<std::size_t>(id)] = rule; };
  using Id = PropertyId;
  set(Id::payload_format_indicator, {Type::byte, kPublish | kWill, 0, 1});
  set(Id::message_expiry_interval, {Type::four, kPublish | kWill});
  set(Id::content_type, {Type::string, kPublish | kWill});
  set(Id::response_topic, {Type::string, kPublish | kWill});
  set(Id::correlation_data, {Type::binary, kPublish | kWill});
  set(Id::subscription_identifier, {Type::variable, kPublish | kSubscribe, 1});
  set(Id::session_expiry_interval, {Type::four, kConnect | kConnack | kDisconnect});
  set(Id::assigned_client_identifier, {Type::string, kConnack});
  set(Id::server_keep_alive, {Type::two, kConnack});
  set(Id::authentication_method, {Type::string, kConnect | kConnack | kAuth});
  set(Id::authentication_data, {Type::binary, kConnect | kConnack | kAuth});
  set(Id::request_problem_information, {Type::byte, kConnect, 0, 1});
  set(Id::will_delay_interval, {Type::four, kWill});
  set(Id::request_response_information, {Type::byte, kConnect, 0, 1});
  set(Id::response_information, {Type::string, kConnack});
  set(Id::server_reference, {Type::string, kConnack | kDisconnect});
  set(Id::reason_string,
      {Type::string, static_cast<std::uint16_t>(kConnack | kAcks | kDisconnect | kAuth)});
  set(Id::receive_maximum, {Type::two, kConnect | kConnack, 1});
  set(Id::topic_alias_maximum, {Type::two, kConnect | kConnack});
  set(Id::topic_alias, {Type::two, kPublish, 1});
  set(Id::maximum_qos, {Type::byte, kConnack, 0, 1});
  set(Id::retain_available, {Type::byte, kConnack, 0, 1});
  set(Id::user_property, {Type::pair, kEverywhere});
  set(Id::maximum_packet_size, {Type::four, kConnect | kConnack, 1});
  set(Id::wildcard_subscription_available, {Type::byte, kConnack, 0, 1});
  set(Id::subscription_identifier_available, {Type::byte, kConnack, 0, 1});
  set(Id::shared_subscription_available, {Type::byte, kConnack, 0, 1});
  return out;
}
constexpr auto kTable = make_rules();

// A property that may stand several times.
bool repeats(PropertyId id, PropertyPlace place) {
  return id == PropertyId::user_property ||
         (id == PropertyId::subscription_identifier && place == PropertyPlace::publish);
}

// Here the standard's wording ("a Protocol Error" for a misplaced property) and the habit of
// brokers differ; suites compare with the latter.
ReasonCode misplaced(PropertyPlace place) {
  return place == PropertyPlace::subscribe || place == PropertyPlace::unsubscribe
             ? ReasonCode::malformed_packet
             : ReasonCode::protocol_error;
}

bool read_value(Reader& reader, Type type, Property& out) {
  switch (type) {
    case Type::byte:
      out.number = reader.u8();
      break;
    case Type::two:
      out.number = reader.u16();
      break;
    case Type::four:
      out.number = reader.u32();
      break;
    case Type::variable:
      out.number = reader.variable();
      break;
    case Type::string:
      out.bytes = as_bytes(reader.string());
      break;
    case Type::binary:
      out.bytes = reader.binary();
      break;
    case Type::pair:
      out.name = as_bytes(reader.string());
      out.bytes = as_bytes(reader.string());
      break;
    case Type::none:
      return false;
  }
  return !reader.failed();
}

}  // namespace

std::optional<Property> read_property(ByteView bytes) {
  Reader reader(bytes);
  const auto id = reader.variable();
  if (reader.failed() || id >= kRules) {
    return std::nullopt;
  }
  Property out;
  out.id = static_cast<PropertyId>(id);
  if (!read_value(reader, kTable[id].type, out)) {
    return std::nullopt;
  }
  out.encoded = bytes.first(bytes.size() - reader.remaining());
  return out;
}

void Properties::Iterator::advance() {
  const auto next = rest_.empty() ? std::nullopt : read_property(rest_);
  if (!next) {
    done_ = true;
    return;
  }
  current_ = *next;
  rest_ = rest_.subspan(next->encoded.size());
}

std::expected<Properties, ReasonCode> Properties::check(ByteView encoded, PropertyPlace place) {
  std::uint64_t seen = 0;
  auto verdict = ReasonCode::success;
  // The whole must be well-formed before its content is judged.
  for (ByteView rest = encoded; !rest.empty();) {
    const auto property = read_property(rest);
    if (!property) {
      return std::unexpected(ReasonCode::malformed_packet);
    }
    rest = rest.subspan(property->encoded.size());
    const auto index = static_cast<std::size_t>(property->id);
    const Rule& rule = kTable[index];
    const std::uint64_t bit = 1ULL << index;
    if (verdict != ReasonCode::success) {
      continue;
    }
    if ((rule.places & at(place)) == 0) {
      verdict = misplaced(place);
    } else if (((seen & bit) != 0 && !repeats(property->id, place)) ||
               property->number > rule.most || (property->number < rule.least && rule.least != 0)) {
      verdict = ReasonCode::protocol_error;
    }
    seen |= bit;
  }
  if (verdict != ReasonCode::success) {
    return std::unexpected(verdict);
  }
  return Properties(encoded);
}

std::optional<Property> Properties::find(PropertyId id) const {
  for (const auto& property : *this) {
    if (property.id == id) {
      return property;
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
  const auto property = find(id);
  return property ? std::optional(property->number) : std::nullopt;
}

std::string_view Properties::text(PropertyId id) const {
  const auto property = find(id);
  return property ? property->text() : std::string_view();
}

}  // namespace unhidra::mqtt
