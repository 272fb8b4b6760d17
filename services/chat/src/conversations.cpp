#include "conversations.h"

#include <algorithm>
#include <set>

#include "unhidra/base/codec.h"
#include "unhidra/chat/errc.h"

#include "message_rules.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

std::uint32_t page_size(std::uint32_t asked) {
  return asked == 0 ? kDefaultPage : std::min(asked, kMaxPage);
}

// The unique key of the direct conversation of two users, whoever opens it.
Bytes direct_key(UserId a, UserId b) {
  Bytes key = to_bytes(std::min(a, b).bytes());
  append(key, std::max(a, b).bytes());
  return key;
}

Result<std::vector<UserId>> members_of(Transaction& tx, ConversationId id) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query(
          "SELECT user_id FROM conversation_members WHERE conversation_id = $1 AND left_at IS NULL "
          "ORDER BY user_id",
          id));
  std::vector<UserId> out;
  for (const Row row : rows) {
    out.push_back(row.get<UserId>(0));
  }
  return out;
}

std::vector<UserId> members_of_direct_key(ByteView key) {
  std::set<UserId> out;
  ByteReader reader(key);
  while (reader.remaining() > 0 && !reader.failed()) {
    out.insert(UserId(reader.array<16>()));
  }
  return {out.begin(), out.end()};
}

// Where a page of the list ended: activity, then id. Opaque to clients.
Bytes encode_cursor(Timestamp activity, ConversationId id) {
  ByteWriter writer;
  writer.u64(static_cast<std::uint64_t>(to_unix_micros(activity))).raw(id.bytes());
  return std::move(writer).take();
}

Status decode_cursor(ByteView cursor, std::int64_t& activity, ConversationId& id) {
  ByteReader reader(cursor);
  activity = static_cast<std::int64_t>(reader.u64());
  id = ConversationId(reader.array<16>());
  if (!reader.finish("the cursor")) {
    return fail(Errc::malformed, "this cursor is not one that the server gave");
  }
  return {};
}

}  // namespace

Result<bool> is_member(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM conversation_members WHERE conversation_id = $1 AND "
                       "user_id = $2 AND org_id = $3 AND left_at IS NULL",
                       id, asker.user_id, asker.org_id));
  return !rows.empty();
}

Status check_member(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM conversation_members m JOIN conversations c "
                       "ON c.conversation_id = m.conversation_id WHERE m.conversation_id = $1 "
                       "AND m.user_id = $2 AND m.org_id = $3 AND c.kind = 'direct'",
                       id, asker.user_id, asker.org_id));
  if (rows.empty()) {
    return fail(Errc::not_found, "no such conversation");
  }
  return {};
}

Result<wire::Conversation> open_direct(Transaction& tx, const Asker& asker, UserId other,
                                       ConversationId fresh_id, Timestamp now) {
  UNHIDRA_TRY(const auto users,
              tx.query("SELECT 1 FROM users WHERE user_id = $1 AND org_id = $2 AND disabled = 0",
                       other, asker.org_id));
  if (users.empty()) {
    return fail(Errc::not_found, "no such user");
  }
  const Bytes key = direct_key(asker.user_id, other);
  UNHIDRA_TRY(
      const auto inserted,
      tx.execute("INSERT INTO conversations (conversation_id, org_id, kind, direct_key, head_seq, "
                 "created_by, "
                 "created_at, last_activity_at) VALUES ($1, $2, 'direct', $3, 0, $4, $5, $5) "
                 "ON CONFLICT DO NOTHING",
                 fresh_id, asker.org_id, key, asker.user_id, now));
  if (inserted == 1) {
    for (const UserId member : std::set<UserId>{asker.user_id, other}) {
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO conversation_members (conversation_id, user_id, org_id, joined_at) "
          "VALUES ($1, $2, $3, $4)",
          fresh_id, member, asker.org_id, now));
    }
  }
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT conversation_id, head_seq, created_at FROM conversations "
                       "WHERE org_id = $1 AND direct_key = $2",
                       asker.org_id, key));
  if (rows.empty()) {
    return fail(Errc::not_found, "no such conversation");
  }
  wire::Conversation out{.conversation_id = rows.front().get<ConversationId>(0),
                         .head_seq = rows.front().get<std::uint64_t>(1),
                         .created_at = rows.front().get<Timestamp>(2)};
  UNHIDRA_TRY(out.member_user_ids, members_of(tx, out.conversation_id));
  return out;
}

Result<wire::Conversations> list_conversations(Transaction& tx, const Asker& asker,
                                               const wire::ListConversations& request) {
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  ConversationId before_id;
  if (!request.cursor.empty()) {
    UNHIDRA_TRY_VOID(decode_cursor(request.cursor, before, before_id));
  }
  const std::uint32_t limit =
      request.limit == 0 ? kDefaultPage : std::min(request.limit, kMaxListed);
  UNHIDRA_TRY(
      const auto rows,
      tx.query(
          "SELECT c.conversation_id, c.head_seq, c.created_at, c.last_activity_at, c.kind, "
          "c.direct_key FROM conversation_members m JOIN conversations c ON c.conversation_id = "
          "m.conversation_id "
          "WHERE m.user_id = $1 AND m.org_id = $2 AND m.left_at IS NULL AND "
          "(c.last_activity_at < $3 OR "
          "(c.last_activity_at = $3 AND c.conversation_id < $4)) "
          "ORDER BY c.last_activity_at DESC, c.conversation_id DESC LIMIT $5",
          asker.user_id, asker.org_id, before, before_id, limit + 1));
  wire::Conversations out;
  for (const Row row : rows) {
    if (out.conversations.size() == limit) {
      const Row last = rows[limit - 1];
      out.next_cursor = encode_cursor(last.get<Timestamp>(3), last.get<ConversationId>(0));
      break;
    }
    wire::Conversation one{.conversation_id = row.get<ConversationId>(0),
                           .head_seq = row.get<std::uint64_t>(1),
                           .created_at = row.get<Timestamp>(2),
                           .kind = row.get<std::string_view>(4) == "group"
                                       ? wire::ConversationKind::group
                                       : wire::ConversationKind::direct};
    if (one.kind == wire::ConversationKind::direct) {
      one.member_user_ids = members_of_direct_key(row.get<ByteView>(5));
    }
    out.conversations.push_back(std::move(one));
  }
  return out;
}

Result<wire::Inbox> fetch_inbox(Transaction& tx, const Asker& asker,
                                const wire::FetchInbox& request) {
  UNHIDRA_TRY(const auto head,
              tx.query("SELECT inbox_head FROM devices WHERE device_id = $1", asker.device_id));
  if (head.empty()) {
    return fail(Errc::not_found, "no such device");
  }
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT position, conversation_id, seq, message_id, sender_user_id, "
               "sender_device_id, sent_at, "
               "received_at, ciphertext, kind, message_kind, refers_message_id, refers_device_id "
               "FROM device_inbox WHERE device_id = $1 AND position > $2 "
               "ORDER BY position LIMIT $3",
               asker.device_id, request.after, page_size(request.limit)));
  wire::Inbox out;
  out.head = head.front().get<std::uint64_t>(0);
  std::size_t bytes = 0;
  for (const Row row : rows) {
    wire::InboxEntry entry{
        .position = row.get<std::uint64_t>(0),
        .conversation_id = row.get<ConversationId>(1),
        .seq = row.get<std::uint64_t>(2),
        .message_id = row.get<MessageId>(3),
        .sender_user_id = row.get<UserId>(4),
        .sender_device_id = row.get<DeviceId>(5),
        .sent_at = row.get<Timestamp>(6),
        .received_at = row.get<Timestamp>(7),
        .ciphertext = row.get<Bytes>(8),
        .kind = static_cast<wire::InboxKind>(row.get<std::uint8_t>(9)),
        .message_kind = static_cast<wire::MessageKind>(row.get<std::uint8_t>(10)),
        .refers_to = read_reference(row, 11)};
    bytes += entry.ciphertext.size();
    if (bytes > kMaxInboxPageBytes && !out.entries.empty()) {
      break;
    }
    out.entries.push_back(std::move(entry));
  }
  return out;
}

Status acknowledge_inbox(Transaction& tx, const Asker& asker, std::uint64_t up_to) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT inbox_head, inbox_acked FROM devices WHERE device_id = $1",
                       asker.device_id));
  if (rows.empty()) {
    return fail(Errc::not_found, "no such device");
  }
  if (up_to > rows.front().get<std::uint64_t>(0)) {
    return fail(Errc::malformed, "the inbox does not reach that far");
  }
  if (up_to <= rows.front().get<std::uint64_t>(1)) {
    return {};
  }
  UNHIDRA_TRY_VOID(tx.execute("UPDATE devices SET inbox_acked = $2 WHERE device_id = $1",
                              asker.device_id, up_to));
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM device_inbox WHERE device_id = $1 AND position <= $2",
                              asker.device_id, up_to));
  return {};
}

Result<wire::Log> fetch_log(Transaction& tx, const Asker& asker, const wire::FetchLog& request) {
  UNHIDRA_TRY_VOID(check_member(tx, asker, request.conversation_id));
  UNHIDRA_TRY(const auto head,
              tx.query("SELECT head_seq FROM conversations WHERE conversation_id = $1",
                       request.conversation_id));
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT seq, message_id, sender_user_id, sender_device_id, sent_at, "
                       "received_at FROM messages "
                       "WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                       request.conversation_id, request.after_seq, page_size(request.limit)));
  wire::Log out;
  out.head_seq = head.empty() ? 0 : head.front().get<std::uint64_t>(0);
  for (const Row row : rows) {
    out.entries.push_back({.seq = row.get<std::uint64_t>(0),
                           .message_id = row.get<MessageId>(1),
                           .sender_user_id = row.get<UserId>(2),
                           .sender_device_id = row.get<DeviceId>(3),
                           .sent_at = row.get<Timestamp>(4),
                           .received_at = row.get<Timestamp>(5)});
  }
  return out;
}

}  // namespace unhidra::chat
