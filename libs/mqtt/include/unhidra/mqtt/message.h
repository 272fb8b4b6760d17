#pragma once
// An application message as the broker keeps it: one allocation, immutable, shared by everybody it
// goes to. What belongs to one hop (topic alias, subscription identifiers, packet identifier) is
// not in it.

#include <atomic>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

#include "unhidra/base/time.h"
#include "unhidra/mqtt/packet.h"

namespace unhidra::mqtt {

// Counts the bytes of living messages, of its own and for the whole that it is a part of. From any
// thread; outlives them.
struct MessageGauge {
  std::atomic<std::size_t> bytes{0};
  MessageGauge* whole = nullptr;

  std::size_t get() const { return bytes.load(std::memory_order_relaxed); }
  void add(std::size_t size) {
    for (auto* each = this; each != nullptr; each = each->whole) {
      each->bytes.fetch_add(size, std::memory_order_relaxed);
    }
  }
  void take(std::size_t size) {
    for (auto* each = this; each != nullptr; each = each->whole) {
      each->bytes.fetch_sub(size, std::memory_order_relaxed);
    }
  }
};

class Message {
 public:
  struct Fields {
    std::string_view topic;
    ByteView properties;  // encoded; expiry, alias and subscription identifiers are left out
    ByteView payload;
    QoS qos = QoS::at_most_once;
    bool retain = false;
    Timestamp expires_at = Timestamp::max();
    std::uint64_t origin = 0;       // the session that published it; 0: none
    MessageGauge* gauge = nullptr;  // null: nobody counts
  };

  std::string_view topic() const { return as_text({data(), topic_size_}); }
  ByteView properties() const { return {data() + topic_size_, properties_size_}; }
  ByteView payload() const { return {data() + topic_size_ + properties_size_, payload_size_}; }
  QoS qos() const { return qos_; }
  bool retain() const { return retain_; }
  bool expires() const { return expires_at_ != Timestamp::max(); }
  bool expired(Timestamp now) const { return expires_at_ <= now; }
  // What is left of its life, in seconds, rounded up; at least 1 (section 3.3.2.3.3).
  std::uint32_t seconds_left(Timestamp now) const;
  Timestamp expires_at() const { return expires_at_; }
  std::uint64_t origin() const { return origin_; }
  // What it costs to keep.
  std::size_t memory() const {
    return sizeof(Message) + topic_size_ + properties_size_ + payload_size_;
  }

 private:
  friend class MessageRef;
  explicit Message(const Fields& fields);
  Byte* data() { return reinterpret_cast<Byte*>(this + 1); }
  const Byte* data() const { return reinterpret_cast<const Byte*>(this + 1); }

  std::atomic<std::uint32_t> holders_{1};
  std::uint32_t payload_size_;
  std::uint32_t properties_size_;
  std::uint16_t topic_size_;
  QoS qos_;
  bool retain_;
  Timestamp expires_at_;
  std::uint64_t origin_;
  MessageGauge* gauge_;
};

// Shared ownership of a message; may be handed between threads.
class MessageRef {
 public:
  MessageRef() = default;
  static MessageRef make(const Message::Fields& fields);
  MessageRef(const MessageRef& other) noexcept : message_(other.message_) {
    if (message_ != nullptr) {
      message_->holders_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~MessageRef() {
    if (message_ != nullptr && message_->holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      destroy();
    }
  }

  explicit operator bool() const { return message_ != nullptr; }
  const Message& operator*() const { return *message_; }
  const Message* operator->() const { return message_; }

 private:
  void destroy();
  Message* message_ = nullptr;
};

// The properties of a PUBLISH or a will that travel on to subscribers, in their order.
Bytes forwarded_properties(const Properties& properties);
// The same without a copy where nothing has to be left out.
ByteView forwarded_properties(const Properties& properties, Bytes& scratch);

}  // namespace unhidra::mqtt
