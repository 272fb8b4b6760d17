#pragma once
// Spaces and channels as places: who is what there and may do what. Roles are inherited down the
// spaces; a channel may make exceptions. Every doubt is a denial.

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/channels.h"

#include "asker.h"

namespace unhidra::chat {

// 1 guest ... 5 super admin, as in the protocol; 0 none.
using Level = std::uint32_t;
inline constexpr Level kGuest = 1;
inline constexpr Level kMember = 2;
inline constexpr Level kSpaceAdmin = 3;
inline constexpr Level kOrgAdmin = 4;
inline constexpr Level kHighestLevel = 5;

inline constexpr unsigned kMaxSpaceDepth = 8;
inline constexpr std::size_t kMaxPlaceName = 80;  // bytes

// Bits of Channel.permissions.
enum ChannelPermission : std::uint32_t {
  kPost = 1,
  kSignal = 2,
  kInvite = 4,
  kManage = 8,
  kModerate = 16,
};
inline constexpr std::uint32_t kAllChannelPermissions = 31;

struct SpaceRow {
  SpaceId id;
  std::optional<SpaceId> parent;
  std::string name;
  bool hidden = false;
  bool archived = false;
};

struct ChannelRow {
  ConversationId id;
  std::optional<SpaceId> space;
  wire::ChannelVisibility visibility = wire::ChannelVisibility::open;
  std::string name;
  wire::PostingRule posting = wire::PostingRule::everyone;
  bool is_default = false;
  bool archived = false;

  bool is_open() const { return visibility == wire::ChannelVisibility::open; }
};

Result<std::optional<SpaceRow>> look_for_space(storage::Transaction& tx, OrgId org, SpaceId id);
Result<std::optional<ChannelRow>> look_for_channel(storage::Transaction& tx, OrgId org,
                                                   ConversationId id);

// What the asker is in a space, with what the spaces above it give.
Result<Level> level_in_space(storage::Transaction& tx, const Asker& asker, SpaceId id);
// Of somebody whose role in the organisation is `base`.
Result<Level> level_in_channel(storage::Transaction& tx, UserId user, Level base,
                               const ChannelRow& channel);
// The highest role that somebody has in the organisation.
Result<Level> level_in_organization(storage::Transaction& tx, OrgId org, UserId user);
// The asker with no more than what he is at this moment: his request may have been admitted before
// a role was taken from him. For transactions that change places.
Result<Asker> as_of_now(storage::Transaction& tx, Asker asker);
Result<std::uint32_t> permissions_in(storage::Transaction& tx, Level level,
                                     const ChannelRow& channel);

// A space that the asker may know of. Errc::not_found.
Result<SpaceRow> visible_space(storage::Transaction& tx, const Asker& asker, SpaceId id);

// A channel and what the asker may do in it. Errc::not_found when he may not know of it: the same
// whether it is there or not.
struct ChannelView {
  ChannelRow channel;
  Level level = kGuest;
  std::uint32_t permissions = 0;
  bool member = false;
};
Result<ChannelView> visible_channel(storage::Transaction& tx, const Asker& asker,
                                    ConversationId id);
// The same, with the permission: Errc::not_allowed.
Result<ChannelView> channel_for(storage::Transaction& tx, const Asker& asker, ConversationId id,
                                ChannelPermission needed);

// 1 to 80 bytes of printable UTF-8 that do not begin or end with a space. Errc::bad_name.
Status check_place_name(std::string_view name);
}  // namespace unhidra::chat
