#include "message_files.h"

#include "unhidra/chat/errc.h"

namespace unhidra::chat {

Status note_files(storage::Transaction& tx, const Asker& asker, ConversationId id,
                  const PlacedMessage& message, const std::vector<wire::FileId>& file_ids,
                  Timestamp now) {
  if (message.kind == wire::MessageKind::deletion && message.target) {
    UNHIDRA_TRY_VOID(
        tx.execute_later("UPDATE files SET deleted_at = $3 WHERE conversation_id = $1 AND "
                         "message_seq = $2 AND deleted_at IS NULL",
                         id, *message.target, now));
  }
  if (file_ids.empty()) {
    return {};
  }
  if (message.kind != wire::MessageKind::content || file_ids.size() > wire::kMaxMessageFiles) {
    return fail(Errc::malformed, "only a message carries files, and at most " +
                                     std::to_string(wire::kMaxMessageFiles));
  }
  for (const auto& file : file_ids) {
    UNHIDRA_TRY(const auto taken,
                tx.execute("UPDATE files SET message_seq = $5 WHERE file_id = $1 AND org_id = $2 "
                           "AND conversation_id = $3 AND user_id = $4 AND completed_at IS NOT NULL "
                           "AND deleted_at IS NULL AND message_seq IS NULL",
                           file, asker.org_id, id, asker.user_id, message.seq));
    if (taken == 0) {
      return fail(Errc::file_missing,
                  "a file of this message is not here, or belongs to another message");
    }
  }
  return {};
}

}  // namespace unhidra::chat
