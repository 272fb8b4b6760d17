#include "message_rules.h"

#include "unhidra/chat/errc.h"

#include "places.h"
#include "receipts.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;
using wire::MessageKind;

struct Target {
  std::uint64_t seq = 0;
  UserId author;
  Timestamp received_at;
  MessageKind kind = MessageKind::content;
};

Result<Target> find_target(Transaction& tx, OrgId org, ConversationId id,
                           const wire::MessageRef& ref) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT seq, sender_user_id, received_at, kind FROM messages WHERE "
                       "message_id = $1 AND sender_device_id = $2 AND conversation_id = $3 AND "
                       "org_id = $4",
                       ref.message_id, ref.sender_device_id, id, org));
  if (rows.empty()) {
    return fail(Errc::not_found, "there is no such message in this conversation");
  }
  const Row row = rows.front();
  return Target{row.get<std::uint64_t>(0), row.get<UserId>(1), row.get<Timestamp>(2),
                static_cast<MessageKind>(row.get<std::uint8_t>(3))};
}

Status check_not_deleted(Transaction& tx, ConversationId id, std::uint64_t seq) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM message_versions WHERE conversation_id = $1 AND seq = $2 AND "
                       "kind = $3 LIMIT 1",
                       id, seq, static_cast<std::uint32_t>(MessageKind::deletion)));
  if (!rows.empty()) {
    return fail(Errc::message_deleted, "the message is deleted already");
  }
  return {};
}

// In a channel, by what the asker is at this moment.
Result<bool> moderates(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const auto channel, look_for_channel(tx, asker.org_id, id));
  if (!channel) {
    return false;
  }
  UNHIDRA_TRY(const auto present, as_of_now(tx, asker));
  UNHIDRA_TRY(const auto level, level_in_channel(tx, present.user_id, present.level, *channel));
  UNHIDRA_TRY(const auto permissions, permissions_in(tx, level, *channel));
  return (permissions & kModerate) != 0;
}

}  // namespace

Result<wire::ChatPolicy> chat_policy(Transaction& tx, OrgId org) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT edit_window_s, receipts, hides_people FROM chat_policies "
                       "WHERE org_id = $1",
                       org));
  if (rows.empty()) {
    return kDefaultChatPolicy;
  }
  return wire::ChatPolicy{rows.front().get<std::uint32_t>(0), rows.front().get<bool>(1),
                          rows.front().get<bool>(2)};
}

Status store_chat_policy(Transaction& tx, OrgId org, const wire::ChatPolicy& policy,
                         Timestamp now) {
  if (policy.edit_window_s > kMaxEditWindow) {
    return fail(Errc::malformed, "a message may be edited for at most a year");
  }
  if (!policy.receipts) {
    UNHIDRA_TRY_VOID(forget_receipts(tx, org));
  }
  return tx.execute_later(
      "INSERT INTO chat_policies (org_id, edit_window_s, receipts, hides_people, updated_at) "
      "VALUES "
      "($1, $2, $3, $4, $5) ON CONFLICT (org_id) DO UPDATE SET edit_window_s = "
      "excluded.edit_window_s, receipts = excluded.receipts, hides_people = excluded.hides_people, "
      "updated_at = excluded.updated_at",
      org, policy.edit_window_s, policy.receipts, policy.hides_people, now);
}

Result<Reference> check_kind(Transaction& tx, const Asker& asker, ConversationId id,
                             MessageKind kind, const std::optional<wire::MessageRef>& refers_to,
                             Timestamp now) {
  const bool refers = kind == MessageKind::edit || kind == MessageKind::deletion;
  if (kind > MessageKind::signal || refers != refers_to.has_value()) {
    return fail(Errc::malformed, "only an edit or a deletion refers to a message");
  }
  if (!refers) {
    return Reference();
  }
  UNHIDRA_TRY(const auto target, find_target(tx, asker.org_id, id, *refers_to));
  const bool others = target.author != asker.user_id;
  if (others) {
    UNHIDRA_TRY(const bool allowed, moderates(tx, asker, id));
    if (kind != MessageKind::deletion || !allowed) {
      return fail(Errc::not_author, "only its author may change a message");
    }
  }
  if (target.kind != MessageKind::content) {
    return fail(Errc::malformed, "that is nothing that can be edited or deleted");
  }
  UNHIDRA_TRY_VOID(check_not_deleted(tx, id, target.seq));
  if (kind == MessageKind::edit) {
    UNHIDRA_TRY(const auto policy, chat_policy(tx, asker.org_id));
    if (now - target.received_at > std::chrono::seconds(policy.edit_window_s)) {
      return fail(Errc::edit_window_closed, "the time in which it may be edited is over");
    }
  }
  return Reference{target.seq, others};
}

Status note_version(Transaction& tx, OrgId org, ConversationId id,
                    std::optional<std::uint64_t> target, MessageKind kind, std::uint64_t seq) {
  if (!target) {
    return {};
  }
  return tx.execute_later(
      "INSERT INTO message_versions (conversation_id, seq, version_seq, org_id, kind) VALUES ($1, "
      "$2, $3, $4, $5)",
      id, *target, seq, org, static_cast<std::uint32_t>(kind));
}

std::pair<std::optional<MessageId>, std::optional<DeviceId>> columns_of(
    const std::optional<wire::MessageRef>& ref) {
  if (!ref) {
    return {};
  }
  return {ref->message_id, ref->sender_device_id};
}

std::optional<wire::MessageRef> read_reference(const Row& row, std::size_t column) {
  const auto message = row.get<std::optional<MessageId>>(column);
  const auto device = row.get<std::optional<DeviceId>>(column + 1);
  return message && device ? std::optional(wire::MessageRef{*message, *device}) : std::nullopt;
}

Result<wire::MessageVersions> message_versions(Transaction& tx, OrgId org,
                                               const wire::FetchMessageVersions& request) {
  if (!request.message) {
    return fail(Errc::malformed, "which message?");
  }
  const auto id = request.conversation_id;
  UNHIDRA_TRY(const auto target, find_target(tx, org, id, *request.message));
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT seq, kind, message_id, sender_user_id, sender_device_id, "
                       "received_at, epoch, ciphertext FROM messages WHERE conversation_id = $1 "
                       "AND (seq = $2 OR seq IN (SELECT version_seq FROM message_versions WHERE "
                       "conversation_id = $1 AND seq = $2)) ORDER BY seq LIMIT 1000",
                       id, target.seq));
  wire::MessageVersions out;
  for (const Row row : rows) {
    out.versions.push_back(
        {row.get<std::uint64_t>(0), static_cast<MessageKind>(row.get<std::uint8_t>(1)),
         row.get<MessageId>(2), row.get<UserId>(3), row.get<DeviceId>(4), row.get<Timestamp>(5),
         row.get<std::optional<std::uint64_t>>(6).value_or(0),
         row.get<std::optional<Bytes>>(7).value_or(Bytes())});
  }
  return out;
}

}  // namespace unhidra::chat
