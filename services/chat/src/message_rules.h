#pragma once
// What the server enforces about messages on their metadata: who edits and deletes what, and how
// long; and what it keeps of it for compliance.

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/channels.h"

#include "asker.h"

namespace unhidra::chat {

inline constexpr wire::ChatPolicy kDefaultChatPolicy{5 * 60, true, false};
inline constexpr std::uint32_t kMaxEditWindow = 365 * 24 * 3600;  // seconds

Result<wire::ChatPolicy> chat_policy(storage::Transaction& tx, OrgId org);
// Without receipts what was reported of them is deleted. Errc::malformed for a window of more than
// a year.
Status store_chat_policy(storage::Transaction& tx, OrgId org, const wire::ChatPolicy& policy,
                         Timestamp now);

// What a message does to another one.
struct Reference {
  std::optional<std::uint64_t> target;  // seq of the message that an edit or deletion refers to
  bool by_moderator = false;            // it is somebody else's, whose deletion the role allows
};
// What a message claims to be. Only its author edits a message; whoever moderates the channel
// deletes it, too. Errc::not_found, not_author, edit_window_closed, message_deleted, malformed.
Result<Reference> check_kind(storage::Transaction& tx, const Asker& asker, ConversationId id,
                             wire::MessageKind kind,
                             const std::optional<wire::MessageRef>& refers_to, Timestamp now);
// After the message is in the log at `seq`: `target` is what check_kind() answered.
Status note_version(storage::Transaction& tx, OrgId org, ConversationId id,
                    std::optional<std::uint64_t> target, wire::MessageKind kind, std::uint64_t seq);

// The two columns of a reference, and back.
std::pair<std::optional<MessageId>, std::optional<DeviceId>> columns_of(
    const std::optional<wire::MessageRef>& ref);
std::optional<wire::MessageRef> read_reference(const storage::Row& row, std::size_t column);

// For who may read them; within the organisation. Errc::not_found.
Result<wire::MessageVersions> message_versions(storage::Transaction& tx, OrgId org,
                                               const wire::FetchMessageVersions& request);

}  // namespace unhidra::chat
