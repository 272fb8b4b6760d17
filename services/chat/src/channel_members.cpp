// Who comes into a channel and who has to leave it, and what the delivery service asks.

#include <algorithm>

#include "unhidra/chat/errc.h"

#include "channels.h"
#include "group_store.h"
#include "receipts.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

constexpr std::uint32_t kMaxDefaultChannels = 50;

Result<bool> is_banned(Transaction& tx, ConversationId id, UserId user) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM channel_members WHERE channel_id = $1 AND user_id = $2 AND "
                       "banned_at IS NOT NULL",
                       id, user));
  return !rows.empty();
}

Status check_not_above(Transaction& tx, OrgId org, UserId user, Level level,
                       const ChannelRow& channel) {
  UNHIDRA_TRY(const auto base, level_in_organization(tx, org, user));
  UNHIDRA_TRY(const auto theirs, level_in_channel(tx, user, base, channel));
  if (theirs > level) {
    return fail(Errc::not_allowed, "nobody takes out who has more to say");
  }
  return {};
}

// In the conversation from now on: the person's devices come in by external commit.
Status let_in(Transaction& tx, const Asker& asker, ConversationId id, Timestamp now) {
  UNHIDRA_TRY_VOID(tx.execute_later(
      "INSERT INTO conversation_members (conversation_id, user_id, org_id, joined_at) VALUES ($1, "
      "$2, $3, $4) ON CONFLICT (conversation_id, user_id) DO UPDATE SET left_at = NULL, "
      "left_seq = NULL",
      id, asker.user_id, asker.org_id, now));
  return note_channel_members(tx, asker.org_id, id, {asker.user_id}, now);
}

Result<std::uint32_t> join_defaults(Transaction& tx, const Asker& asker, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT c.channel_id FROM channels c WHERE c.org_id = $1 AND c.is_default = "
                       "1 AND c.visibility = 0 AND c.deleted_at IS NULL AND c.archived_at IS NULL "
                       "AND NOT EXISTS (SELECT 1 FROM channel_members m WHERE m.channel_id = "
                       "c.channel_id AND m.user_id = $2) ORDER BY c.channel_id LIMIT $3",
                       asker.org_id, asker.user_id, kMaxDefaultChannels));
  std::uint32_t joined = 0;
  for (const Row row : rows) {
    const auto id = row.get<ConversationId>(0);
    const auto view = visible_channel(tx, asker, id);
    if (!view && view.error() != Errc::not_found) {
      return fail(Error(view.error()));
    }
    if (view && !view->member) {
      UNHIDRA_TRY_VOID(let_in(tx, asker, id, now));
      ++joined;
    }
  }
  return joined;
}

}  // namespace

Status note_channel_members(Transaction& tx, OrgId org, ConversationId id,
                            const std::set<UserId>& users, Timestamp now) {
  if (users.empty()) {
    return {};
  }
  UNHIDRA_TRY(const auto channel, look_for_channel(tx, org, id));
  if (!channel) {
    return {};
  }
  for (const auto& user : users) {
    UNHIDRA_TRY_VOID(tx.execute_later(
        "INSERT INTO channel_members (channel_id, user_id, org_id, joined_at) VALUES ($1, $2, $3, "
        "$4) ON CONFLICT DO NOTHING",
        id, user, org, now));
  }
  return {};
}

Result<std::uint32_t> join_channel(Transaction& tx, const Asker& asker,
                                   const wire::JoinChannel& request, Timestamp now) {
  if (!request.channel_id) {
    return join_defaults(tx, asker, now);
  }
  const auto id = *request.channel_id;
  UNHIDRA_TRY(const auto view, visible_channel(tx, asker, id));
  if (view.member) {
    return 0;
  }
  if (!view.channel.is_open()) {
    return fail(Errc::not_allowed, "a private channel is entered by invitation");
  }
  if (view.channel.archived) {
    return fail(Errc::place_archived, "the channel is archived");
  }
  UNHIDRA_TRY(const auto banned, is_banned(tx, id, asker.user_id));
  if (banned) {
    return fail(Errc::banned, "you may not come into this channel again");
  }
  UNHIDRA_TRY_VOID(let_in(tx, asker, id, now));
  return 1;
}

Result<GroupChange> remove_from_channel(const GroupService& service, Transaction& tx,
                                        const Asker& asker, const wire::RemoveFromChannel& request,
                                        Timestamp now) {
  const auto id = request.channel_id;
  UNHIDRA_TRY(const auto view, channel_for(tx, asker, id, kModerate));
  if (request.user_id == asker.user_id) {
    return fail(Errc::malformed, "leave the channel to take yourself out");
  }
  UNHIDRA_TRY_VOID(check_not_above(tx, asker.org_id, request.user_id, view.level, view.channel));
  UNHIDRA_TRY(const auto known, tx.query("SELECT 1 FROM users WHERE user_id = $1 AND org_id = $2",
                                         request.user_id, asker.org_id));
  UNHIDRA_TRY(const auto group, find_group(tx, asker.org_id, id));
  UNHIDRA_TRY(const auto left,
              tx.execute("UPDATE conversation_members SET left_at = $3, left_seq = $4 WHERE "
                         "conversation_id = $1 AND user_id = $2 AND left_at IS NULL",
                         id, request.user_id, now, group.head_seq));
  if (known.empty() || (left == 0 && !request.ban)) {
    return fail(Errc::not_found, "that person is not in the channel");
  }
  UNHIDRA_TRY_VOID(forget_receipts(tx, id, request.user_id));
  if (request.ban) {
    UNHIDRA_TRY_VOID(tx.execute(
        "INSERT INTO channel_members (channel_id, user_id, org_id, joined_at, banned_at, "
        "banned_by) VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT (channel_id, user_id) DO UPDATE "
        "SET banned_at = excluded.banned_at, banned_by = excluded.banned_by",
        id, request.user_id, asker.org_id, now, asker.user_id));
  }
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM place_roles WHERE place_id = $1 AND user_id = $2",
                              id.bytes(), request.user_id));
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE mls_members SET removal_by_server = 1 WHERE conversation_id = $1 AND "
                 "user_id = $2",
                 id, request.user_id));
  return propose_removals(service, tx, asker.org_id, id, now);
}

Status unban(Transaction& tx, const Asker& asker, const wire::UnbanFromChannel& request) {
  UNHIDRA_TRY_VOID(channel_for(tx, asker, request.channel_id, kModerate));
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE channel_members SET banned_at = NULL, banned_by = NULL WHERE "
                         "channel_id = $1 AND user_id = $2 AND banned_at IS NOT NULL",
                         request.channel_id, request.user_id));
  if (changed == 0) {
    return fail(Errc::not_found, "that person is not banned");
  }
  return {};
}

// ---- what the delivery service asks ----

Status check_channel_message(Transaction& tx, const Asker& asker, ConversationId id,
                             wire::MessageKind kind) {
  UNHIDRA_TRY(const auto channel, look_for_channel(tx, asker.org_id, id));
  if (!channel) {
    return {};
  }
  if (channel->archived) {
    return fail(Errc::place_archived, "the channel is archived");
  }
  UNHIDRA_TRY(const auto level, level_in_channel(tx, asker.user_id, asker.level, *channel));
  UNHIDRA_TRY(const auto permissions, permissions_in(tx, level, *channel));
  // Whoever moderates may have to where only others post.
  const auto needed = kind == wire::MessageKind::signal     ? std::uint32_t{kSignal}
                      : kind == wire::MessageKind::deletion ? kPost | kModerate
                                                            : std::uint32_t{kPost};
  if ((permissions & needed) == 0) {
    return fail(Errc::not_allowed, "your role in this channel does not allow that");
  }
  return {};
}

Status check_channel_commit(Transaction& tx, const Asker& asker, ConversationId id,
                            const std::set<UserId>& brought_in, const std::set<UserId>& taken_out) {
  if (brought_in.empty() && taken_out.empty()) {
    return {};
  }
  UNHIDRA_TRY(const auto channel, look_for_channel(tx, asker.org_id, id));
  if (!channel) {
    return {};
  }
  UNHIDRA_TRY(const auto level, level_in_channel(tx, asker.user_id, asker.level, *channel));
  UNHIDRA_TRY(const auto permissions, permissions_in(tx, level, *channel));
  if (!brought_in.empty() && (permissions & kInvite) == 0) {
    return fail(Errc::not_allowed, "your role in this channel does not let you invite");
  }
  for (const auto& user : brought_in) {
    UNHIDRA_TRY(const auto banned, is_banned(tx, id, user));
    if (banned) {
      return fail(Errc::banned, "somebody may not come into this channel again");
    }
  }
  for (const auto& user : taken_out) {
    // Who has proposed to leave himself, or has to, may be committed by anybody.
    UNHIDRA_TRY(const auto proposed,
                tx.query("SELECT 1 FROM mls_members WHERE conversation_id = $1 AND user_id = $2 "
                         "AND removal_seq IS NOT NULL LIMIT 1",
                         id, user));
    if (!proposed.empty() || user == asker.user_id) {
      continue;
    }
    if ((permissions & kModerate) == 0) {
      return fail(Errc::not_allowed, "your role in this channel does not let you take people out");
    }
    UNHIDRA_TRY_VOID(check_not_above(tx, asker.org_id, user, level, *channel));
  }
  return {};
}

Status check_channel_reset(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const auto channel, look_for_channel(tx, asker.org_id, id));
  if (!channel) {
    return {};
  }
  UNHIDRA_TRY_VOID(channel_for(tx, asker, id, kModerate));
  return {};
}

}  // namespace unhidra::chat
