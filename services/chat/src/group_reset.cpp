// A new beginning of a group in the place of one in which nobody can go on.

#include <algorithm>
#include <set>

#include "unhidra/chat/errc.h"

#include "channels.h"
#include "group_changes.h"
#include "group_rules.h"
#include "member_authority.h"
#include "receipts.h"
#include "sending.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

Result<std::optional<wire::Accepted>> reset_before(const GroupService& service, Transaction& tx,
                                                   const Asker& asker, const GroupRow& row,
                                                   const wire::ResetGroup& request) {
  if (row.creation_hash != service.provider.sha256(request.group_info)) {
    return std::nullopt;
  }
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT seq, received_at FROM mls_handshakes WHERE conversation_id = $1 AND "
                       "kind = 3 AND sender_device_id = $2 ORDER BY seq DESC LIMIT 1",
                       row.id, asker.device_id));
  if (rows.empty()) {
    return std::nullopt;
  }
  return wire::Accepted{rows.front().get<std::uint64_t>(0), rows.front().get<Timestamp>(1)};
}

// Those named stay; everybody else is out.
Status keep_members(Transaction& tx, const Asker& asker, const GroupRow& row,
                    const std::vector<UserId>& named, Timestamp now) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT user_id FROM conversation_members WHERE "
                                        "conversation_id = $1 AND left_at IS NULL",
                                        row.id));
  const std::set<UserId> kept(named.begin(), named.end());
  std::size_t found = 0;
  for (const Row member : rows) {
    const auto user = member.get<UserId>(0);
    if (kept.contains(user)) {
      ++found;
      continue;
    }
    UNHIDRA_TRY_VOID(tx.execute_later(
        "UPDATE conversation_members SET left_at = $3, left_seq = $4 WHERE conversation_id = $1 "
        "AND user_id = $2",
        row.id, user, now, row.head_seq));
    UNHIDRA_TRY_VOID(forget_receipts(tx, row.id, user));
  }
  if (found != kept.size() || !kept.contains(asker.user_id)) {
    return fail(Errc::bad_group, "a reset keeps its sender and others of the present members");
  }
  return {};
}

Status swap_group(const GroupService& service, Transaction& tx, const GroupRow& before,
                  const wire::ResetGroup& request, std::uint64_t seq, std::uint32_t suite) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE mls_groups SET reset_count = reset_count + 1, cipher_suite = $2, "
                         "epoch = 0, first_epoch_taken = 0, commit_seq = $3, handshake_seq = $3, "
                         "leaf_count = 1, group_info = $4, creation_hash = $5 "
                         "WHERE conversation_id = $1 AND handshake_seq = $6",
                         before.id, suite, seq, request.group_info,
                         service.provider.sha256(request.group_info), before.handshake_seq));
  if (changed != 1) {
    return fail(Errc::stale_group, "the group has moved on");
  }
  return {};
}

}  // namespace

Result<GroupChange> reset_group(const GroupService& service, Transaction& tx, const Asker& asker,
                                const wire::ResetGroup& request, Timestamp now) {
  UNHIDRA_TRY_VOID(check_group_member(tx, asker, request.conversation_id));
  UNHIDRA_TRY_VOID(check_sending_device(tx, asker));
  UNHIDRA_TRY_VOID(check_channel_reset(tx, asker, request.conversation_id));
  UNHIDRA_TRY(auto row, find_group(tx, asker.org_id, request.conversation_id));
  GroupChange out;
  UNHIDRA_TRY(const auto before, reset_before(service, tx, asker, row, request));
  if (before) {
    out.accepted = *before;
    return out;
  }
  if (row.closed) {
    return fail(Errc::group_closed, "nobody is left in this group");
  }
  if (request.after_seq < row.handshake_seq) {
    return fail(Errc::stale_group, "the group has moved on");
  }
  const MemberAuthority authority(tx, asker.org_id, service.sender.public_key());
  const auto rules = authority.rules(now);
  UNHIDRA_TRY(const auto checked,
              check_new_group(service.provider, mls_group_id(row.id, row.reset_count + 1),
                              request.group_info, request.ratchet_tree, rules));
  const auto suite = static_cast<std::uint32_t>(checked.group.state().suite.id());
  UNHIDRA_TRY_VOID(usable_suite(service.provider, suite));
  const identity::MemberName creator{asker.user_id, asker.device_id};
  if (checked.creator != creator) {
    return fail(Errc::bad_group, "the group's first device is not the one that begins it");
  }
  UNHIDRA_TRY(const auto old, load_group(service.provider, tx, row, rules, service.cache));
  UNHIDRA_TRY(out.removed, group_devices(tx, row.id));
  UNHIDRA_TRY_VOID(swap_group(service, tx, row, request, row.head_seq + 1, suite));
  UNHIDRA_TRY(auto entry, append_handshake(tx, row,
                                           {.kind = wire::GroupEntryKind::reset,
                                            .sender = creator,
                                            .leaf_count = 1,
                                            .content = request.group_info},
                                           now));
  out.accepted = {entry.seq, now};
  out.entries.push_back(std::move(entry));
  UNHIDRA_TRY_VOID(tx.execute_later("DELETE FROM mls_members WHERE conversation_id = $1", row.id));
  UNHIDRA_TRY_VOID(insert_member(tx, row, {0}, creator));
  UNHIDRA_TRY_VOID(keep_members(tx, asker, row, request.member_user_ids, now));
  UNHIDRA_TRY_VOID(
      store_tree(tx, row, old.state().tree, checked.group.state().tree, out.accepted.seq, now));
  return out;
}

}  // namespace unhidra::chat
