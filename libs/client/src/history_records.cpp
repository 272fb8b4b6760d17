#include "history_records.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxParts = 20'000;
constexpr std::size_t kMaxCursors = 64;
constexpr std::size_t kLargestContent = std::size_t{1} << 20;

void write_cursor(ByteWriter& out, const HistoryCursor& cursor) {
  out.u32(cursor.people).u32(cursor.conversation).u64(cursor.index);
  out.u8(cursor.opened ? 1 : 0).u8(cursor.finished ? 1 : 0).u64(cursor.messages);
}
HistoryCursor read_cursor(ByteReader& in) {
  HistoryCursor out;
  out.people = in.u32();
  out.conversation = in.u32();
  out.index = in.u64();
  out.opened = read_bool(in);
  out.finished = read_bool(in);
  out.messages = in.u64();
  return out;
}

// A count that was written before its elements; more than `most` fails.
std::uint64_t read_count(ByteReader& in, std::size_t most) {
  const auto count = in.varint();
  if (count > most) {
    in.set_failed();
  }
  return in.failed() ? 0 : count;
}

}  // namespace

Bytes history_plan_key(DeviceId other) {
  ByteWriter out(20);
  write_id(out, other);
  out.raw(as_bytes("plan"));
  return std::move(out).take();
}

Bytes history_stage_key(DeviceId other, std::uint64_t position) {
  ByteWriter out(24);
  write_id(out, other);
  out.u64(position);
  return std::move(out).take();
}

Bytes KeptEffect::record_key(DeviceId other, std::uint64_t position) {
  ByteWriter out(32);
  write_id(out, other);
  out.raw(as_bytes("effect")).u64(position);
  return std::move(out).take();
}

SecretBytes KeptEffect::encode() const {
  auto out = record_writer(2, 64 + content.size());
  write_id(out, conversation);
  write_id(out, user);
  out.u64(seq);
  write_time(out, received_at);
  out.bytes(content.expose()).u8(by_moderator ? 1 : 0);
  return seal(std::move(out));
}

Result<KeptEffect> KeptEffect::decode(ByteView bytes) {
  ByteReader in(bytes);
  const auto version = read_version(in, 2);
  KeptEffect out;
  out.conversation = read_id<ConversationId>(in);
  out.user = read_id<UserId>(in);
  out.seq = in.u64();
  out.received_at = read_time(in);
  out.content = SecretBytes::copy_of(in.bytes(kLargestContent));
  out.by_moderator = version >= 2 && read_bool(in);
  UNHIDRA_TRY_VOID(finish_record(in, "effect on a message"));
  return out;
}

SecretBytes HistoryPlan::encode() const {
  auto out = record_writer(1, 16 + 16 * people.size() + 32 * parts.size());
  out.varint(people.size());
  for (const auto& user : people) {
    write_id(out, user);
  }
  out.varint(parts.size());
  for (const auto& part : parts) {
    write_id(out, part.conversation);
    out.u64(part.begin).u64(part.end);
  }
  return seal(std::move(out));
}

Result<HistoryPlan> HistoryPlan::decode(ByteView bytes) {
  auto in = record_reader(1, bytes);
  HistoryPlan out;
  for (auto left = read_count(in, kMaxParts); left > 0 && !in.failed(); --left) {
    out.people.push_back(read_id<UserId>(in));
  }
  for (auto left = read_count(in, kMaxParts); left > 0 && !in.failed(); --left) {
    Part part;
    part.conversation = read_id<ConversationId>(in);
    part.begin = in.u64();
    part.end = in.u64();
    out.parts.push_back(part);
  }
  UNHIDRA_TRY_VOID(finish_record(in, "plan of a history"));
  return out;
}

SecretBytes HistoryRecord::encode() const {
  auto out = record_writer(1, 256 + 20 * cursors.size());
  out.raw(id);
  write_id(out, other);
  out.u8(receiving ? 1 : 0).u8(static_cast<std::uint8_t>(state));
  write_time(out, changed_at);
  out.raw(receiver_nonce).raw(giver_nonce).raw(commitment).u64(messages).u64(next);
  out.varint(cursors.size());
  for (const auto& cursor : cursors) {
    write_cursor(out, cursor);
  }
  out.u8(conversation ? 1 : 0);
  write_id(out, conversation.value_or(ConversationId()));
  out.u8(skipped ? 1 : 0).u64(staged).u64(effects);
  return seal(std::move(out));
}

Result<HistoryRecord> HistoryRecord::decode(ByteView bytes) {
  auto in = record_reader(1, bytes);
  HistoryRecord out;
  out.id = in.array<16>();
  out.other = read_id<DeviceId>(in);
  out.receiving = read_bool(in);
  out.state = read_enum(in, HistoryState::asked, HistoryState::failed);
  out.changed_at = read_time(in);
  out.receiver_nonce = in.array<32>();
  out.giver_nonce = in.array<32>();
  out.commitment = in.array<32>();
  out.messages = in.u64();
  out.next = in.u64();
  for (auto left = read_count(in, kMaxCursors); left > 0 && !in.failed(); --left) {
    out.cursors.push_back(read_cursor(in));
  }
  const bool has_conversation = read_bool(in);
  const auto conversation = read_id<ConversationId>(in);
  out.skipped = read_bool(in);
  out.staged = in.u64();
  out.effects = in.u64();
  UNHIDRA_TRY_VOID(finish_record(in, "history transfer"));
  if (has_conversation) {
    out.conversation = conversation;
  }
  return out;
}

}  // namespace unhidra::client
