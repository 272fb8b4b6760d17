#include "message_binding.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::uint8_t kPlain = 1;
constexpr std::uint8_t kShared = 2;
constexpr std::size_t kLargestBox = std::size_t{1} << 20;

}  // namespace

Bytes MessageBinding::bound() const {
  ByteWriter out(128);
  out.u8(shared ? kShared : kPlain);
  write_id(out, conversation);
  write_id(out, message);
  write_id(out, sender.user_id);
  write_id(out, sender.device_id);
  write_time(out, sent_at);
  out.raw(tag);
  if (shared) {
    out.u64(shared->after).raw(shared->salt);
  }
  return std::move(out).take();
}

Bytes MessageBinding::encode() const {
  ByteWriter out(132 + (shared ? shared->box.size() : 0));
  out.raw(bound());
  if (shared) {
    out.bytes(shared->box);
  }
  return std::move(out).take();
}

std::optional<MessageBinding> MessageBinding::decode(ByteView bytes) {
  ByteReader in(bytes);
  MessageBinding out;
  const auto version = in.u8();
  out.conversation = read_id<ConversationId>(in);
  out.message = read_id<MessageId>(in);
  out.sender.user_id = read_id<UserId>(in);
  out.sender.device_id = read_id<DeviceId>(in);
  out.sent_at = read_time(in);
  out.tag = in.array<16>();
  if (version == kShared) {
    auto& shared = out.shared.emplace();
    shared.after = in.u64();
    shared.salt = in.array<16>();
    shared.box = to_bytes(in.bytes(kLargestBox));
  }
  const bool known = version == kPlain || version == kShared;
  const bool good = in.finish("a message's binding").has_value() && known;
  return good ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace unhidra::client
