#include "chat_records.h"

#include "record_codec.h"
#include "records.h"

namespace unhidra::client {

Bytes unread_key(ConversationId conversation, std::uint64_t block) {
  return message_key(conversation, block);
}

Result<UnreadRecord> UnreadRecord::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  UnreadRecord out;
  out.mention = read_bool(reader);
  const bool has_root = read_bool(reader);
  const auto root = reader.u64();
  UNHIDRA_TRY_VOID(finish_record(reader, "unread message"));
  if (has_root) {
    out.root = root;
  }
  return out;
}

Bytes ThreadRecord::record_key() const {
  return message_key(conversation, root_index);
}

SecretBytes ThreadRecord::encode() const {
  auto writer = record_writer(2, 128 + 8 * replies.size() + 16 * participants.size());
  write_id(writer, conversation);
  writer.u64(root_index);
  write_ref(writer, root);
  write_id(writer, root_user);
  writer.varint(replies.size());
  for (const auto index : replies) {
    writer.u64(index);
  }
  writer.varint(participants.size());
  for (const auto& user : participants) {
    write_id(writer, user);
  }
  write_time(writer, last_reply_at);
  writer.u8(following ? 1 : 0).u8(decided ? 1 : 0).u64(read_seq);
  writer.u8(unsynced ? 1 : 0).u8(replied ? 1 : 0).u8(mentioned ? 1 : 0);
  return seal(std::move(writer));
}

Result<ThreadRecord> ThreadRecord::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = read_version(reader, 2);
  ThreadRecord out;
  out.conversation = read_id<ConversationId>(reader);
  out.root_index = reader.u64();
  out.root = read_ref(reader);
  out.root_user = read_id<UserId>(reader);
  const auto replies = reader.varint();
  for (std::uint64_t i = 0; i < replies && !reader.failed(); ++i) {
    out.replies.push_back(reader.u64());
  }
  const auto participants = reader.varint();
  for (std::uint64_t i = 0; i < participants && !reader.failed(); ++i) {
    out.participants.push_back(read_id<UserId>(reader));
  }
  out.last_reply_at = read_time(reader);
  out.following = read_bool(reader);
  out.decided = read_bool(reader);
  out.read_seq = reader.u64();
  out.unsynced = read_bool(reader);
  // Before there were rules, why a thread is followed was not kept.
  out.replied = version >= 2 ? read_bool(reader) : out.following && !out.decided;
  out.mentioned = version >= 2 ? read_bool(reader) : out.replied;
  UNHIDRA_TRY_VOID(finish_record(reader, "thread"));
  return out;
}

Bytes EarlyMark::record_key(ConversationId conversation, const MessageRef& root) {
  ByteWriter writer(48);
  write_id(writer, conversation);
  write_ref(writer, root);
  return std::move(writer).take();
}

SecretBytes EarlyMark::encode() const {
  auto writer = record_writer(1, 16);
  writer.u64(read_seq).u8(following ? 1 : 0).u8(decided ? 1 : 0);
  return seal(std::move(writer));
}

Result<EarlyMark> EarlyMark::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  EarlyMark out;
  out.read_seq = reader.u64();
  out.following = read_bool(reader);
  out.decided = read_bool(reader);
  UNHIDRA_TRY_VOID(finish_record(reader, "mark of a thread"));
  return out;
}

SecretBytes FollowRuleRecord::encode() const {
  auto writer = record_writer(1, 32);
  write_id(writer, conversation);
  writer.u8(rule ? 1 : 0).u8(rule && rule->on_reply ? 1 : 0).u8(rule && rule->on_mention ? 1 : 0);
  write_time(writer, changed_at);
  writer.u8(unsynced ? 1 : 0);
  return seal(std::move(writer));
}

Result<FollowRuleRecord> FollowRuleRecord::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  FollowRuleRecord out;
  out.conversation = read_id<ConversationId>(reader);
  const bool has_rule = read_bool(reader);
  const bool on_reply = read_bool(reader);
  const bool on_mention = read_bool(reader);
  out.changed_at = read_time(reader);
  out.unsynced = read_bool(reader);
  UNHIDRA_TRY_VOID(finish_record(reader, "rule for threads"));
  if (has_rule) {
    out.rule = AutoFollow{on_reply, on_mention};
  }
  return out;
}

SecretBytes ReceiptsRecord::encode() const {
  auto writer = record_writer(1, 32 + 32 * people.size());
  write_id(writer, conversation);
  writer.varint(people.size());
  for (const auto& [user, state] : people) {
    write_id(writer, user);
    writer.u64(state.delivered_seq).u64(state.read_seq);
  }
  return seal(std::move(writer));
}

Result<ReceiptsRecord> ReceiptsRecord::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  ReceiptsRecord out;
  out.conversation = read_id<ConversationId>(reader);
  const auto people = reader.varint();
  for (std::uint64_t i = 0; i < people && !reader.failed(); ++i) {
    ReceiptState state;
    state.user = read_id<UserId>(reader);
    state.delivered_seq = reader.u64();
    state.read_seq = reader.u64();
    out.people[state.user] = state;
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "receipts"));
  return out;
}

}  // namespace unhidra::client
