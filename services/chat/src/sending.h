#pragma once
// Taking a message into a conversation's log and its recipients' inboxes.

#include <variant>
#include <vector>

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/conversations.h"

#include "asker.h"

namespace unhidra::chat {

inline constexpr std::size_t kMaxCiphertextBytes = 96 * 1024;

struct Stored {
  wire::Accepted accepted;
  // What each recipient device is to be told; empty when the message had been accepted before.
  std::vector<std::pair<DeviceId, wire::InboxEntry>> entries;
};
// Stores the message, or says how the set of devices differs and stores nothing.
Result<std::variant<Stored, wire::StaleDevices>> store_message(storage::Transaction& tx,
                                                               const Asker& asker,
                                                               const wire::SendMessage& message,
                                                               Timestamp now);

}  // namespace unhidra::chat
