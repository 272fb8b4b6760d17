#include "unhidra/mqtt/message.h"

#include <algorithm>
#include <cstdlib>

namespace unhidra::mqtt {
namespace {

bool stays_behind(PropertyId id) {
  return id == PropertyId::message_expiry_interval || id == PropertyId::topic_alias ||
         id == PropertyId::subscription_identifier || id == PropertyId::will_delay_interval;
}

}  // namespace

Message::Message(const Fields& fields)
    : payload_size_(static_cast<std::uint32_t>(fields.payload.size())),
      properties_size_(static_cast<std::uint32_t>(fields.properties.size())),
      topic_size_(static_cast<std::uint16_t>(fields.topic.size())),
      qos_(fields.qos),
      retain_(fields.retain),
      expires_at_(fields.expires_at),
      origin_(fields.origin),
      gauge_(fields.gauge) {
  Byte* at = std::ranges::copy(as_bytes(fields.topic), data()).out;
  at = std::ranges::copy(fields.properties, at).out;
  std::ranges::copy(fields.payload, at);
  if (gauge_ != nullptr) {
    gauge_->add(memory());
  }
}

std::uint32_t Message::seconds_left(Timestamp now) const {
  const auto left = std::chrono::ceil<std::chrono::seconds>(expires_at_ - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, 0xffff'ffff));
}

MessageRef MessageRef::make(const Message::Fields& fields) {
  const std::size_t size =
      sizeof(Message) + fields.topic.size() + fields.properties.size() + fields.payload.size();
  MessageRef out;
  out.message_ = new (::operator new(size)) Message(fields);
  return out;
}

void MessageRef::destroy() {
  if (message_->gauge_ != nullptr) {
    message_->gauge_->take(message_->memory());
  }
  message_->~Message();
  ::operator delete(message_);
}

ByteView forwarded_properties(const Properties& properties, Bytes& scratch) {
  bool whole = true;
  for (const auto& property : properties) {
    whole = whole && !stays_behind(property.id);
  }
  if (whole) {
    return properties.encoded();
  }
  scratch.clear();
  for (const auto& property : properties) {
    if (!stays_behind(property.id)) {
      append(scratch, property.encoded);
    }
  }
  return scratch;
}

Bytes forwarded_properties(const Properties& properties) {
  Bytes scratch;
  const auto view = forwarded_properties(properties, scratch);
  return view.data() == scratch.data() ? std::move(scratch) : to_bytes(view);
}

}  // namespace unhidra::mqtt
