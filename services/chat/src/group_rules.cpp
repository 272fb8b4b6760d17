#include "group_rules.h"

#include <map>
#include <set>

#include "unhidra/chat/errc.h"

#include "receipts.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

struct OfUser {
  std::set<DeviceId> added;
  std::set<DeviceId> removed;
};

std::map<UserId, OfUser> by_user(const MembershipChange& change) {
  std::map<UserId, OfUser> out;
  for (const auto& name : change.added) {
    out[name.user_id].added.insert(name.device_id);
  }
  for (const auto& name : change.removed) {
    out[name.user_id].removed.insert(name.device_id);
  }
  return out;
}

Result<std::set<DeviceId>> devices_in_group(Transaction& tx, const GroupRow& row, UserId user) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT device_id FROM mls_members WHERE user_id = $1 AND "
                                        "conversation_id = $2",
                                        user, row.id));
  std::set<DeviceId> out;
  for (const Row device : rows) {
    out.insert(device.get<DeviceId>(0));
  }
  return out;
}

// On the list, not revoked; true: one that can be added.
Result<std::map<DeviceId, bool>> present_devices(Transaction& tx, const GroupRow& row,
                                                 std::uint32_t suite, UserId user) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT l.device_id, (SELECT COUNT(*) FROM key_packages k WHERE "
                       "k.device_id = l.device_id AND k.cipher_suite = $3) "
                       "FROM device_list_members l JOIN devices d ON d.device_id = l.device_id "
                       "JOIN users u ON u.user_id = l.user_id WHERE l.user_id = $1 AND "
                       "l.org_id = $2 AND d.revoked_at IS NULL AND u.disabled = 0",
                       user, row.org_id, suite));
  std::map<DeviceId, bool> out;
  for (const Row device : rows) {
    out.emplace(device.get<DeviceId>(0), device.get<std::int64_t>(1) > 0);
  }
  return out;
}

std::set<DeviceId> result_of(std::set<DeviceId> devices, const OfUser& change) {
  for (const auto& device : change.removed) {
    devices.erase(device);
  }
  devices.insert(change.added.begin(), change.added.end());
  return devices;
}

Status check_user(const std::map<DeviceId, bool>& present, const std::set<DeviceId>& after,
                  const OfUser& change) {
  for (const auto& device : change.added) {
    if (!present.contains(device)) {
      return fail(Errc::stale_devices, "a device is added that is not on its user's device list");
    }
  }
  for (const auto& [device, can_be_added] : present) {
    if (!change.added.empty() && can_be_added && !after.contains(device)) {
      return fail(Errc::stale_devices, "a person is added without one of the present devices");
    }
    if (!after.empty() && change.removed.contains(device) && !after.contains(device)) {
      return fail(Errc::stale_devices, "a person is removed with a part of the present devices");
    }
  }
  return {};
}

}  // namespace

Status check_device_sets(Transaction& tx, const GroupRow& row, std::uint32_t suite,
                         const MembershipChange& change) {
  for (const auto& [user, of_user] : by_user(change)) {
    UNHIDRA_TRY(auto before, devices_in_group(tx, row, user));
    UNHIDRA_TRY(const auto present, present_devices(tx, row, suite, user));
    UNHIDRA_TRY_VOID(check_user(present, result_of(std::move(before), of_user), of_user));
  }
  return {};
}

Status update_users(Transaction& tx, const GroupRow& row, const MembershipChange& change,
                    std::uint64_t seq, Timestamp now) {
  for (const auto& [user, of_user] : by_user(change)) {
    UNHIDRA_TRY(const auto devices, devices_in_group(tx, row, user));
    if (!devices.empty()) {
      UNHIDRA_TRY_VOID(tx.execute_later(
          "INSERT INTO conversation_members (conversation_id, user_id, org_id, joined_at) VALUES "
          "($1, $2, $3, $4) ON CONFLICT (conversation_id, user_id) DO UPDATE SET left_at = NULL, "
          "left_seq = NULL",
          row.id, user, row.org_id, now));
    } else {
      UNHIDRA_TRY_VOID(tx.execute_later(
          "UPDATE conversation_members SET left_at = $3, left_seq = $4 WHERE conversation_id = $1 "
          "AND user_id = $2",
          row.id, user, now, seq));
      UNHIDRA_TRY_VOID(forget_receipts(tx, row.id, user));
    }
  }
  return {};
}

}  // namespace unhidra::chat
