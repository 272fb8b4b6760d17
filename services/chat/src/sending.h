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

// Appends to the inbox of a device; `entry.position` is the one after its head.
Status store_in_inbox(storage::Transaction& tx, OrgId org_id, DeviceId device_id,
                      const wire::InboxEntry& entry);

// A device sends only once its account has approved it, and no longer when it is revoked: others
// could not check what it signs, and its socket may live a moment longer than its rights.
// Errc::device_not_approved.
Status check_sending_device(storage::Transaction& tx, const Asker& asker);

// Where the message stands, when it was accepted before; Errc::message_id_reused when in another
// conversation.
Result<std::optional<wire::Accepted>> accepted_before(storage::Transaction& tx, const Asker& asker,
                                                      ConversationId conversation,
                                                      MessageId message);

}  // namespace unhidra::chat
