#include "places.h"

#include <algorithm>

#include "unhidra/base/text.h"
#include "unhidra/chat/errc.h"

#include "conversations.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

Result<Level> granted(Transaction& tx, UserId user, ByteView place) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT role FROM place_roles WHERE place_id = $1 AND user_id = $2", place, user));
  return rows.empty() ? Level{0} : rows.front().get<Level>(0);
}

// The highest of what is granted in this space and those above it.
Result<Level> granted_down_to(Transaction& tx, UserId user, std::optional<SpaceId> space) {
  Level out = 0;
  for (unsigned depth = 0; space && depth < kMaxSpaceDepth; ++depth) {
    UNHIDRA_TRY(const auto here, granted(tx, user, space->bytes()));
    out = std::max(out, here);
    UNHIDRA_TRY(const auto rows,
                tx.query("SELECT parent_space_id FROM spaces WHERE space_id = $1", *space));
    space = rows.empty() ? std::nullopt : rows.front().get<std::optional<SpaceId>>(0);
  }
  return out;
}

constexpr std::uint32_t permissions_of(Level level) {
  std::uint32_t out = kPost | kSignal;
  if (level >= kMember) {
    out |= kInvite;
  }
  if (level >= kSpaceAdmin) {
    out |= kManage | kModerate;
  }
  return out;
}

}  // namespace

Result<std::optional<SpaceRow>> look_for_space(Transaction& tx, OrgId org, SpaceId id) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT parent_space_id, name, hidden, archived_at FROM "
                                        "spaces WHERE space_id = $1 AND org_id = $2",
                                        id, org));
  if (rows.empty()) {
    return std::nullopt;
  }
  const Row row = rows.front();
  return SpaceRow{id, row.get<std::optional<SpaceId>>(0), row.get<std::string>(1), row.get<bool>(2),
                  !row.is_null(3)};
}

Result<std::optional<ChannelRow>> look_for_channel(Transaction& tx, OrgId org, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT space_id, visibility, name, posting, is_default, archived_at FROM "
                       "channels WHERE channel_id = $1 AND org_id = $2 AND deleted_at IS NULL",
                       id, org));
  if (rows.empty()) {
    return std::nullopt;
  }
  const Row row = rows.front();
  return ChannelRow{id,
                    row.get<std::optional<SpaceId>>(0),
                    static_cast<wire::ChannelVisibility>(row.get<std::uint8_t>(1)),
                    row.get<std::optional<std::string>>(2).value_or(std::string()),
                    static_cast<wire::PostingRule>(row.get<std::uint8_t>(3)),
                    row.get<bool>(4),
                    !row.is_null(5)};
}

Result<Level> level_in_space(Transaction& tx, const Asker& asker, SpaceId id) {
  UNHIDRA_TRY(const auto here, granted_down_to(tx, asker.user_id, id));
  return std::max(asker.level, here);
}

Result<Level> level_in_channel(Transaction& tx, UserId user, Level base,
                               const ChannelRow& channel) {
  UNHIDRA_TRY(const auto here, granted(tx, user, channel.id.bytes()));
  UNHIDRA_TRY(const auto above, granted_down_to(tx, user, channel.space));
  return std::max({base, here, above});
}

Result<Level> level_in_organization(Transaction& tx, OrgId org, UserId user) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT r.name FROM user_roles ur JOIN roles r ON r.role_id = ur.role_id "
                       "WHERE ur.user_id = $1 AND ur.org_id = $2 AND r.org_id IS NULL",
                       user, org));
  Level out = kGuest;
  for (const Row row : rows) {
    if (const auto role = access::parse_role(row.get<std::string>(0))) {
      out = std::max(out, static_cast<Level>(*role) + 1);
    }
  }
  return out;
}

Result<Asker> as_of_now(Transaction& tx, Asker asker) {
  UNHIDRA_TRY(const auto level, level_in_organization(tx, asker.org_id, asker.user_id));
  asker.level = std::min(asker.level, level);
  return asker;
}

Result<std::uint32_t> permissions_in(Transaction& tx, Level level, const ChannelRow& channel) {
  auto out = permissions_of(level);
  if (level < kOrgAdmin) {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT allowed, denied FROM channel_overrides WHERE "
                                          "channel_id = $1 AND role = $2",
                                          channel.id, level));
    if (!rows.empty()) {
      out = (out | rows.front().get<std::uint32_t>(0)) & ~rows.front().get<std::uint32_t>(1);
    }
  }
  if (channel.posting == wire::PostingRule::announcements && (out & kManage) == 0) {
    out &= ~std::uint32_t{kPost};
  }
  return out;
}

Result<SpaceRow> visible_space(Transaction& tx, const Asker& asker, SpaceId id) {
  UNHIDRA_TRY(auto space, look_for_space(tx, asker.org_id, id));
  bool visible = space.has_value();
  auto at = space;
  for (unsigned depth = 0; visible && at && depth < kMaxSpaceDepth; ++depth) {
    if (at->hidden && asker.level < kOrgAdmin) {
      UNHIDRA_TRY(const auto role, granted_down_to(tx, asker.user_id, at->id));
      visible = role > 0;
    }
    if (!at->parent) {
      break;
    }
    UNHIDRA_TRY(at, look_for_space(tx, asker.org_id, *at->parent));
  }
  if (!visible) {
    return fail(Errc::not_found, "no such space");
  }
  return std::move(*space);
}

Result<ChannelView> visible_channel(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(auto channel, look_for_channel(tx, asker.org_id, id));
  if (!channel) {
    return fail(Errc::not_found, "no such channel");
  }
  ChannelView out{std::move(*channel)};
  UNHIDRA_TRY(out.member, is_member(tx, asker, id));
  UNHIDRA_TRY(out.level, level_in_channel(tx, asker.user_id, asker.level, out.channel));
  const bool seen =
      out.member || out.level >= kOrgAdmin || (out.channel.is_open() && asker.level >= kMember);
  if (!seen) {
    return fail(Errc::not_found, "no such channel");
  }
  if (out.channel.space && !out.member) {
    const auto space = visible_space(tx, asker, *out.channel.space);
    if (!space) {
      return space.error() == Errc::not_found ? fail(Errc::not_found, "no such channel")
                                              : fail(Error(space.error()));
    }
  }
  UNHIDRA_TRY(out.permissions, permissions_in(tx, out.level, out.channel));
  return out;
}

Result<ChannelView> channel_for(Transaction& tx, const Asker& asker, ConversationId id,
                                ChannelPermission needed) {
  UNHIDRA_TRY(auto out, visible_channel(tx, asker, id));
  if ((out.permissions & needed) == 0) {
    return fail(Errc::not_allowed, "your role in this channel does not allow that");
  }
  return out;
}

Status check_place_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxPlaceName || !is_valid_utf8(name) ||
      printable(name) != name || name.front() == ' ' || name.back() == ' ') {
    return fail(Errc::bad_name, "a name has 1 to " + std::to_string(kMaxPlaceName) +
                                    " bytes of printable UTF-8, and no space at its ends");
  }
  return {};
}

}  // namespace unhidra::chat
