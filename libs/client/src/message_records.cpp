// Stored encodings of history, outbox and what waits to be opened.

#include "unhidra/e2ee/attachment_descriptor.h"

#include "emoji_rules.h"
#include "files.h"
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

namespace {

void write_users(ByteWriter& writer, const std::vector<UserId>& users) {
  writer.varint(users.size());
  for (const auto& user : users) {
    write_id(writer, user);
  }
}

std::vector<UserId> read_users(ByteReader& reader) {
  std::vector<UserId> out;
  const auto count = reader.varint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    out.push_back(read_id<UserId>(reader));
  }
  return out;
}

void write_chat_fields(ByteWriter& writer, const StoredMessage& stored) {
  const auto& message = stored.message;
  write_ref(writer, message.thread_root);
  write_ref(writer, message.reply_to);
  write_users(writer, message.mentions);
  writer.u8(message.mentions_everyone ? 1 : 0).u32(message.edits);
  write_time(writer, message.edited_at);
  writer.u8(message.deleted ? 1 : 0).u64(stored.edit_seq).varint(stored.marks.size());
  for (const auto& mark : stored.marks) {
    write_id(writer, mark.user);
    writer.text(mark.emoji).u64(mark.seq).u8(mark.present ? 1 : 0);
  }
}

void write_attachments(ByteWriter& writer, const std::vector<Attachment>& attachments) {
  writer.varint(attachments.size());
  for (const auto& one : attachments) {
    writer.bytes(one.description).u8(static_cast<std::uint8_t>(one.scan));
  }
}

std::vector<Attachment> read_attachments(ByteReader& reader) {
  std::vector<Attachment> out;
  const auto count = reader.varint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    auto one = read_attachment(reader.bytes(e2ee::kMaxDescriptor));
    const auto scan = read_enum(reader, ScanState::none, ScanState::forged);
    if (!one) {
      reader.set_failed();
      break;
    }
    one->scan = scan;
    out.push_back(std::move(*one));
  }
  return out;
}

void write_imported(ByteWriter& writer, const std::optional<Imported>& imported) {
  writer.u8(imported ? 1 : 0);
  if (!imported) {
    return;
  }
  writer.text(imported->system).text(imported->author);
  write_time(writer, imported->written_at);
  writer.varint(imported->reactions.size());
  for (const auto& one : imported->reactions) {
    writer.text(one.emoji).varint(one.names.size());
    for (const auto& name : one.names) {
      writer.text(name);
    }
  }
}

std::optional<Imported> read_imported(ByteReader& reader) {
  if (!read_bool(reader)) {
    return std::nullopt;
  }
  Imported out;
  out.system = reader.text(kMaxImportedName);
  out.author = reader.text(kMaxImportedName);
  out.written_at = read_time(reader);
  const auto reactions = reader.varint();
  for (std::uint64_t i = 0; i < reactions && !reader.failed(); ++i) {
    auto& one = out.reactions.emplace_back();
    one.emoji = reader.text(kMaxEmoji);
    const auto names = reader.varint();
    for (std::uint64_t k = 0; k < names && !reader.failed(); ++k) {
      one.names.emplace_back(reader.text(kMaxImportedName));
    }
  }
  return out;
}

void write_notice(ByteWriter& writer, const Notice& notice) {
  writer.u8(static_cast<std::uint8_t>(notice.kind));
  write_users(writer, notice.users);
  writer.u64(notice.others).text(notice.name);
}

Notice read_notice(ByteReader& reader) {
  Notice out;
  out.kind = read_enum(reader, NoticeKind::added, NoticeKind::history_unshared);
  out.users = read_users(reader);
  out.others = reader.u64();
  out.name = reader.text(kMaxText);
  return out;
}

// Emoji with pictures, since version 7: which one a message brings, those in its text, and those of
// the reactions: of each mark the place of its picture in the list, from 1.
void write_emoji(ByteWriter& writer, const StoredMessage& stored) {
  const auto& message = stored.message;
  writer.text(message.brings_emoji.value_or(""));
  writer.varint(message.emoji.size());
  for (const auto& one : message.emoji) {
    writer.text(one.name).bytes(one.picture.description);
  }
  std::vector<Uuid> used;
  for (const auto& mark : stored.marks) {
    if (mark.picture != Uuid{} && std::ranges::find(used, mark.picture) == used.end()) {
      used.push_back(mark.picture);
    }
  }
  writer.varint(used.size());
  for (const auto& file : used) {
    writer.raw(file).bytes(stored.pictures.at(file));
  }
  for (const auto& mark : stored.marks) {
    const auto place = std::ranges::find(used, mark.picture);
    writer.varint(place == used.end() ? 0 : static_cast<std::uint64_t>(place - used.begin()) + 1);
  }
}

void read_emoji(ByteReader& reader, StoredMessage& stored) {
  auto& message = stored.message;
  if (const auto name = reader.text(kMaxEmojiName); !name.empty()) {
    message.brings_emoji = name;
  }
  const auto in_text = reader.varint();
  for (std::uint64_t i = 0; i < in_text && !reader.failed(); ++i) {
    std::string name(reader.text(kMaxEmojiName));
    auto picture = read_emoji_picture(reader.bytes(kMaxEmojiDescription));
    if (!picture) {
      reader.set_failed();
      return;
    }
    message.emoji.push_back({std::move(name), std::move(*picture)});
  }
  std::vector<Uuid> used;
  const auto pictures = reader.varint();
  for (std::uint64_t i = 0; i < pictures && !reader.failed(); ++i) {
    const auto file = reader.array<16>();
    stored.pictures[file] = to_bytes(reader.bytes(kMaxEmojiDescription));
    used.push_back(file);
  }
  for (auto& mark : stored.marks) {
    const auto place = reader.varint();
    if (place > used.size()) {
      reader.set_failed();
      return;
    }
    if (place != 0) {
      mark.picture = used[static_cast<std::size_t>(place) - 1];
    }
  }
}

// Earlier texts, and who has deleted it, since version 8.
void write_past(ByteWriter& writer, const StoredMessage& stored) {
  write_id(writer, stored.message.deleted_by);
  writer.varint(stored.earlier.size());
  for (const auto& one : stored.earlier) {
    writer.text(one.text);
    write_time(writer, one.since);
  }
}

void read_past(ByteReader& reader, StoredMessage& stored) {
  stored.message.deleted_by = read_id<UserId>(reader);
  const auto count = reader.varint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    auto& one = stored.earlier.emplace_back();
    one.text = reader.text(kMaxText);
    one.since = read_time(reader);
  }
}

bool has_past(const StoredMessage& stored) {
  return !stored.message.deleted_by.is_nil() || !stored.earlier.empty();
}

bool has_emoji(const StoredMessage& stored) {
  return stored.message.brings_emoji || !stored.message.emoji.empty() ||
         std::ranges::any_of(stored.marks,
                             [](const ReactionMark& mark) { return mark.picture != Uuid{}; });
}

std::size_t size_of(const std::optional<Imported>& imported) {
  std::size_t out = 0;
  if (imported) {
    out = 32 + imported->system.size() + imported->author.size();
    for (const auto& one : imported->reactions) {
      out += one.emoji.size() + 8;
      for (const auto& name : one.names) {
        out += name.size() + 4;
      }
    }
  }
  return out;
}

std::size_t size_of(const std::vector<MessageText>& texts) {
  std::size_t out = 0;
  for (const auto& one : texts) {
    out += one.text.size() + 16;
  }
  return out;
}

void read_chat_fields(ByteReader& reader, StoredMessage& stored) {
  auto& message = stored.message;
  message.thread_root = read_optional_ref(reader);
  message.reply_to = read_optional_ref(reader);
  message.mentions = read_users(reader);
  message.mentions_everyone = read_bool(reader);
  message.edits = reader.u32();
  message.edited_at = read_time(reader);
  message.deleted = read_bool(reader);
  stored.edit_seq = reader.u64();
  const auto marks = reader.varint();
  for (std::uint64_t i = 0; i < marks && !reader.failed(); ++i) {
    ReactionMark mark;
    mark.user = read_id<UserId>(reader);
    mark.emoji = reader.text(kMaxEmoji);
    mark.seq = reader.u64();
    mark.present = read_bool(reader);
    stored.marks.push_back(std::move(mark));
  }
}

}  // namespace

// The oldest version that holds it, which own devices of that time can take over.
SecretBytes StoredMessage::encode() const {
  const bool emoji = has_emoji(*this);
  const bool past = has_past(*this);
  const std::uint8_t version = past ? 8 : emoji ? 7 : message.notice ? 6 : 5;
  auto writer = record_writer(
      version, 256 + message.text.size() + message.failure.size() + 16 * message.mentions.size() +
                   52 * marks.size() + e2ee::kMaxDescriptor * message.attachments.size() +
                   (kMaxEmojiDescription + 64) * (message.emoji.size() + pictures.size()) +
                   size_of(message.imported) + size_of(earlier));
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
  write_chat_fields(writer, *this);
  write_attachments(writer, message.attachments);
  write_imported(writer, message.imported);
  writer.u8(message.from_history ? 1 : 0);
  if (past || emoji) {
    write_emoji(writer, *this);
    if (past) {
      write_past(writer, *this);
    }
  } else if (message.notice) {
    write_notice(writer, *message.notice);
  }
  return seal(std::move(writer));
}

Result<StoredMessage> StoredMessage::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = read_version(reader, 8);
  StoredMessage stored;
  auto& out = stored.message;
  out.conversation = read_id<ConversationId>(reader);
  out.index = reader.u64();
  out.id = read_id<MessageId>(reader);
  out.sender_user = read_id<UserId>(reader);
  out.sender_device = read_id<DeviceId>(reader);
  out.sent_at = read_time(reader);
  out.seq = reader.u64();
  out.received_at = read_time(reader);
  out.state = read_enum(reader, MessageState::queued, MessageState::notice);
  out.reason = read_enum(reader, UnreadableReason::none, UnreadableReason::out_of_place);
  out.text = reader.text(kMaxText);
  out.failure = reader.text(kMaxText);
  out.unread_by = reader.u32();
  if (version >= 2) {
    read_chat_fields(reader, stored);
  }
  if (version >= 3) {
    out.attachments = read_attachments(reader);
  }
  if (version >= 4) {
    out.imported = read_imported(reader);
  }
  if (version >= 5) {
    out.from_history = read_bool(reader);
  }
  if (version == 6) {
    out.notice = read_notice(reader);
  }
  if (version >= 7) {
    read_emoji(reader, stored);
  }
  if (version >= 8) {
    read_past(reader, stored);
  }
  if (out.notice.has_value() != (out.state == MessageState::notice)) {
    reader.set_failed();
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "message"));
  return stored;
}

namespace {

void write_envelope(ByteWriter& writer, wire::MessageKind kind,
                    const std::optional<wire::MessageRef>& refers_to) {
  writer.u8(static_cast<std::uint8_t>(kind));
  write_ref(writer, refers_to ? std::optional(from_wire(*refers_to)) : std::nullopt);
}

void read_envelope(ByteReader& reader, wire::MessageKind& kind,
                   std::optional<wire::MessageRef>& refers_to) {
  kind = static_cast<wire::MessageKind>(reader.u8());
  if (const auto ref = read_optional_ref(reader)) {
    refers_to = to_wire(*ref);
  }
}

}  // namespace

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
  auto writer = record_writer(2, size);
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
  write_envelope(writer, envelope.kind, envelope.refers_to);
  return seal(std::move(writer));
}

Result<OutboxRecord> OutboxRecord::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = read_version(reader, 2);
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
  if (version >= 2) {
    read_envelope(reader, out.envelope.kind, out.envelope.refers_to);
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
  auto writer = record_writer(2, 200 + entry.ciphertext.size());
  writer.u64(entry.position);
  write_id(writer, entry.conversation_id);
  writer.u64(entry.seq);
  write_id(writer, entry.message_id);
  write_id(writer, entry.sender_user_id);
  write_id(writer, entry.sender_device_id);
  write_time(writer, entry.sent_at);
  write_time(writer, entry.received_at);
  writer.bytes(entry.ciphertext);
  write_envelope(writer, entry.message_kind, entry.refers_to);
  return seal(std::move(writer));
}

Result<wire::InboxEntry> decode_held(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = read_version(reader, 2);
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
  if (version >= 2) {
    read_envelope(reader, out.message_kind, out.refers_to);
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "held message"));
  return out;
}

}  // namespace unhidra::client
