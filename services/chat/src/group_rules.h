#pragma once
// People are in a group with all their devices or not at all.

#include "group_bundle.h"
#include "group_store.h"

namespace unhidra::chat {

struct MembershipChange {
  std::vector<identity::MemberName> added;
  std::vector<identity::MemberName> removed;
};
// Who is added comes with all devices on the user's list that are not revoked and have ever
// published a KeyPackage; who is removed goes with all of them, unless only devices go that are no
// longer the user's. Errc::stale_devices.
Status check_device_sets(storage::Transaction& tx, const GroupRow& row, std::uint32_t suite,
                         const MembershipChange& change);

// Users who are in with their first device, and who are out with their last one.
Status update_users(storage::Transaction& tx, const GroupRow& row, const MembershipChange& change,
                    std::uint64_t seq, Timestamp now);

}  // namespace unhidra::chat
