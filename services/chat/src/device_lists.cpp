#include "device_lists.h"

#include <algorithm>

#include "unhidra/base/text.h"
#include "unhidra/chat/errc.h"
#include "unhidra/identity/errc.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

Result<std::optional<identity::DeviceList>> stored_list(Transaction& tx, UserId user_id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT document FROM device_lists WHERE user_id = $1", user_id));
  if (rows.empty()) {
    return std::nullopt;
  }
  UNHIDRA_TRY(auto list, identity::decode_device_list(rows.front().get<ByteView>(0)));
  return list;
}

Result<bool> every_device_revoked(Transaction& tx, UserId user_id) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query(
          "SELECT COUNT(*) FROM device_list_members m JOIN devices d ON d.device_id = m.device_id "
          "WHERE m.user_id = $1 AND d.revoked_at IS NULL",
          user_id));
  return rows.front().get<std::int64_t>(0) == 0;
}

Status check_follows(const crypto::Provider& provider, Transaction& tx, const Asker& asker,
                     const identity::DeviceList& list) {
  UNHIDRA_TRY(const auto stored, stored_list(tx, asker.user_id));
  if (!stored) {
    return list.version == 1 ? Status()
                             : fail(Errc::stale_device_list, "the first device list has version 1");
  }
  if (stored->account_key != list.account_key) {
    UNHIDRA_TRY(const bool reset, every_device_revoked(tx, asker.user_id));
    if (!reset || list.version != 1) {
      return fail(Errc::stale_device_list,
                  "a new account key is accepted only for version 1 and after every device of the "
                  "old list was revoked");
    }
    return {};
  }
  if (const auto status = identity::check_successor(provider, *stored, list); !status) {
    return fail(Errc::stale_device_list, status.error().message());
  }
  if (list.version != stored->version + 1) {
    return fail(Errc::stale_device_list,
                "the next version is " + std::to_string(stored->version + 1));
  }
  return {};
}

// Every device named must be this user's, live, and have published exactly these keys.
Status check_members(Transaction& tx, const Asker& asker, const identity::DeviceList& list) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT k.device_id, k.identity_key, k.signing_key FROM device_keys k "
                       "JOIN devices d ON d.device_id = k.device_id "
                       "WHERE k.org_id = $1 AND k.user_id = $2 AND d.revoked_at IS NULL",
                       asker.org_id, asker.user_id));
  std::size_t known = 0;
  for (const Row row : rows) {
    const auto* listed = list.find(row.get<DeviceId>(0));
    if (listed == nullptr) {
      continue;
    }
    if (listed->identity_key.array() != row.get<wire::Key>(1) ||
        listed->signing_key.array() != row.get<wire::Key>(2)) {
      return fail(Errc::bad_device_list,
                  "a device stands on the list with keys that it did not publish");
    }
    ++known;
  }
  if (known != list.devices.size()) {
    return fail(Errc::bad_device_list,
                "the list names a device that is not yours, is revoked or has no keys here");
  }
  return {};
}

// Whoever reads what a device sent that is gone now needs the list that named it.
Status keep_departures(Transaction& tx, const Asker& asker, const identity::DeviceList& list) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT m.device_id, l.document FROM device_list_members m "
                       "JOIN device_lists l ON l.user_id = m.user_id WHERE m.user_id = $1",
                       asker.user_id));
  for (const Row row : rows) {
    const auto device = row.get<DeviceId>(0);
    if (list.find(device) != nullptr) {
      continue;
    }
    UNHIDRA_TRY_VOID(tx.execute(
        "INSERT INTO device_list_departures (user_id, device_id, org_id, document) VALUES ($1, $2, "
        "$3, $4) ON CONFLICT (user_id, device_id) DO UPDATE SET document = excluded.document",
        asker.user_id, device, asker.org_id, row.get<ByteView>(1)));
  }
  return {};
}

// Empty when the newest list names the device, and when none ever did.
Result<Bytes> earlier_document(Transaction& tx, UserId user, DeviceId device) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT document FROM device_list_departures WHERE user_id = $1 AND "
                       "device_id = $2 AND NOT EXISTS (SELECT 1 FROM device_list_members "
                       "WHERE user_id = $1 AND device_id = $2)",
                       user, device));
  return rows.empty() ? Bytes() : rows.front().get<Bytes>(0);
}

}  // namespace

Result<identity::DeviceList> open_own_list(const crypto::Provider& provider, const Asker& asker,
                                           ByteView document) {
  auto list = identity::open_device_list(provider, asker.user_id, document);
  if (!list) {
    return fail(Errc::bad_device_list, list.error().message());
  }
  return list;
}

Status store_device_list(const crypto::Provider& provider, Transaction& tx, const Asker& asker,
                         const identity::DeviceList& list, ByteView document, Timestamp now) {
  UNHIDRA_TRY_VOID(check_follows(provider, tx, asker, list));
  UNHIDRA_TRY_VOID(check_members(tx, asker, list));
  UNHIDRA_TRY_VOID(keep_departures(tx, asker, list));
  UNHIDRA_TRY_VOID(
      tx.execute("INSERT INTO device_lists (user_id, org_id, version, document, updated_at) VALUES "
                 "($1, $2, $3, $4, $5) "
                 "ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, document = "
                 "excluded.document, "
                 "updated_at = excluded.updated_at",
                 asker.user_id, asker.org_id, list.version, document, now));
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM device_list_members WHERE user_id = $1", asker.user_id));
  for (const auto& device : list.devices) {
    UNHIDRA_TRY_VOID(tx.execute(
        "INSERT INTO device_list_members (user_id, device_id, org_id) VALUES ($1, $2, $3)",
        asker.user_id, device.device_id, asker.org_id));
  }
  return {};
}

Result<wire::DeviceLists> fetch_device_lists(Transaction& tx, const Asker& asker,
                                             const wire::FetchDeviceLists& request) {
  if (request.user_ids.size() > kMaxListsPerFetch) {
    return fail(Errc::malformed,
                "at most " + std::to_string(kMaxListsPerFetch) + " device lists at once");
  }
  wire::DeviceLists out;
  for (const UserId user_id : request.user_ids) {
    UNHIDRA_TRY(
        const auto users,
        tx.query("SELECT l.document FROM users u LEFT JOIN device_lists l ON l.user_id = u.user_id "
                 "WHERE u.user_id = $1 AND u.org_id = $2",
                 user_id, asker.org_id));
    if (users.empty()) {
      continue;
    }
    wire::DeviceListOf entry{.user_id = user_id};
    entry.document = users.front().get<std::optional<Bytes>>(0).value_or(Bytes());
    UNHIDRA_TRY(const auto revoked,
                tx.query("SELECT m.device_id FROM device_list_members m JOIN devices d ON "
                         "d.device_id = m.device_id "
                         "WHERE m.user_id = $1 AND d.revoked_at IS NOT NULL ORDER BY m.device_id",
                         user_id));
    for (const Row row : revoked) {
      entry.revoked_device_ids.push_back(row.get<DeviceId>(0));
    }
    if (request.naming_device_id) {
      UNHIDRA_TRY(entry.earlier_document, earlier_document(tx, user_id, *request.naming_device_id));
    }
    out.lists.push_back(std::move(entry));
  }
  return out;
}

Result<wire::PendingDevices> pending_devices(Transaction& tx, const Asker& asker) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query(
          "SELECT k.device_id, d.name, k.identity_key, k.signing_key, d.created_at FROM "
          "device_keys k "
          "JOIN devices d ON d.device_id = k.device_id "
          "LEFT JOIN device_list_members m ON m.device_id = k.device_id "
          "WHERE k.org_id = $1 AND k.user_id = $2 AND d.revoked_at IS NULL AND m.device_id IS NULL "
          "ORDER BY k.device_id",
          asker.org_id, asker.user_id));
  wire::PendingDevices out;
  for (const Row row : rows) {
    out.devices.push_back({.device_id = row.get<DeviceId>(0),
                           .name = row.get<std::string>(1),
                           .identity_key = row.get<wire::Key>(2),
                           .signing_key = row.get<wire::Key>(3),
                           .registered_at = row.get<Timestamp>(4)});
  }
  return out;
}

Result<OwnDevices> other_own_devices(Transaction& tx, const Asker& asker) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT m.device_id, l.version FROM device_lists l "
                                        "JOIN device_list_members m ON m.user_id = l.user_id "
                                        "WHERE l.user_id = $1 AND m.device_id <> $2",
                                        asker.user_id, asker.device_id));
  OwnDevices out;
  for (const Row row : rows) {
    out.devices.push_back(row.get<DeviceId>(0));
    out.list_version = row.get<std::uint64_t>(1);
  }
  return out;
}

Result<std::vector<DeviceId>> devices_to_tell(Transaction& tx, const Asker& asker,
                                              std::size_t limit) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT device_id FROM devices WHERE user_id = $1 AND revoked_at IS NULL "
               "UNION SELECT m.device_id FROM conversation_members mine "
               "JOIN conversation_members theirs ON theirs.conversation_id = mine.conversation_id "
               "JOIN device_list_members m ON m.user_id = theirs.user_id WHERE mine.user_id = $1 "
               "LIMIT $2",
               asker.user_id, limit));
  std::vector<DeviceId> out;
  out.reserve(rows.size());
  for (const Row row : rows) {
    out.push_back(row.get<DeviceId>(0));
  }
  return out;
}

}  // namespace unhidra::chat
