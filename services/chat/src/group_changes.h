#pragma once
// What changes a group: its creation, commits, proposals, application messages, a reset, and the
// server's own proposals. One commit an epoch: a commit is checked on a snapshot, and taken if the
// group still stands where it was checked.

#include <variant>

#include "unhidra/base/random.h"

#include "external_sender.h"
#include "group_log.h"

namespace unhidra::chat {

// Application messages are taken of the present epoch and of so many before it, but of none from
// before a device was removed: it could read them.
inline constexpr std::uint64_t kPastEpochs = 4;
inline constexpr std::size_t kMaxProposalsPerRequest = 100;
inline constexpr std::size_t kMaxGroupMessageBytes = 96 * 1024;

// What the functions below need beside the transaction. All of it outlives them.
struct GroupService {
  const crypto::Provider& provider;
  const ExternalSender& sender;
  GroupCache& cache;
  RandomSource& random;
};

// The MLS group id: the conversation's id, and after a reset the number of resets behind it.
Bytes mls_group_id(ConversationId id, std::uint32_t reset_count);

// What the devices concerned are told after the commit of the transaction.
struct GroupChange {
  wire::Accepted accepted;
  std::vector<wire::GroupEntry> entries;
  std::vector<DeviceId> removed;  // they hear of it, too
  std::vector<std::pair<DeviceId, wire::InboxEntry>> welcomes;
};

// The same again is answered as the first time. Errc::group_exists, Errc::bad_group.
Result<wire::Accepted> create_group(const GroupService& service, storage::Transaction& tx,
                                    const Asker& asker, const wire::CreateGroup& request,
                                    Timestamp now);

struct PreparedCommit {
  GroupRow row;
  mls_public::RatchetTree before;
  CheckedCommit checked;
};
// On a snapshot. Errc::stale_group when it is of another epoch; Errc::bad_commit.
Result<std::variant<wire::Accepted, PreparedCommit>> prepare_commit(
    const GroupService& service, storage::Transaction& tx, const Asker& asker,
    const wire::CommitGroup& request, Timestamp now);
// Errc::stale_group when another was first; Errc::stale_devices when people would be in the group
// with a part of their devices.
Result<GroupChange> store_commit(const GroupService& service, storage::Transaction& tx,
                                 const Asker& asker, const PreparedCommit& prepared,
                                 const wire::CommitGroup& request, Timestamp now);

Result<GroupChange> store_proposals(const GroupService& service, storage::Transaction& tx,
                                    const Asker& asker, const wire::ProposeToGroup& request,
                                    Timestamp now);

// Errc::stale_group also when a device is still in the group that has to leave it.
Result<GroupChange> store_group_message(const GroupService& service, storage::Transaction& tx,
                                        const Asker& asker, const wire::SendGroupMessage& request,
                                        Timestamp now);

// Errc::stale_group when `after_seq` is behind; Errc::bad_group.
Result<GroupChange> reset_group(const GroupService& service, storage::Transaction& tx,
                                const Asker& asker, const wire::ResetGroup& request, Timestamp now);

// Proposes that every device leaves which was revoked, or whose user was deactivated. Nothing when
// there is none.
Result<GroupChange> propose_removals(const GroupService& service, storage::Transaction& tx,
                                     OrgId org, ConversationId id, Timestamp now);
// The same for those that are known to have to, in an epoch that has no proposal of theirs yet.
Result<std::vector<wire::GroupEntry>> propose_known_removals(const GroupService& service,
                                                             storage::Transaction& tx,
                                                             GroupRow& row, Timestamp now);

// Groups with devices that have to leave and are not known to, as far as revocations and
// deactivations since `since` go. At most `limit`.
struct GroupOfOrg {
  OrgId org_id;
  ConversationId id;
};
Result<std::vector<GroupOfOrg>> groups_with_removals_due(storage::Transaction& tx, Timestamp since,
                                                         std::uint32_t limit);

}  // namespace unhidra::chat
