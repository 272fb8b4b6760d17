#pragma once
// Signed device lists: who may receive what a user is sent. The server stores only lists that the
// account key signed and that follow the stored one; clients check the same again.

#include <vector>

#include "unhidra/crypto/provider.h"
#include "unhidra/identity/device_list.h"
#include "unhidra/storage/transaction.h"
#include "unhidra/wire/keys.h"

#include "asker.h"

namespace unhidra::chat {

inline constexpr std::size_t kMaxListsPerFetch = 100;

// Signature, shape, and that it is the asker's own list. Needs no database.
Result<identity::DeviceList> open_own_list(const crypto::Provider& provider, const Asker& asker,
                                           ByteView document);

// Stores the list when it is the successor of the stored one and names only this user's devices
// with the keys that they published. A list under another account key (a reset account) is accepted
// only when every device of the stored list has been revoked.
Status store_device_list(const crypto::Provider& provider, storage::Transaction& tx,
                         const Asker& asker, const identity::DeviceList& list, ByteView document,
                         Timestamp now);

// Unknown users, and users of other organisations, are left out.
Result<wire::DeviceLists> fetch_device_lists(storage::Transaction& tx, const Asker& asker,
                                             const wire::FetchDeviceLists& request);

Result<wire::PendingDevices> pending_devices(storage::Transaction& tx, const Asker& asker);

// The devices on the asker's own list but the asking one.
struct OwnDevices {
  std::vector<DeviceId> devices;
  std::uint64_t list_version = 0;
};
Result<OwnDevices> other_own_devices(storage::Transaction& tx, const Asker& asker);

// Devices that should hear of a change of this user's list: the user's own and those of everybody
// who shares a conversation with the user. At most `limit`; the rest learns of it by the answer to
// the next send.
Result<std::vector<DeviceId>> devices_to_tell(storage::Transaction& tx, const Asker& asker,
                                              std::size_t limit);

}  // namespace unhidra::chat
