#include "channels.h"

#include <algorithm>

#include "unhidra/base/fold_case.h"
#include "unhidra/chat/errc.h"
#include "unhidra/identity/group_extensions.h"
#include "unhidra/mls_public/framing.h"

#include "conversations.h"
#include "group_store.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

constexpr std::uint32_t kMaxOfOneName = 100;  // more of one name are not looked at

bool is_open_group(const GroupRow& row) {
  const auto message = mls_public::MlsMessage::parse(row.group_info);
  const auto* info = message ? message->as<mls_public::GroupInfo>() : nullptr;
  return info != nullptr &&
         info->group_context.extensions.find(
             static_cast<mls_public::ExtensionType>(identity::kOpenChannelExtension)) != nullptr;
}

Status check_rules(const wire::CreateChannel& request) {
  const bool open = request.visibility == wire::ChannelVisibility::open;
  if (request.visibility > wire::ChannelVisibility::hidden ||
      request.posting > wire::PostingRule::announcements || (request.is_default && !open)) {
    return fail(Errc::malformed, "no such kind of channel");
  }
  if (open) {
    return check_place_name(request.name);
  }
  return request.name.empty()
             ? Status()
             : Status(
                   fail(Errc::bad_name, "the name of a private channel stays among its members"));
}

Status check_space(Transaction& tx, const Asker& asker, const wire::CreateChannel& request) {
  Level level = asker.level;
  if (request.space_id) {
    UNHIDRA_TRY(const auto space, visible_space(tx, asker, *request.space_id));
    if (space.archived) {
      return fail(Errc::place_archived, "the space is archived");
    }
    UNHIDRA_TRY(level, level_in_space(tx, asker, *request.space_id));
  }
  if (level < kMember || (request.is_default && level < kSpaceAdmin)) {
    return fail(Errc::not_allowed, "your role there does not allow that");
  }
  return {};
}

// A name is taken when the asker may know of the channel that has it: "taken" about one in a hidden
// space would tell him that it is there.
Status check_name_free(Transaction& tx, const Asker& asker, std::string_view folded,
                       ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT channel_id FROM channels WHERE org_id = $1 AND folded_name = $2 AND "
                       "deleted_at IS NULL AND channel_id <> $3 LIMIT $4",
                       asker.org_id, folded, id, kMaxOfOneName));
  for (const Row row : rows) {
    const auto other = visible_channel(tx, asker, row.get<ConversationId>(0));
    if (other) {
      return fail(Errc::name_taken, "there is a channel of this name already");
    }
    if (other.error() != Errc::not_found) {
      return fail(Error(other.error()));
    }
  }
  return {};
}

std::optional<std::string> if_any(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

// `%`, `_` and the escape itself stand for themselves.
std::string like_part(std::string_view text) {
  std::string out = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') {
      out += '!';
    }
    out += c;
  }
  return out + "%";
}

Result<wire::Channel> describe(Transaction& tx, const ChannelView& view) {
  const auto& channel = view.channel;
  UNHIDRA_TRY(const auto count,
              tx.query("SELECT COUNT(*) FROM conversation_members WHERE conversation_id = $1 AND "
                       "left_at IS NULL",
                       channel.id));
  return wire::Channel{channel.id,       channel.space,   channel.visibility,
                       channel.name,     channel.posting, channel.is_default,
                       channel.archived, view.member,     count.front().get<std::uint32_t>(0),
                       view.permissions};
}

}  // namespace

Status create_channel(Transaction& tx, const Asker& asker, const wire::CreateChannel& request,
                      Timestamp now) {
  UNHIDRA_TRY_VOID(check_rules(request));
  UNHIDRA_TRY_VOID(check_space(tx, asker, request));
  UNHIDRA_TRY(const auto created,
              tx.query("SELECT 1 FROM conversations c JOIN conversation_members m ON "
                       "m.conversation_id = c.conversation_id AND m.user_id = c.created_by WHERE "
                       "c.conversation_id = $1 AND c.org_id = $2 AND c.created_by = $3 AND "
                       "m.left_at IS NULL",
                       request.channel_id, asker.org_id, asker.user_id));
  if (created.empty()) {
    return fail(Errc::not_found, "you have created no such group");
  }
  UNHIDRA_TRY(const auto group, find_group(tx, asker.org_id, request.channel_id));
  const bool open = request.visibility == wire::ChannelVisibility::open;
  if (group.closed || is_open_group(group) != open) {
    return fail(Errc::bad_group, "the group was not made for a channel of this kind");
  }
  const auto folded = fold_case(request.name);
  UNHIDRA_TRY(const auto known, tx.query("SELECT visibility FROM channels WHERE channel_id = $1",
                                         request.channel_id));
  if (!known.empty()) {
    return known.front().get<std::uint8_t>(0) == static_cast<std::uint8_t>(request.visibility)
               ? Status()
               : Status(fail(Errc::place_exists, "it is another channel already"));
  }
  if (open) {
    UNHIDRA_TRY_VOID(check_name_free(tx, asker, folded, request.channel_id));
  }
  const auto posting = request.posting == wire::PostingRule::unchanged ? wire::PostingRule::everyone
                                                                       : request.posting;
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO channels (channel_id, org_id, space_id, visibility, name, folded_name, posting, "
      "is_default, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      request.channel_id, asker.org_id, request.space_id,
      static_cast<std::uint32_t>(request.visibility), if_any(request.name), if_any(folded),
      static_cast<std::uint32_t>(posting), request.is_default, asker.user_id, now));
  UNHIDRA_TRY_VOID(tx.execute_later(
      "INSERT INTO channel_members (channel_id, user_id, org_id, joined_at) SELECT "
      "conversation_id, user_id, org_id, joined_at FROM conversation_members WHERE "
      "conversation_id = $1 AND left_at IS NULL",
      request.channel_id));
  return tx.execute_later(
      "INSERT INTO place_roles (place_id, user_id, org_id, role, granted_by, granted_at) VALUES "
      "($1, $2, $3, $4, $2, $5) ON CONFLICT DO NOTHING",
      request.channel_id.bytes(), asker.user_id, asker.org_id, kSpaceAdmin, now);
}

Status update_channel(Transaction& tx, const Asker& asker, const wire::UpdateChannel& request,
                      Timestamp now) {
  UNHIDRA_TRY(auto view, channel_for(tx, asker, request.channel_id, kManage));
  auto& channel = view.channel;
  if (request.posting > wire::PostingRule::announcements ||
      request.state > wire::PlaceState::archived || request.is_default > wire::Switch::off) {
    return fail(Errc::malformed, "no such state of a channel");
  }
  if (!request.name.empty()) {
    if (!channel.is_open()) {
      return fail(Errc::bad_name, "the name of a private channel stays among its members");
    }
    UNHIDRA_TRY_VOID(check_place_name(request.name));
    UNHIDRA_TRY_VOID(check_name_free(tx, asker, fold_case(request.name), channel.id));
    channel.name = request.name;
  }
  if (request.is_default != wire::Switch::unchanged) {
    if (view.level < kSpaceAdmin || !channel.is_open()) {
      return fail(Errc::not_allowed, "only a public channel can be one for newcomers");
    }
    channel.is_default = request.is_default == wire::Switch::on;
  }
  if (request.posting != wire::PostingRule::unchanged) {
    channel.posting = request.posting;
  }
  if (request.state != wire::PlaceState::unchanged) {
    channel.archived = request.state == wire::PlaceState::archived;
  }
  return tx.execute_later(
      "UPDATE channels SET name = $2, folded_name = $3, posting = $4, is_default = $5, "
      "archived_at = $6 WHERE channel_id = $1",
      channel.id, if_any(channel.name), if_any(fold_case(channel.name)),
      static_cast<std::uint32_t>(channel.posting), channel.is_default,
      channel.archived ? std::optional(now) : std::optional<Timestamp>());
}

Result<GroupChange> delete_channel(const GroupService& service, Transaction& tx, const Asker& asker,
                                   ConversationId id, Timestamp now) {
  UNHIDRA_TRY_VOID(channel_for(tx, asker, id, kManage));
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE channels SET deleted_at = $2 WHERE channel_id = $1", id, now));
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE mls_members SET removal_by_server = 1 WHERE conversation_id = $1", id));
  return propose_removals(service, tx, asker.org_id, id, now);
}

Result<wire::Channels> list_channels(Transaction& tx, const Asker& asker,
                                     const wire::ListChannels& request) {
  ConversationId after;
  if (!request.cursor.empty()) {
    auto cursor = ConversationId::from_bytes(request.cursor);
    if (!cursor) {
      return fail(Errc::malformed, "this cursor is not one that the server gave");
    }
    after = *cursor;
  }
  if (request.search.size() > kMaxPlaceName) {
    return fail(Errc::bad_name, "no name is that long");
  }
  const auto limit = request.limit == 0 ? kDefaultPage : std::min(request.limit, kMaxPage);
  // A private one has no name here: no search finds it.
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT c.channel_id FROM channels c LEFT JOIN conversation_members m ON "
               "m.conversation_id = c.channel_id AND m.user_id = $2 AND m.left_at IS NULL WHERE "
               "c.org_id = $1 AND c.channel_id > $3 AND c.deleted_at IS NULL AND "
               "(c.visibility = 0 OR m.user_id IS NOT NULL) AND "
               "($4 = 0 OR m.user_id IS NOT NULL) AND ($5 = '' OR c.folded_name LIKE $6 ESCAPE "
               "'!') ORDER BY c.channel_id LIMIT $7",
               asker.org_id, asker.user_id, after, request.joined ? 1 : 0, request.search,
               like_part(fold_case(request.search)), limit + 1));
  wire::Channels out;
  std::uint32_t looked = 0;
  for (const Row row : rows) {
    if (looked++ == limit) {
      out.next_cursor = to_bytes(after.bytes());
      break;
    }
    after = row.get<ConversationId>(0);
    auto view = visible_channel(tx, asker, after);
    if (!view && view.error() != Errc::not_found) {
      return fail(std::move(view).error());
    }
    if (!view || (request.space_id && view->channel.space != request.space_id)) {
      continue;
    }
    UNHIDRA_TRY(auto channel, describe(tx, *view));
    out.channels.push_back(std::move(channel));
  }
  return out;
}

Result<wire::ChannelDetails> fetch_channel(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const auto view, visible_channel(tx, asker, id));
  wire::ChannelDetails out;
  UNHIDRA_TRY(out.channel, describe(tx, view));
  UNHIDRA_TRY(const auto overrides,
              tx.query("SELECT role, allowed, denied FROM channel_overrides WHERE channel_id = $1 "
                       "ORDER BY role",
                       id));
  for (const Row row : overrides) {
    out.overrides.push_back(
        {row.get<std::uint32_t>(0), row.get<std::uint32_t>(1), row.get<std::uint32_t>(2)});
  }
  if ((view.permissions & kModerate) != 0) {
    UNHIDRA_TRY(const auto banned,
                tx.query("SELECT user_id FROM channel_members WHERE channel_id = $1 AND banned_at "
                         "IS NOT NULL ORDER BY user_id LIMIT 1000",
                         id));
    for (const Row row : banned) {
      out.banned_user_ids.push_back(row.get<UserId>(0));
    }
  }
  return out;
}

Status set_override(Transaction& tx, const Asker& asker, const wire::SetChannelOverride& request) {
  UNHIDRA_TRY(const auto view, channel_for(tx, asker, request.channel_id, kManage));
  const auto bits = request.allow | request.deny;
  if (request.role < kGuest || request.role > kSpaceAdmin ||
      (bits & ~kAllChannelPermissions) != 0 || (request.allow & request.deny) != 0) {
    return fail(Errc::malformed, "no such exception");
  }
  // Nobody gives what he lacks, and nobody shuts out those who could undo it.
  if ((request.allow & ~view.permissions) != 0 || request.role > view.level ||
      (request.role == kSpaceAdmin && view.level < kOrgAdmin)) {
    return fail(Errc::not_allowed, "your role in this channel does not allow that");
  }
  if (bits == 0) {
    return tx.execute_later("DELETE FROM channel_overrides WHERE channel_id = $1 AND role = $2",
                            request.channel_id, request.role);
  }
  return tx.execute_later(
      "INSERT INTO channel_overrides (channel_id, role, org_id, allowed, denied) VALUES ($1, $2, "
      "$3, $4, $5) ON CONFLICT (channel_id, role) DO UPDATE SET allowed = excluded.allowed, "
      "denied = excluded.denied",
      request.channel_id, request.role, asker.org_id, request.allow, request.deny);
}

}  // namespace unhidra::chat
