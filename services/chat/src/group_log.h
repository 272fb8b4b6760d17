#pragma once
// A group's log: commits, proposals, resets and application messages in one gap-free sequence.

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/groups.h"

#include "asker.h"
#include "group_store.h"

namespace unhidra::chat {

inline constexpr std::size_t kMaxGroupLogBytes = 512 * 1024;  // of one answer
inline constexpr std::size_t kTreePieceBytes = 256 * 1024;

// How far the asking device may read: all of it as a member's, up to the end of its membership as a
// former one's. Errc::not_found, Errc::device_not_approved.
Result<std::uint64_t> readable_up_to(storage::Transaction& tx, const Asker& asker,
                                     ConversationId id);
// A user who is in the group now, on a device of the user's list.
Status check_group_member(storage::Transaction& tx, const Asker& asker, ConversationId id);

Result<wire::GroupLog> fetch_group_log(storage::Transaction& tx, const Asker& asker,
                                       const wire::FetchGroupLog& request);
// What the asker needs before it tries again.
Result<wire::StaleGroup> stale_answer(storage::Transaction& tx, const Asker& asker,
                                      ConversationId id, std::uint64_t after_seq);
Result<wire::GroupInfo> fetch_group_info(storage::Transaction& tx, const Asker& asker,
                                         ConversationId id);
// Whether the tree after this place in the log is kept for the asking device: the present one, and
// those to which its Welcomes lead. Errc::not_found.
Result<GroupRow> check_tree_kept(storage::Transaction& tx, const Asker& asker, ConversationId id,
                                 std::uint64_t seq);

// Appends, and moves row.head_seq.
struct NewHandshake {
  wire::GroupEntryKind kind;
  std::optional<identity::MemberName> sender;  // none: the server
  std::uint32_t leaf_count;                    // of the tree that it leaves behind
  Bytes content;
};
Result<wire::GroupEntry> append_handshake(storage::Transaction& tx, GroupRow& row,
                                          NewHandshake handshake, Timestamp now);
Status append_message(storage::Transaction& tx, GroupRow& row, const Asker& asker,
                      const wire::SendGroupMessage& message, std::uint64_t epoch, bool by_moderator,
                      Timestamp now);
// The same handshake of the same device and epoch, when it was accepted before.
Result<std::optional<wire::Accepted>> handshake_accepted_before(
    storage::Transaction& tx, const Asker& asker, ConversationId id, wire::GroupEntryKind kind,
    std::uint64_t epoch, ByteView content);

}  // namespace unhidra::chat
