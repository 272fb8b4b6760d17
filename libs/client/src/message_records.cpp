// Stored encodings of history, outbox and what waits to be opened.

#include "record_codec.h"
#include "records.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20;
constexpr std::size_t kMaxCiphertext = std::size_t{1} << 20;

}  // namespace

Bytes message_key(ConversationId conversation, std::uint64_t index) {
  ByteWriter writer(24);
  write_id(writer, conversation);
  writer.u64(index);
  return std::move(writer).take();
}

SecretBytes encode_message(const Message& message) {
  auto writer = record_writer(1, 160 + message.text.size() + message.failure.size());
  write_id(writer, message.conversation);
  writer.u64(message.index);
  write_id(writer, message.id);
  write_id(writer, message.sender_user);
  write_id(writer, message.sender_device);
  write_time(writer, message.sent_at);
  writer.u64(message.seq);
  write_time(writer, message.received_at);
  writer.u8(static_cast<std::uint8_t>(message.state));
  writer.u8(static_cast<std::uint8_t>(message.reason));
  writer.text(message.text).text(message.failure).u32(message.unread_by);
  return seal(std::move(writer));
}

Result<Message> decode_message(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  Message out;
  out.conversation = read_id<ConversationId>(reader);
  out.index = reader.u64();
  out.id = read_id<MessageId>(reader);
  out.sender_user = read_id<UserId>(reader);
  out.sender_device = read_id<DeviceId>(reader);
  out.sent_at = read_time(reader);
  out.seq = reader.u64();
  out.received_at = read_time(reader);
  out.state = read_enum(reader, MessageState::queued, MessageState::unreadable);
  out.reason = read_enum(reader, UnreadableReason::none, UnreadableReason::forked);
  out.text = reader.text(kMaxText);
  out.failure = reader.text(kMaxText);
  out.unread_by = reader.u32();
  UNHIDRA_TRY_VOID(finish_record(reader, "message"));
  return out;
}

Bytes SeenRecord::record_key(DeviceId sender, MessageId id) {
  ByteWriter writer(32);
  write_id(writer, sender);
  write_id(writer, id);
  return std::move(writer).take();
}

SecretBytes SeenRecord::encode() const {
  auto writer = record_writer(1, 32);
  writer.u8(place ? 1 : 0);
  if (place) {
    write_id(writer, place->first);
    writer.u64(place->second);
  }
  return seal(std::move(writer));
}

Result<SeenRecord> SeenRecord::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  SeenRecord out;
  if (read_bool(reader)) {
    const auto conversation = read_id<ConversationId>(reader);
    out.place = {conversation, reader.u64()};
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "message id"));
  return out;
}

Bytes OutboxRecord::record_key() const {
  ByteWriter writer(8);
  writer.u64(order);
  return std::move(writer).take();
}

SecretBytes OutboxRecord::encode() const {
  std::size_t size = 256 + content.size() + target_content.size();
  for (const auto& one : ciphertexts) {
    size += one.ciphertext.size() + 32;
  }
  auto writer = record_writer(1, size);
  writer.u64(order);
  write_id(writer, id);
  write_id(writer, peer);
  write_id(writer, conversation);
  writer.u8(index ? 1 : 0).u64(index.value_or(0));
  write_time(writer, sent_at);
  writer.bytes(content.expose());
  writer.u8(target ? 1 : 0);
  write_id(writer, target.value_or(DeviceId()));
  writer.bytes(target_content.expose()).u32(attempts).varint(ciphertexts.size());
  for (const auto& one : ciphertexts) {
    write_id(writer, one.device_id);
    writer.bytes(one.ciphertext);
  }
  return seal(std::move(writer));
}

Result<OutboxRecord> OutboxRecord::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  OutboxRecord out;
  out.order = reader.u64();
  out.id = read_id<MessageId>(reader);
  out.peer = read_id<UserId>(reader);
  out.conversation = read_id<ConversationId>(reader);
  const bool has_index = read_bool(reader);
  const auto index = reader.u64();
  out.sent_at = read_time(reader);
  out.content = SecretBytes::copy_of(reader.bytes(kMaxText));
  const bool has_target = read_bool(reader);
  const auto target = read_id<DeviceId>(reader);
  out.target_content = SecretBytes::copy_of(reader.bytes(kMaxText));
  out.attempts = reader.u32();
  const auto count = reader.varint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    const auto device = read_id<DeviceId>(reader);
    out.ciphertexts.push_back({device, to_bytes(reader.bytes(kMaxCiphertext))});
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "outgoing message"));
  if (has_index) {
    out.index = index;
  }
  if (has_target) {
    out.target = target;
  }
  return out;
}

Bytes held_key(UserId user, std::uint64_t position) {
  ByteWriter writer(24);
  write_id(writer, user);
  writer.u64(position);
  return std::move(writer).take();
}

SecretBytes encode_held(const wire::InboxEntry& entry) {
  auto writer = record_writer(1, 160 + entry.ciphertext.size());
  writer.u64(entry.position);
  write_id(writer, entry.conversation_id);
  writer.u64(entry.seq);
  write_id(writer, entry.message_id);
  write_id(writer, entry.sender_user_id);
  write_id(writer, entry.sender_device_id);
  write_time(writer, entry.sent_at);
  write_time(writer, entry.received_at);
  writer.bytes(entry.ciphertext);
  return seal(std::move(writer));
}

Result<wire::InboxEntry> decode_held(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  wire::InboxEntry out;
  out.position = reader.u64();
  out.conversation_id = read_id<ConversationId>(reader);
  out.seq = reader.u64();
  out.message_id = read_id<MessageId>(reader);
  out.sender_user_id = read_id<UserId>(reader);
  out.sender_device_id = read_id<DeviceId>(reader);
  out.sent_at = read_time(reader);
  out.received_at = read_time(reader);
  out.ciphertext = to_bytes(reader.bytes(kMaxCiphertext));
  UNHIDRA_TRY_VOID(finish_record(reader, "held message"));
  return out;
}

}  // namespace unhidra::client
