// Proposals and application messages, and what the server proposes by itself.

#include <algorithm>
#include <map>

#include "unhidra/chat/errc.h"

#include "channels.h"
#include "group_changes.h"
#include "group_rules.h"
#include "member_authority.h"
#include "message_files.h"
#include "message_rules.h"
#include "receipts.h"
#include "sending.h"

namespace unhidra::chat {
namespace {

using mls_public::LeafIndex;
using storage::Row;
using storage::Transaction;

// Revocations and deactivations older than this have been noticed by the role's own looks.
constexpr std::chrono::minutes kFreshlyDue{10};

Status check_open(const GroupRow& row) {
  if (row.closed) {
    return fail(Errc::group_closed, "nobody is left in this group");
  }
  return {};
}

Status check_in_group(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY_VOID(check_group_member(tx, asker, id));
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM mls_members WHERE device_id = $1 AND conversation_id = $2",
                       asker.device_id, id));
  if (rows.empty()) {
    return fail(Errc::not_found, "this device is not in the group: come in by external commit");
  }
  return {};
}

// ---- proposals ----

struct Member {
  identity::MemberName name;
  bool removal_proposed = false;
};

Result<std::optional<Member>> member_at(Transaction& tx, const GroupRow& row, LeafIndex leaf) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT user_id, device_id, removal_seq FROM mls_members "
                                        "WHERE conversation_id = $1 AND leaf_index = $2",
                                        row.id, leaf.value));
  if (rows.empty()) {
    return std::nullopt;
  }
  const Row found = rows.front();
  return Member{{found.get<UserId>(0), found.get<DeviceId>(1)}, !found.is_null(2)};
}

Status mark_removal(Transaction& tx, const GroupRow& row, LeafIndex leaf) {
  return tx.execute_later(
      "UPDATE mls_members SET removal_seq = $3 WHERE conversation_id = $1 AND "
      "leaf_index = $2",
      row.id, leaf.value, row.head_seq);
}

// Everybody is to leave: nobody is left who could commit it.
Status close_if_empty(Transaction& tx, const GroupRow& row, GroupChange& change, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM mls_members WHERE conversation_id = $1 AND removal_seq IS "
                       "NULL AND removal_by_server = 0 LIMIT 1",
                       row.id));
  if (!rows.empty()) {
    return {};
  }
  UNHIDRA_TRY(change.removed, group_devices(tx, row.id));
  UNHIDRA_TRY_VOID(tx.execute_later("DELETE FROM mls_members WHERE conversation_id = $1", row.id));
  UNHIDRA_TRY_VOID(tx.execute_later(
      "UPDATE mls_groups SET closed_at = $2 WHERE conversation_id = $1", row.id, now));
  UNHIDRA_TRY_VOID(forget_receipts(tx, row.id));
  return tx.execute_later(
      "UPDATE conversation_members SET left_at = $2, left_seq = $3 "
      "WHERE conversation_id = $1 AND left_at IS NULL",
      row.id, now, row.head_seq);
}

// The proposals of one request, one by one.
class ProposalTaker {
 public:
  ProposalTaker(const GroupService& service, Transaction& tx, const Asker& asker, GroupRow& row,
                Timestamp now)
      : service_(service), tx_(tx), asker_(asker), row_(row), now_(now) {}

  Result<GroupChange> take(const std::vector<Bytes>& proposals) {
    const MemberAuthority authority(tx_, asker_.org_id, service_.sender.public_key());
    const auto rules = authority.rules(now_);
    UNHIDRA_TRY(auto group, load_group(service_.provider, tx_, row_, rules, service_.cache));
    for (const Bytes& bytes : proposals) {
      UNHIDRA_TRY_VOID(take_one(group, bytes, rules));
    }
    const auto suite = static_cast<std::uint32_t>(group.state().suite.id());
    UNHIDRA_TRY_VOID(check_device_sets(tx_, row_, suite, {.added = {}, .removed = leaving_}));
    return std::move(out_);
  }

 private:
  Status take_one(mls_public::PublicGroup& group, const Bytes& bytes,
                  const mls_public::ValidationRules& rules) {
    UNHIDRA_TRY(const auto message, parse_proposal(bytes));
    if (message.content.group_id != group.state().context.group_id) {
      return fail(Errc::bad_proposal, "the proposal is of another group");
    }
    UNHIDRA_TRY(const auto before,
                handshake_accepted_before(tx_, asker_, row_.id, wire::GroupEntryKind::proposal,
                                          message.content.epoch, bytes));
    if (before) {
      out_.accepted = *before;
      return {};
    }
    if (message.content.epoch != row_.epoch) {
      return fail(Errc::stale_group, "the proposal is of another epoch");
    }
    UNHIDRA_TRY(const auto sender, member_at(tx_, row_, message.content.sender.leaf()));
    const identity::MemberName self{asker_.user_id, asker_.device_id};
    if (!sender || sender->name != self) {
      return fail(Errc::bad_proposal,
                  "the proposal is another device's than the one that sends it");
    }
    if (auto added = group.add_proposal(message, rules); !added) {
      return fail(Errc::bad_proposal, added.error().message());
    }
    const auto& proposal = *message.content.proposal();
    const auto* remove = proposal.as<mls_public::Remove>();
    const auto target = remove != nullptr ? remove->removed : message.content.sender.leaf();
    return store(target, remove != nullptr, bytes);
  }

  // Two proposals about one leaf cannot be committed together (section 12.2): a second Remove adds
  // nothing, and who is to leave needs no new keys.
  Status store(LeafIndex target, bool remove, const Bytes& bytes) {
    UNHIDRA_TRY(const auto member, member_at(tx_, row_, target));
    if (!member) {
      return fail(Errc::bad_proposal, "the proposal is about a leaf that is blank");
    }
    if (remove) {
      leaving_.push_back(member->name);
    }
    if (member->removal_proposed) {
      out_.accepted = {row_.handshake_seq, now_};
      return {};
    }
    const identity::MemberName self{asker_.user_id, asker_.device_id};
    UNHIDRA_TRY(auto entry, append_handshake(tx_, row_,
                                             {.kind = wire::GroupEntryKind::proposal,
                                              .sender = self,
                                              .leaf_count = row_.leaf_count,
                                              .content = bytes},
                                             now_));
    if (remove) {
      UNHIDRA_TRY_VOID(mark_removal(tx_, row_, target));
    }
    out_.accepted = {entry.seq, now_};
    out_.entries.push_back(std::move(entry));
    return {};
  }

  const GroupService& service_;
  Transaction& tx_;
  const Asker& asker_;
  GroupRow& row_;
  Timestamp now_;
  GroupChange out_;
  std::vector<identity::MemberName> leaving_;
};

// A commit that was checked before these proposals does not cover them.
Status note_handshakes(Transaction& tx, const GroupRow& row) {
  return tx.execute_later("UPDATE mls_groups SET handshake_seq = $2 WHERE conversation_id = $1",
                          row.id, row.handshake_seq);
}

// ---- messages ----

Result<std::uint64_t> epoch_of(const GroupRow& row, const wire::SendGroupMessage& request) {
  if (request.ciphertext.size() > kMaxGroupMessageBytes) {
    return fail(Errc::message_too_large,
                "a message has at most " + std::to_string(kMaxGroupMessageBytes) + " bytes");
  }
  const auto message = mls_public::MlsMessage::parse(request.ciphertext);
  const auto* sealed = message ? message->as<mls_public::PrivateMessage>() : nullptr;
  if (sealed == nullptr || sealed->content_type != mls_public::ContentType::application ||
      request.message_id.is_nil()) {
    return fail(Errc::malformed, "a message is an MLS PrivateMessage with application data");
  }
  if (sealed->group_id != mls_group_id(row.id, row.reset_count) ||
      sealed->epoch < row.first_epoch_taken) {
    return fail(Errc::stale_group, "the message is of an epoch that is over");
  }
  if (sealed->epoch > row.epoch) {
    return fail(Errc::malformed, "the message is of an epoch that has not begun");
  }
  return sealed->epoch;
}

// Asked for every message, so its cost must not grow with the group: CROSS JOIN has SQLite begin
// with the few who have just been revoked, and not with all members.
Status check_nobody_has_to_leave(Transaction& tx, const GroupRow& row, Timestamp now) {
  UNHIDRA_TRY(const auto known, tx.query("SELECT 1 FROM mls_members WHERE conversation_id = $1 AND "
                                         "removal_by_server = 1 LIMIT 1",
                                         row.id));
  UNHIDRA_TRY(const auto revoked,
              tx.query("SELECT 1 FROM devices d CROSS JOIN mls_members m WHERE m.device_id = "
                       "d.device_id AND m.conversation_id = $1 AND d.revoked_at >= $2 LIMIT 1",
                       row.id, now - kFreshlyDue));
  UNHIDRA_TRY(const auto deactivated,
              tx.query("SELECT 1 FROM users u CROSS JOIN mls_members m WHERE m.user_id = u.user_id "
                       "AND m.conversation_id = $1 AND u.disabled = 1 AND u.updated_at >= $2 "
                       "LIMIT 1",
                       row.id, now - kFreshlyDue));
  if (!known.empty() || !revoked.empty() || !deactivated.empty()) {
    return fail(Errc::stale_group, "a device is in the group that has to leave it first");
  }
  return {};
}

// ---- the server's own proposals ----

// `UPDATE ... FROM` is not in the common subset.
Status mark_due(Transaction& tx, const GroupRow& row) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT m.leaf_index FROM mls_members m "
                       "JOIN devices d ON d.device_id = m.device_id "
                       "JOIN users u ON u.user_id = m.user_id WHERE m.conversation_id = $1 AND "
                       "m.removal_by_server = 0 AND (d.revoked_at IS NOT NULL OR u.disabled = 1)",
                       row.id));
  for (const Row due : rows) {
    UNHIDRA_TRY_VOID(
        tx.execute_later("UPDATE mls_members SET removal_by_server = 1 WHERE "
                         "conversation_id = $1 AND leaf_index = $2",
                         row.id, due.get<std::uint32_t>(0)));
  }
  return {};
}

// Whether the group lets this server propose, and as whom.
bool may_propose(const GroupRow& row, const ExternalSender& sender) {
  const auto message = mls_public::MlsMessage::parse(row.group_info);
  const auto* info = message ? message->as<mls_public::GroupInfo>() : nullptr;
  if (info == nullptr) {
    return false;
  }
  const auto senders = mls_public::external_senders(info->group_context.extensions);
  return senders && *senders && !(*senders)->senders.empty() &&
         std::ranges::equal((*senders)->senders.front().signature_key, sender.public_key().bytes());
}

}  // namespace

Result<GroupChange> store_proposals(const GroupService& service, Transaction& tx,
                                    const Asker& asker, const wire::ProposeToGroup& request,
                                    Timestamp now) {
  if (request.proposals.empty() || request.proposals.size() > kMaxProposalsPerRequest) {
    return fail(Errc::malformed,
                "one to " + std::to_string(kMaxProposalsPerRequest) + " proposals at once");
  }
  UNHIDRA_TRY_VOID(check_in_group(tx, asker, request.conversation_id));
  UNHIDRA_TRY_VOID(check_sending_device(tx, asker));
  UNHIDRA_TRY(auto row, find_group(tx, asker.org_id, request.conversation_id));
  UNHIDRA_TRY_VOID(check_open(row));
  UNHIDRA_TRY(auto out, ProposalTaker(service, tx, asker, row, now).take(request.proposals));
  if (!out.entries.empty()) {
    UNHIDRA_TRY_VOID(note_handshakes(tx, row));
    UNHIDRA_TRY_VOID(close_if_empty(tx, row, out, now));
  }
  return out;
}

Result<GroupChange> store_group_message(const GroupService&, Transaction& tx, const Asker& asker,
                                        const wire::SendGroupMessage& request, Timestamp now) {
  UNHIDRA_TRY_VOID(check_in_group(tx, asker, request.conversation_id));
  UNHIDRA_TRY(const auto before,
              accepted_before(tx, asker, request.conversation_id, request.message_id));
  GroupChange out;
  if (before) {
    out.accepted = *before;
    return out;
  }
  UNHIDRA_TRY_VOID(check_sending_device(tx, asker));
  UNHIDRA_TRY(auto row, find_group(tx, asker.org_id, request.conversation_id));
  UNHIDRA_TRY_VOID(check_open(row));
  UNHIDRA_TRY(const auto epoch, epoch_of(row, request));
  UNHIDRA_TRY_VOID(check_channel_message(tx, asker, row.id, request.kind));
  UNHIDRA_TRY(const auto refers,
              check_kind(tx, asker, row.id, request.kind, request.refers_to, now));
  UNHIDRA_TRY_VOID(check_nobody_has_to_leave(tx, row, now));
  UNHIDRA_TRY_VOID(append_message(tx, row, asker, request, epoch, refers.by_moderator, now));
  UNHIDRA_TRY_VOID(note_version(tx, row.org_id, row.id, refers.target, request.kind, row.head_seq));
  UNHIDRA_TRY_VOID(note_files(tx, asker, row.id, {request.kind, refers.target, row.head_seq},
                              request.file_ids, now));
  out.accepted = {row.head_seq, now};
  out.entries.push_back({.conversation_id = row.id,
                         .seq = row.head_seq,
                         .kind = wire::GroupEntryKind::message,
                         .epoch = epoch,
                         .message_id = request.message_id,
                         .sender_user_id = asker.user_id,
                         .sender_device_id = asker.device_id,
                         .sent_at = request.sent_at,
                         .received_at = now,
                         .content = request.ciphertext,
                         .message_kind = request.kind,
                         .refers_to = request.refers_to,
                         .by_moderator = refers.by_moderator});
  return out;
}

Result<std::vector<wire::GroupEntry>> propose_known_removals(const GroupService& service,
                                                             Transaction& tx, GroupRow& row,
                                                             Timestamp now) {
  std::vector<wire::GroupEntry> out;
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT leaf_index FROM mls_members WHERE conversation_id = $1 AND "
                       "removal_by_server = 1 AND removal_seq IS NULL ORDER BY leaf_index",
                       row.id));
  if (rows.empty() || !may_propose(row, service.sender)) {
    return out;
  }
  const mls_public::GroupContext context{.group_id = mls_group_id(row.id, row.reset_count),
                                         .epoch = row.epoch};
  for (const Row due : rows) {
    const LeafIndex leaf{due.get<std::uint32_t>(0)};
    UNHIDRA_TRY(auto proposal, service.sender.propose_removal(context, leaf));
    UNHIDRA_TRY(auto entry, append_handshake(tx, row,
                                             {.kind = wire::GroupEntryKind::proposal,
                                              .sender = std::nullopt,
                                              .leaf_count = row.leaf_count,
                                              .content = std::move(proposal)},
                                             now));
    UNHIDRA_TRY_VOID(mark_removal(tx, row, leaf));
    out.push_back(std::move(entry));
  }
  UNHIDRA_TRY_VOID(note_handshakes(tx, row));
  return out;
}

Result<GroupChange> propose_removals(const GroupService& service, Transaction& tx, OrgId org,
                                     ConversationId id, Timestamp now) {
  UNHIDRA_TRY(auto row, find_group(tx, org, id));
  GroupChange out;
  if (row.closed) {
    return out;
  }
  UNHIDRA_TRY_VOID(mark_due(tx, row));
  UNHIDRA_TRY(out.entries, propose_known_removals(service, tx, row, now));
  UNHIDRA_TRY_VOID(close_if_empty(tx, row, out, now));
  return out;
}

Result<std::vector<GroupOfOrg>> groups_with_removals_due(Transaction& tx, Timestamp since,
                                                         std::uint32_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT m.org_id, m.conversation_id FROM devices d "
                       "JOIN mls_members m ON m.device_id = d.device_id "
                       "WHERE d.revoked_at >= $1 AND m.removal_by_server = 0 "
                       "UNION SELECT m.org_id, m.conversation_id FROM users u "
                       "JOIN mls_members m ON m.user_id = u.user_id "
                       "WHERE u.disabled = 1 AND u.updated_at >= $1 AND m.removal_by_server = 0 "
                       "LIMIT $2",
                       since, limit));
  std::vector<GroupOfOrg> out;
  for (const Row row : rows) {
    out.push_back({row.get<OrgId>(0), row.get<ConversationId>(1)});
  }
  return out;
}

}  // namespace unhidra::chat
