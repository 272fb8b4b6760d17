#include "group_log.h"

#include <algorithm>
#include <limits>

#include "unhidra/chat/errc.h"

#include "conversations.h"
#include "message_rules.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;
using wire::GroupEntry;
using wire::GroupEntryKind;

constexpr auto kEverything = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

Result<std::vector<GroupEntry>> read_messages(Transaction& tx, ConversationId id,
                                              std::uint64_t after, std::uint64_t up_to,
                                              std::uint32_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT seq, epoch, message_id, sender_user_id, sender_device_id, sent_at, "
                       "received_at, ciphertext, kind, refers_message_id, refers_device_id, "
                       "by_moderator FROM messages WHERE conversation_id = $1 AND "
                       "seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
                       id, after, up_to, limit));
  std::vector<GroupEntry> out;
  for (const Row row : rows) {
    out.push_back({.conversation_id = id,
                   .seq = row.get<std::uint64_t>(0),
                   .kind = GroupEntryKind::message,
                   .epoch = row.get<std::uint64_t>(1),
                   .message_id = row.get<MessageId>(2),
                   .sender_user_id = row.get<UserId>(3),
                   .sender_device_id = row.get<DeviceId>(4),
                   .sent_at = row.get<Timestamp>(5),
                   .received_at = row.get<Timestamp>(6),
                   .content = row.get<Bytes>(7),
                   .message_kind = static_cast<wire::MessageKind>(row.get<std::uint8_t>(8)),
                   .refers_to = read_reference(row, 9),
                   .by_moderator = row.get<bool>(11)});
  }
  return out;
}

Result<std::vector<GroupEntry>> read_handshakes(Transaction& tx, ConversationId id,
                                                std::uint64_t after, std::uint64_t up_to,
                                                std::uint32_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT seq, kind, epoch, sender_user_id, sender_device_id, received_at, "
                       "content FROM mls_handshakes WHERE conversation_id = $1 AND seq > $2 AND "
                       "seq <= $3 ORDER BY seq LIMIT $4",
                       id, after, up_to, limit));
  std::vector<GroupEntry> out;
  for (const Row row : rows) {
    const auto at = row.get<Timestamp>(5);
    out.push_back({.conversation_id = id,
                   .seq = row.get<std::uint64_t>(0),
                   .kind = static_cast<GroupEntryKind>(row.get<std::uint8_t>(1)),
                   .epoch = row.get<std::uint64_t>(2),
                   .message_id = std::nullopt,
                   .sender_user_id = row.get<std::optional<UserId>>(3),
                   .sender_device_id = row.get<std::optional<DeviceId>>(4),
                   .sent_at = at,
                   .received_at = at,
                   .content = row.get<Bytes>(6)});
  }
  return out;
}

// At most `limit` entries, and no more bytes than an answer carries.
Result<std::vector<GroupEntry>> read_log(Transaction& tx, ConversationId id, std::uint64_t after,
                                         std::uint64_t up_to, std::uint32_t limit) {
  UNHIDRA_TRY(auto out, read_messages(tx, id, after, up_to, limit));
  UNHIDRA_TRY(auto handshakes, read_handshakes(tx, id, after, up_to, limit));
  const auto middle = static_cast<std::ptrdiff_t>(out.size());
  std::ranges::move(handshakes, std::back_inserter(out));
  std::ranges::inplace_merge(out, out.begin() + middle, {}, &GroupEntry::seq);
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < out.size() && count < limit) {
    bytes += out[count].content.size();
    if (bytes > kMaxGroupLogBytes && count > 0) {
      break;
    }
    ++count;
  }
  out.resize(count);
  return out;
}

Status move_head(Transaction& tx, const GroupRow& row, Timestamp now) {
  return tx.execute_later(
      "UPDATE conversations SET head_seq = $2, last_activity_at = $3 WHERE conversation_id = $1",
      row.id, row.head_seq, now);
}

}  // namespace

Result<std::uint64_t> readable_up_to(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT m.left_seq, (SELECT COUNT(*) FROM device_list_members l "
                       "JOIN devices d ON d.device_id = l.device_id WHERE l.device_id = $3 AND "
                       "l.user_id = $2 AND d.revoked_at IS NULL) FROM conversation_members m "
                       "JOIN mls_groups g ON g.conversation_id = m.conversation_id "
                       "WHERE m.conversation_id = $1 AND m.user_id = $2 AND m.org_id = $4",
                       id, asker.user_id, asker.device_id, asker.org_id));
  if (rows.empty()) {
    return fail(Errc::not_found, "no such conversation");
  }
  if (rows.front().get<std::uint32_t>(1) == 0) {
    return fail(Errc::device_not_approved, "this device is not on your device list");
  }
  return rows.front().get<std::optional<std::uint64_t>>(0).value_or(kEverything);
}

Status check_group_member(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const auto reach, readable_up_to(tx, asker, id));
  if (reach != kEverything) {
    return fail(Errc::not_found, "you are no longer in this group");
  }
  return {};
}

Result<wire::GroupLog> fetch_group_log(Transaction& tx, const Asker& asker,
                                       const wire::FetchGroupLog& request) {
  const auto id = request.conversation_id;
  UNHIDRA_TRY(const auto reach, readable_up_to(tx, asker, id));
  UNHIDRA_TRY(const auto row, find_group(tx, asker.org_id, id));
  wire::GroupLog out{
      .conversation_id = id, .entries = {}, .head_seq = std::min(reach, row.head_seq)};
  UNHIDRA_TRY(out.entries,
              read_log(tx, id, std::min(request.after_seq, kEverything), reach,
                       request.limit == 0 ? kDefaultPage : std::min(request.limit, kMaxPage)));
  return out;
}

Result<wire::StaleGroup> stale_answer(Transaction& tx, const Asker& asker, ConversationId id,
                                      std::uint64_t after_seq) {
  UNHIDRA_TRY(auto log, fetch_group_log(tx, asker, {id, after_seq, kMaxPage}));
  UNHIDRA_TRY(const auto row, find_group(tx, asker.org_id, id));
  return wire::StaleGroup{row.epoch, std::move(log.entries), log.head_seq};
}

Result<wire::GroupInfo> fetch_group_info(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY_VOID(check_group_member(tx, asker, id));
  UNHIDRA_TRY(auto row, find_group(tx, asker.org_id, id));
  return wire::GroupInfo{id, row.commit_seq, std::move(row.group_info)};
}

Result<GroupRow> check_tree_kept(Transaction& tx, const Asker& asker, ConversationId id,
                                 std::uint64_t seq) {
  UNHIDRA_TRY_VOID(check_group_member(tx, asker, id));
  UNHIDRA_TRY(auto row, find_group(tx, asker.org_id, id));
  if (seq != row.commit_seq) {
    UNHIDRA_TRY(const auto welcomes,
                tx.query("SELECT 1 FROM device_inbox WHERE conversation_id = $1 AND seq = $2 AND "
                         "kind = 1 AND device_id = $3",
                         id, std::min(seq, kEverything), asker.device_id));
    if (welcomes.empty()) {
      return fail(Errc::not_found, "this tree is no longer kept: come in by external commit");
    }
  }
  return row;
}

Result<GroupEntry> append_handshake(Transaction& tx, GroupRow& row, NewHandshake handshake,
                                    Timestamp now) {
  row.handshake_seq = ++row.head_seq;
  GroupEntry out{.conversation_id = row.id,
                 .seq = row.head_seq,
                 .kind = handshake.kind,
                 .epoch = row.epoch,
                 .message_id = std::nullopt,
                 .sender_user_id = std::nullopt,
                 .sender_device_id = std::nullopt,
                 .sent_at = now,
                 .received_at = now,
                 .content = std::move(handshake.content)};
  if (handshake.sender) {
    out.sender_user_id = handshake.sender->user_id;
    out.sender_device_id = handshake.sender->device_id;
  }
  UNHIDRA_TRY_VOID(move_head(tx, row, now));
  UNHIDRA_TRY_VOID(tx.execute_later(
      "INSERT INTO mls_handshakes (conversation_id, seq, org_id, kind, epoch, sender_user_id, "
      "sender_device_id, received_at, leaf_count, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
      "$9, $10)",
      row.id, out.seq, row.org_id, static_cast<std::uint32_t>(out.kind), out.epoch,
      out.sender_user_id, out.sender_device_id, now, handshake.leaf_count, out.content));
  return out;
}

Status append_message(Transaction& tx, GroupRow& row, const Asker& asker,
                      const wire::SendGroupMessage& message, std::uint64_t epoch, bool by_moderator,
                      Timestamp now) {
  ++row.head_seq;
  UNHIDRA_TRY_VOID(move_head(tx, row, now));
  const auto refers = columns_of(message.refers_to);
  return tx.execute_later(
      "INSERT INTO messages (conversation_id, seq, org_id, message_id, sender_user_id, "
      "sender_device_id, sent_at, received_at, ciphertext, epoch, kind, refers_message_id, "
      "refers_device_id, by_moderator) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
      "$13, $14)",
      row.id, row.head_seq, asker.org_id, message.message_id, asker.user_id, asker.device_id,
      message.sent_at, now, message.ciphertext, epoch, static_cast<std::uint32_t>(message.kind),
      refers.first, refers.second, by_moderator);
}

Result<std::optional<wire::Accepted>> handshake_accepted_before(Transaction& tx, const Asker& asker,
                                                                ConversationId id,
                                                                GroupEntryKind kind,
                                                                std::uint64_t epoch,
                                                                ByteView content) {
  if (epoch > kEverything) {
    return std::nullopt;
  }
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT seq, received_at, content FROM mls_handshakes "
                       "WHERE conversation_id = $1 AND epoch = $2 AND kind = $3 AND "
                       "sender_device_id = $4 ORDER BY seq",
                       id, epoch, static_cast<std::uint32_t>(kind), asker.device_id));
  for (const Row row : rows) {
    if (std::ranges::equal(row.get<ByteView>(2), content)) {
      return wire::Accepted{row.get<std::uint64_t>(0), row.get<Timestamp>(1)};
    }
  }
  return std::nullopt;
}

}  // namespace unhidra::chat
