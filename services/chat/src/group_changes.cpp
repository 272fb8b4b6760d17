// Creation and commits. Proposals and messages: group_sending.cpp.

#include "group_changes.h"

#include <algorithm>

#include "unhidra/base/codec.h"
#include "unhidra/chat/errc.h"

#include "channels.h"
#include "group_rules.h"
#include "member_authority.h"
#include "sending.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

std::uint32_t suite_number(const mls_public::PublicState& state) {
  return static_cast<std::uint32_t>(state.suite.id());
}

Status insert_conversation(Transaction& tx, const Asker& asker, ConversationId id, Timestamp now) {
  UNHIDRA_TRY(
      const auto inserted,
      tx.execute("INSERT INTO conversations (conversation_id, org_id, kind, head_seq, "
                 "created_by, created_at, last_activity_at) VALUES ($1, $2, 'group', 0, $3, "
                 "$4, $4) ON CONFLICT DO NOTHING",
                 id, asker.org_id, asker.user_id, now));
  if (inserted != 1) {
    return fail(Errc::group_exists, "there is a conversation with this id already");
  }
  return {};
}

Status insert_group(Transaction& tx, const GroupRow& row, const mls_public::PublicState& state,
                    Timestamp now) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO mls_groups (conversation_id, org_id, cipher_suite, reset_count, epoch, "
      "first_epoch_taken, commit_seq, handshake_seq, leaf_count, group_info, creation_hash) "
      "VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 1, $4, $5)",
      row.id, row.org_id, suite_number(state), row.group_info, row.creation_hash));
  return store_tree(tx, row, mls_public::RatchetTree(), state.tree, 0, now);
}

// The same creation, when it took effect and its answer was lost.
Result<std::optional<wire::Accepted>> created_before(const GroupService& service, Transaction& tx,
                                                     const Asker& asker,
                                                     const wire::CreateGroup& request) {
  UNHIDRA_TRY(const auto row, look_for_group(tx, asker.org_id, request.conversation_id));
  if (!row) {
    return std::nullopt;
  }
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT created_at FROM conversations WHERE conversation_id = $1 AND "
                       "created_by = $2",
                       row->id, asker.user_id));
  if (rows.empty() || row->creation_hash != service.provider.sha256(request.group_info)) {
    return fail(Errc::group_exists, "there is a conversation with this id already");
  }
  return wire::Accepted{0, rows.front().get<Timestamp>(0)};
}

// Where the group stood when the commit was checked, it must stand still.
Status swap_epoch(Transaction& tx, const PreparedCommit& prepared, const wire::CommitGroup& request,
                  std::uint64_t seq) {
  const auto& row = prepared.row;
  const auto& commit = prepared.checked.commit;
  const auto next = row.epoch + 1;
  const bool shut = !prepared.checked.removed.empty() && !commit.external;
  const auto window = next > kPastEpochs ? next - kPastEpochs : 0;
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE mls_groups SET epoch = $2, first_epoch_taken = $3, "
                         "commit_seq = $4, handshake_seq = $4, leaf_count = $5, group_info = $6 "
                         "WHERE conversation_id = $1 AND commit_seq = $7 AND handshake_seq = $8 "
                         "AND closed_at IS NULL",
                         row.id, next, shut ? next : std::max(row.first_epoch_taken, window), seq,
                         commit.next.tree.leaf_count(), request.group_info, row.commit_seq,
                         row.handshake_seq));
  if (changed != 1) {
    return fail(Errc::stale_group, "another commit or proposal was first");
  }
  return {};
}

Status update_leaves(Transaction& tx, const PreparedCommit& prepared) {
  const auto& row = prepared.row;
  const auto& commit = prepared.checked.commit;
  for (const auto leaf : commit.removed) {
    UNHIDRA_TRY_VOID(
        tx.execute_later("DELETE FROM mls_members WHERE conversation_id = $1 AND leaf_index = $2",
                         row.id, leaf.value));
  }
  for (std::size_t i = 0; i < commit.added.size(); ++i) {
    UNHIDRA_TRY_VOID(insert_member(tx, row, commit.added[i], prepared.checked.added[i].name));
  }
  if (commit.external) {
    UNHIDRA_TRY_VOID(insert_member(tx, row, commit.committer, prepared.checked.committer));
  }
  // A new epoch has no proposals yet. Who has to leave still has to: see propose_known_removals().
  return tx.execute_later(
      "UPDATE mls_members SET removal_seq = NULL WHERE conversation_id = $1 "
      "AND removal_seq IS NOT NULL",
      row.id);
}

MembershipChange membership_change(const CheckedCommit& checked) {
  MembershipChange out{.added = {}, .removed = checked.removed};
  for (const auto& member : checked.added) {
    out.added.push_back(member.name);
  }
  return out;
}

// People who were not in the group before, and those of whom no device stays.
Status check_channel_rules(Transaction& tx, const Asker& asker, const GroupRow& row,
                           const MembershipChange& change, Timestamp now) {
  std::set<UserId> brought_in;
  std::set<UserId> taken_out;
  for (const auto& name : change.added) {
    UNHIDRA_TRY(const auto known,
                tx.query("SELECT 1 FROM conversation_members WHERE conversation_id = $1 AND "
                         "user_id = $2 AND left_at IS NULL",
                         row.id, name.user_id));
    if (known.empty()) {
      brought_in.insert(name.user_id);
    }
  }
  for (const auto& name : change.removed) {
    UNHIDRA_TRY(const auto present,
                tx.query("SELECT 1 FROM device_list_members l JOIN devices d ON d.device_id = "
                         "l.device_id WHERE l.device_id = $1 AND d.revoked_at IS NULL",
                         name.device_id));
    if (!present.empty()) {
      taken_out.insert(name.user_id);
    }
  }
  UNHIDRA_TRY_VOID(check_channel_commit(tx, asker, row.id, brought_in, taken_out));
  return note_channel_members(tx, row.org_id, row.id, brought_in, now);
}

Status check_external(Transaction& tx, const Asker& asker, const GroupRow& row) {
  UNHIDRA_TRY_VOID(check_group_member(tx, asker, row.id));
  return check_sending_device(tx, asker);
}

Result<std::pair<DeviceId, wire::InboxEntry>> deliver_welcome(const GroupService& service,
                                                              Transaction& tx, const Asker& asker,
                                                              const GroupRow& row,
                                                              const NewMember& member,
                                                              std::uint64_t seq, Timestamp now) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT inbox_head FROM devices WHERE device_id = $1",
                                        member.name.device_id));
  if (rows.empty()) {
    return fail(Errc::stale_devices, "a device is added that is not there");
  }
  wire::InboxEntry entry{.position = rows.front().get<std::uint64_t>(0) + 1,
                         .conversation_id = row.id,
                         .seq = seq,
                         .message_id = MessageId(make_uuid_v7(now, service.random)),
                         .sender_user_id = asker.user_id,
                         .sender_device_id = asker.device_id,
                         .sent_at = now,
                         .received_at = now,
                         .ciphertext = member.welcome,
                         .kind = wire::InboxKind::welcome};
  UNHIDRA_TRY_VOID(store_in_inbox(tx, row.org_id, member.name.device_id, entry));
  return std::pair(member.name.device_id, std::move(entry));
}

}  // namespace

Bytes mls_group_id(ConversationId id, std::uint32_t reset_count) {
  ByteWriter out;
  out.raw(id.bytes());
  if (reset_count > 0) {
    out.u32(reset_count);
  }
  return std::move(out).take();
}

Result<wire::Accepted> create_group(const GroupService& service, Transaction& tx,
                                    const Asker& asker, const wire::CreateGroup& request,
                                    Timestamp now) {
  if (request.conversation_id.is_nil()) {
    return fail(Errc::malformed, "a group needs an id");
  }
  UNHIDRA_TRY_VOID(check_sending_device(tx, asker));
  UNHIDRA_TRY(const auto before, created_before(service, tx, asker, request));
  if (before) {
    return *before;
  }
  const MemberAuthority authority(tx, asker.org_id, service.sender.public_key());
  UNHIDRA_TRY(const auto checked,
              check_new_group(service.provider, request.conversation_id.bytes(), request.group_info,
                              request.ratchet_tree, authority.rules(now)));
  const auto& state = checked.group.state();
  UNHIDRA_TRY_VOID(usable_suite(service.provider, suite_number(state)));
  const identity::MemberName creator{asker.user_id, asker.device_id};
  if (checked.creator != creator) {
    return fail(Errc::bad_group, "the group's first device is not the one that creates it");
  }
  UNHIDRA_TRY_VOID(insert_conversation(tx, asker, request.conversation_id, now));
  GroupRow row{.id = request.conversation_id, .org_id = asker.org_id};
  row.group_info = request.group_info;
  row.creation_hash = service.provider.sha256(request.group_info);
  UNHIDRA_TRY_VOID(insert_group(tx, row, state, now));
  UNHIDRA_TRY_VOID(insert_member(tx, row, {0}, creator));
  UNHIDRA_TRY_VOID(update_users(tx, row, {.added = {creator}, .removed = {}}, 0, now));
  return wire::Accepted{0, now};
}

Result<std::variant<wire::Accepted, PreparedCommit>> prepare_commit(
    const GroupService& service, Transaction& tx, const Asker& asker,
    const wire::CommitGroup& request, Timestamp now) {
  UNHIDRA_TRY(const auto message, parse_commit(request.commit));
  UNHIDRA_TRY_VOID(check_group_member(tx, asker, request.conversation_id));
  UNHIDRA_TRY(auto row, find_group(tx, asker.org_id, request.conversation_id));
  UNHIDRA_TRY(const auto before,
              handshake_accepted_before(tx, asker, row.id, wire::GroupEntryKind::commit,
                                        message.content.epoch, request.commit));
  if (before) {
    return *before;
  }
  if (row.closed) {
    return fail(Errc::group_closed, "nobody is left in this group");
  }
  if (message.content.group_id != mls_group_id(row.id, row.reset_count)) {
    return fail(Errc::bad_commit, "the commit is of another group");
  }
  if (message.content.epoch != row.epoch) {
    return fail(Errc::stale_group, "the commit is of another epoch");
  }
  const MemberAuthority authority(tx, asker.org_id, service.sender.public_key());
  const auto rules = authority.rules(now);
  UNHIDRA_TRY(const auto group, load_group(service.provider, tx, row, rules, service.cache));
  UNHIDRA_TRY(auto checked, check_bundle(group, message, request, rules));
  if (checked.committer != identity::MemberName{asker.user_id, asker.device_id}) {
    return fail(Errc::bad_commit, "the commit is another device's than the one that sends it");
  }
  return PreparedCommit{std::move(row), group.state().tree, std::move(checked)};
}

Result<GroupChange> store_commit(const GroupService& service, Transaction& tx, const Asker& asker,
                                 const PreparedCommit& prepared, const wire::CommitGroup& request,
                                 Timestamp now) {
  const auto& checked = prepared.checked;
  const auto& commit = checked.commit;
  UNHIDRA_TRY(auto row, find_group(tx, asker.org_id, request.conversation_id));
  UNHIDRA_TRY_VOID(check_sending_device(tx, asker));
  const auto change = membership_change(checked);
  if (commit.external) {
    UNHIDRA_TRY_VOID(check_external(tx, asker, row));
  } else {
    UNHIDRA_TRY_VOID(check_device_sets(tx, row, suite_number(commit.next), change));
    UNHIDRA_TRY_VOID(check_channel_rules(tx, asker, row, change, now));
  }
  UNHIDRA_TRY_VOID(swap_epoch(tx, prepared, request, row.head_seq + 1));
  GroupChange out;
  UNHIDRA_TRY(auto entry, append_handshake(tx, row,
                                           {.kind = wire::GroupEntryKind::commit,
                                            .sender = checked.committer,
                                            .leaf_count = commit.next.tree.leaf_count(),
                                            .content = request.commit},
                                           now));
  out.accepted = {entry.seq, now};
  UNHIDRA_TRY_VOID(update_leaves(tx, prepared));
  if (!commit.external) {
    UNHIDRA_TRY_VOID(update_users(tx, row, change, entry.seq, now));
  }
  for (const auto& member : checked.added) {
    UNHIDRA_TRY(auto welcome, deliver_welcome(service, tx, asker, row, member, entry.seq, now));
    out.welcomes.push_back(std::move(welcome));
  }
  UNHIDRA_TRY_VOID(store_tree(tx, row, prepared.before, commit.next.tree, entry.seq, now));
  for (const auto& name : checked.removed) {
    out.removed.push_back(name.device_id);
  }
  out.entries.push_back(std::move(entry));
  // What the server had proposed and this commit could not cover.
  ++row.epoch;
  row.group_info = request.group_info;
  UNHIDRA_TRY(auto again, propose_known_removals(service, tx, row, now));
  std::ranges::move(again, std::back_inserter(out.entries));
  return out;
}

}  // namespace unhidra::chat
