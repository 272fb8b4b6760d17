#include "sending.h"

#include <algorithm>

#include "unhidra/chat/errc.h"

#include "conversations.h"
#include "message_files.h"
#include "message_rules.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

// Every device that must be able to read: those on the members' signed device lists that are not
// revoked, but the sending one.
Result<std::vector<wire::MissingDevice>> recipients(Transaction& tx, const Asker& asker,
                                                    ConversationId id) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT c.user_id, m.device_id FROM conversation_members c "
               "JOIN device_list_members m ON m.user_id = c.user_id "
               "JOIN devices d ON d.device_id = m.device_id "
               "WHERE c.conversation_id = $1 AND d.revoked_at IS NULL AND m.device_id <> $2",
               id, asker.device_id));
  std::vector<wire::MissingDevice> out;
  out.reserve(rows.size());
  for (const Row row : rows) {
    out.push_back({row.get<UserId>(0), row.get<DeviceId>(1)});
  }
  return out;
}

wire::StaleDevices difference(const std::vector<wire::MissingDevice>& wanted,
                              const std::vector<wire::DeviceCiphertext>& given) {
  wire::StaleDevices out;
  for (const auto& device : wanted) {
    const bool there = std::any_of(given.begin(), given.end(), [&](const auto& one) {
      return one.device_id == device.device_id;
    });
    if (!there) {
      out.missing.push_back(device);
    }
  }
  for (const auto& one : given) {
    const bool asked_for = std::any_of(wanted.begin(), wanted.end(), [&](const auto& device) {
      return one.device_id == device.device_id;
    });
    if (!asked_for) {
      out.extra_device_ids.push_back(one.device_id);
    }
  }
  return out;
}

Status check_shape(const wire::SendMessage& message) {
  if (message.message_id.is_nil() || message.conversation_id.is_nil()) {
    return fail(Errc::malformed, "a message needs an id and a conversation");
  }
  std::vector<DeviceId> devices;
  for (const auto& one : message.ciphertexts) {
    if (one.ciphertext.empty()) {
      return fail(Errc::malformed, "an empty ciphertext");
    }
    if (one.ciphertext.size() > kMaxCiphertextBytes) {
      return fail(Errc::message_too_large,
                  "a ciphertext has at most " + std::to_string(kMaxCiphertextBytes) + " bytes");
    }
    devices.push_back(one.device_id);
  }
  std::sort(devices.begin(), devices.end());
  if (std::adjacent_find(devices.begin(), devices.end()) != devices.end()) {
    return fail(Errc::malformed, "two ciphertexts for one device");
  }
  return {};
}

// What accepting a message depends on, as one statement answers it.
struct Standing {
  bool sender_present = false;  // member, on the device list, not revoked
  bool accepted_before = false;
  std::uint64_t head_seq = 0;
  struct Recipient {
    UserId user;
    DeviceId device;
    std::uint64_t inbox_head = 0;
  };
  std::vector<Recipient> recipients;
};

Result<Standing> look(Transaction& tx, const Asker& asker, const wire::SendMessage& message) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT m.user_id, l.device_id, d.inbox_head, c.head_seq, "
                       "(SELECT seq FROM messages WHERE message_id = $3 AND sender_device_id = $4) "
                       "FROM conversations c "
                       "JOIN conversation_members m ON m.conversation_id = c.conversation_id "
                       "JOIN device_list_members l ON l.user_id = m.user_id "
                       "JOIN devices d ON d.device_id = l.device_id "
                       "WHERE c.conversation_id = $1 AND c.org_id = $2 AND c.kind = 'direct' "
                       "AND d.revoked_at IS NULL",
                       message.conversation_id, asker.org_id, message.message_id, asker.device_id));
  Standing out;
  out.recipients.reserve(rows.size());
  for (const Row row : rows) {
    const auto user = row.get<UserId>(0);
    const auto device = row.get<DeviceId>(1);
    out.head_seq = row.get<std::uint64_t>(3);
    out.accepted_before = !row.is_null(4);
    if (device == asker.device_id) {
      out.sender_present = user == asker.user_id;
    } else {
      out.recipients.push_back({user, device, row.get<std::uint64_t>(2)});
    }
  }
  return out;
}

bool same_devices(const Standing& standing, const wire::SendMessage& message) {
  return standing.recipients.size() == message.ciphertexts.size() &&
         std::ranges::all_of(message.ciphertexts, [&](const auto& one) {
           return std::ranges::find(standing.recipients, one.device_id,
                                    &Standing::Recipient::device) != standing.recipients.end();
         });
}

// The same facts one by one, to say which of them stands in the way.
Result<std::variant<Stored, wire::StaleDevices>> explain(Transaction& tx, const Asker& asker,
                                                         const wire::SendMessage& message) {
  UNHIDRA_TRY_VOID(check_member(tx, asker, message.conversation_id));
  UNHIDRA_TRY(const auto before,
              accepted_before(tx, asker, message.conversation_id, message.message_id));
  if (before) {
    return Stored{.accepted = *before, .entries = {}};
  }
  UNHIDRA_TRY_VOID(check_sending_device(tx, asker));
  UNHIDRA_TRY(const auto wanted, recipients(tx, asker, message.conversation_id));
  return difference(wanted, message.ciphertexts);
}

// The heads move before what they count is written: two writers meet there.
Status store_in_log(Transaction& tx, const Asker& asker, const wire::SendMessage& message,
                    const wire::Accepted& accepted) {
  UNHIDRA_TRY_VOID(
      tx.execute_later("UPDATE conversations SET head_seq = $2, last_activity_at = $3 "
                       "WHERE conversation_id = $1",
                       message.conversation_id, accepted.seq, accepted.received_at));
  const auto refers = columns_of(message.refers_to);
  return tx.execute_later(
      "INSERT INTO messages (conversation_id, seq, org_id, message_id, sender_user_id, "
      "sender_device_id, sent_at, received_at, kind, refers_message_id, refers_device_id) VALUES "
      "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      message.conversation_id, accepted.seq, asker.org_id, message.message_id, asker.user_id,
      asker.device_id, message.sent_at, accepted.received_at,
      static_cast<std::uint32_t>(message.kind), refers.first, refers.second);
}

}  // namespace

Result<std::optional<wire::Accepted>> accepted_before(Transaction& tx, const Asker& asker,
                                                      ConversationId conversation,
                                                      MessageId message) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT conversation_id, seq, received_at FROM messages "
                                        "WHERE sender_device_id = $1 AND message_id = $2",
                                        asker.device_id, message));
  if (rows.empty()) {
    return std::nullopt;
  }
  const Row row = rows.front();
  if (row.get<ConversationId>(0) != conversation) {
    return fail(Errc::message_id_reused,
                "this message id belongs to a message of another conversation");
  }
  return wire::Accepted{row.get<std::uint64_t>(1), row.get<Timestamp>(2)};
}

Status check_sending_device(Transaction& tx, const Asker& asker) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT 1 FROM device_list_members m JOIN devices d ON d.device_id = m.device_id "
               "WHERE m.device_id = $1 AND m.user_id = $2 AND d.revoked_at IS NULL",
               asker.device_id, asker.user_id));
  if (rows.empty()) {
    return fail(Errc::device_not_approved,
                "this device is not on your device list: approve it on another one first");
  }
  return {};
}

Status store_in_inbox(Transaction& tx, OrgId org_id, DeviceId device_id,
                      const wire::InboxEntry& entry) {
  UNHIDRA_TRY_VOID(tx.execute_later("UPDATE devices SET inbox_head = $2 WHERE device_id = $1",
                                    device_id, entry.position));
  const auto refers = columns_of(entry.refers_to);
  return tx.execute_later(
      "INSERT INTO device_inbox (device_id, position, org_id, conversation_id, seq, message_id, "
      "sender_user_id, sender_device_id, sent_at, received_at, ciphertext, kind, message_kind, "
      "refers_message_id, refers_device_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
      "$12, $13, $14, $15)",
      device_id, entry.position, org_id, entry.conversation_id, entry.seq, entry.message_id,
      entry.sender_user_id, entry.sender_device_id, entry.sent_at, entry.received_at,
      entry.ciphertext, static_cast<std::uint32_t>(entry.kind),
      static_cast<std::uint32_t>(entry.message_kind), refers.first, refers.second);
}

Result<std::variant<Stored, wire::StaleDevices>> store_message(Transaction& tx, const Asker& asker,
                                                               const wire::SendMessage& message,
                                                               Timestamp now) {
  UNHIDRA_TRY_VOID(check_shape(message));
  UNHIDRA_TRY(const auto standing, look(tx, asker, message));
  if (!standing.sender_present || standing.accepted_before || !same_devices(standing, message)) {
    return explain(tx, asker, message);
  }
  UNHIDRA_TRY(const auto refers,
              check_kind(tx, asker, message.conversation_id, message.kind, message.refers_to, now));
  Stored out{.accepted = {standing.head_seq + 1, now}, .entries = {}};
  UNHIDRA_TRY_VOID(store_in_log(tx, asker, message, out.accepted));
  UNHIDRA_TRY_VOID(note_version(tx, asker.org_id, message.conversation_id, refers.target,
                                message.kind, out.accepted.seq));
  UNHIDRA_TRY_VOID(note_files(tx, asker, message.conversation_id,
                              {message.kind, refers.target, out.accepted.seq}, message.file_ids,
                              now));
  out.entries.reserve(message.ciphertexts.size());
  for (const auto& one : message.ciphertexts) {
    const auto recipient =
        std::ranges::find(standing.recipients, one.device_id, &Standing::Recipient::device);
    wire::InboxEntry entry{.position = recipient->inbox_head + 1,
                           .conversation_id = message.conversation_id,
                           .seq = out.accepted.seq,
                           .message_id = message.message_id,
                           .sender_user_id = asker.user_id,
                           .sender_device_id = asker.device_id,
                           .sent_at = message.sent_at,
                           .received_at = now,
                           .ciphertext = one.ciphertext,
                           .message_kind = message.kind,
                           .refers_to = message.refers_to};
    UNHIDRA_TRY_VOID(store_in_inbox(tx, asker.org_id, one.device_id, entry));
    out.entries.emplace_back(one.device_id, std::move(entry));
  }
  return out;
}

}  // namespace unhidra::chat
