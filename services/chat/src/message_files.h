#pragma once
// Files that a message carries, as the server knows them: which they are, so that they go with it.

#include <optional>
#include <vector>

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/conversations.h"

#include "asker.h"

namespace unhidra::chat {

struct PlacedMessage {
  wire::MessageKind kind{};
  std::optional<std::uint64_t> target;  // as check_kind() answered
  std::uint64_t seq = 0;                // in the log
};

// After the message is in the log: its files belong to it, or those of the message that it deletes
// are deleted. Errc::file_missing: a file that the sender has not uploaded completely into this
// conversation, or that another message carries.
Status note_files(storage::Transaction& tx, const Asker& asker, ConversationId id,
                  const PlacedMessage& message, const std::vector<wire::FileId>& file_ids,
                  Timestamp now);

}  // namespace unhidra::chat
