#include "spaces.h"

#include <algorithm>

#include "unhidra/chat/errc.h"

#include "conversations.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

Status not_allowed() {
  return fail(Errc::not_allowed, "your role there does not allow that");
}

Status check_depth(Transaction& tx, std::optional<SpaceId> parent) {
  unsigned depth = 1;
  while (parent) {
    if (++depth > kMaxSpaceDepth) {
      return fail(Errc::too_deep,
                  "spaces stand at most " + std::to_string(kMaxSpaceDepth) + " deep");
    }
    UNHIDRA_TRY(const auto rows,
                tx.query("SELECT parent_space_id FROM spaces WHERE space_id = $1", *parent));
    parent = rows.empty() ? std::nullopt : rows.front().get<std::optional<SpaceId>>(0);
  }
  return {};
}

Result<SpaceRow> managed_space(Transaction& tx, const Asker& asker, SpaceId id) {
  UNHIDRA_TRY(auto space, visible_space(tx, asker, id));
  UNHIDRA_TRY(const auto level, level_in_space(tx, asker, id));
  if (level < kSpaceAdmin) {
    UNHIDRA_TRY_VOID(not_allowed());
  }
  return space;
}

}  // namespace

Status create_space(Transaction& tx, const Asker& asker, const wire::CreateSpace& request,
                    Timestamp now) {
  UNHIDRA_TRY_VOID(check_place_name(request.name));
  if (request.space_id.is_nil()) {
    return fail(Errc::malformed, "a space needs an id");
  }
  Level level = asker.level;
  if (request.parent_space_id) {
    UNHIDRA_TRY(const auto parent, visible_space(tx, asker, *request.parent_space_id));
    if (parent.archived) {
      return fail(Errc::place_archived, "the space above is archived");
    }
    UNHIDRA_TRY(level, level_in_space(tx, asker, *request.parent_space_id));
    UNHIDRA_TRY_VOID(check_depth(tx, request.parent_space_id));
  }
  if (level < kSpaceAdmin) {
    return not_allowed();
  }
  UNHIDRA_TRY(const auto inserted,
              tx.execute("INSERT INTO spaces (space_id, org_id, parent_space_id, name, hidden, "
                         "created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                         "ON CONFLICT DO NOTHING",
                         request.space_id, asker.org_id, request.parent_space_id, request.name,
                         request.hidden, asker.user_id, now));
  if (inserted == 1) {
    return {};
  }
  UNHIDRA_TRY(const auto same,
              tx.query("SELECT 1 FROM spaces WHERE space_id = $1 AND org_id = $2 AND created_by = "
                       "$3 AND name = $4",
                       request.space_id, asker.org_id, asker.user_id, request.name));
  return same.empty() ? Status(fail(Errc::place_exists, "there is a space with this id already"))
                      : Status();
}

Status update_space(Transaction& tx, const Asker& asker, const wire::UpdateSpace& request,
                    Timestamp now) {
  UNHIDRA_TRY(auto space, managed_space(tx, asker, request.space_id));
  if (!request.name.empty()) {
    UNHIDRA_TRY_VOID(check_place_name(request.name));
    space.name = request.name;
  }
  if (request.state > wire::PlaceState::archived) {
    return fail(Errc::malformed, "no such state of a space");
  }
  const bool archived = request.state == wire::PlaceState::unchanged
                            ? space.archived
                            : request.state == wire::PlaceState::archived;
  return tx.execute_later("UPDATE spaces SET name = $2, archived_at = $3 WHERE space_id = $1",
                          space.id, space.name,
                          archived ? std::optional(now) : std::optional<Timestamp>());
}

Status delete_space(Transaction& tx, const Asker& asker, SpaceId id) {
  UNHIDRA_TRY_VOID(managed_space(tx, asker, id));
  UNHIDRA_TRY(const auto below,
              tx.query("SELECT 1 FROM spaces WHERE parent_space_id = $1 LIMIT 1", id));
  UNHIDRA_TRY(
      const auto channels,
      tx.query("SELECT 1 FROM channels WHERE space_id = $1 AND deleted_at IS NULL LIMIT 1", id));
  if (!below.empty() || !channels.empty()) {
    return fail(Errc::not_empty, "there are spaces or channels in it");
  }
  UNHIDRA_TRY_VOID(tx.execute_later("UPDATE channels SET space_id = NULL WHERE space_id = $1", id));
  UNHIDRA_TRY_VOID(tx.execute_later("DELETE FROM place_roles WHERE place_id = $1", id.bytes()));
  return tx.execute_later("DELETE FROM spaces WHERE space_id = $1", id);
}

Result<wire::Spaces> list_spaces(Transaction& tx, const Asker& asker,
                                 const wire::ListSpaces& request) {
  SpaceId after;
  if (!request.cursor.empty()) {
    auto cursor = SpaceId::from_bytes(request.cursor);
    if (!cursor) {
      return fail(Errc::malformed, "this cursor is not one that the server gave");
    }
    after = *cursor;
  }
  const auto limit = request.limit == 0 ? kMaxPage : std::min(request.limit, kMaxPage);
  UNHIDRA_TRY(const auto rows, tx.query("SELECT space_id FROM spaces WHERE org_id = $1 AND "
                                        "space_id > $2 ORDER BY space_id LIMIT $3",
                                        asker.org_id, after, limit + 1));
  wire::Spaces out;
  std::uint32_t looked = 0;
  for (const Row row : rows) {
    if (looked++ == limit) {
      out.next_cursor = to_bytes(after.bytes());
      break;
    }
    after = row.get<SpaceId>(0);
    auto space = visible_space(tx, asker, after);
    if (!space && space.error() == Errc::not_found) {
      continue;
    }
    if (!space) {
      return fail(std::move(space).error());
    }
    UNHIDRA_TRY(const auto level, level_in_space(tx, asker, after));
    out.spaces.push_back(
        {after, space->parent, space->name, space->hidden, space->archived, level});
  }
  return out;
}

Status set_place_role(Transaction& tx, const Asker& asker, const wire::SetPlaceRole& request,
                      Timestamp now) {
  if (request.space_id.has_value() == request.channel_id.has_value() ||
      request.role > kHighestLevel) {
    return fail(Errc::malformed, "a role is given in a space or in a channel");
  }
  Level own = 0;
  if (request.space_id) {
    UNHIDRA_TRY_VOID(managed_space(tx, asker, *request.space_id));
    UNHIDRA_TRY(own, level_in_space(tx, asker, *request.space_id));
  } else {
    UNHIDRA_TRY(const auto view, channel_for(tx, asker, *request.channel_id, kManage));
    own = view.level;
  }
  const auto place = request.space_id ? request.space_id->bytes() : request.channel_id->bytes();
  UNHIDRA_TRY(const auto users, tx.query("SELECT 1 FROM users WHERE user_id = $1 AND org_id = $2",
                                         request.user_id, asker.org_id));
  if (users.empty()) {
    return fail(Errc::not_found, "no such user");
  }
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT role FROM place_roles WHERE place_id = $1 AND user_id = $2", place,
                       request.user_id));
  const Level now_is = rows.empty() ? 0 : rows.front().get<Level>(0);
  // Nobody grants or takes what is above him; an organisation's own roles are not given here.
  if (request.role > std::min(own, kSpaceAdmin) || now_is > own) {
    return not_allowed();
  }
  if (request.role == 0) {
    return tx.execute_later("DELETE FROM place_roles WHERE place_id = $1 AND user_id = $2", place,
                            request.user_id);
  }
  return tx.execute_later(
      "INSERT INTO place_roles (place_id, user_id, org_id, role, granted_by, granted_at) VALUES "
      "($1, $2, $3, $4, $5, $6) ON CONFLICT (place_id, user_id) DO UPDATE SET role = "
      "excluded.role, granted_by = excluded.granted_by, granted_at = excluded.granted_at",
      place, request.user_id, asker.org_id, request.role, asker.user_id, now);
}

}  // namespace unhidra::chat
