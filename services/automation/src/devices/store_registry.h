#pragma once
// SQL of the device registry. Everything is scoped by organisation; deleted devices do not exist.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/storage/transaction.h"

namespace unhidra::automation::store {

// One side of a device twin. Version 0: nothing was ever written.
struct TwinSide {
  std::int64_t version = 0;
  std::optional<Bytes> content;  // JSON text, or ciphertext
  std::optional<Timestamp> updated_at;
};

struct RegisteredDevice {
  DeviceId id;
  OrgId org_id;
  std::string name;
  std::string platform;
  Timestamp created_at{};
  std::optional<Timestamp> last_seen_at;
  std::optional<Timestamp> revoked_at;
  std::string type;
  std::optional<UserId> owner;
  std::string firmware;
  bool encrypted = false;
  std::optional<Bytes> serial_number;  // of the good certificate that lives longest
  std::optional<Timestamp> certificate_expires_at;
  std::vector<std::string> groups;
  std::map<std::string, std::string> labels;
  Timestamp changed_at{};  // by save()
};

struct DeviceFilter {
  std::string type;  // empty: any
  std::string group;
  std::optional<std::pair<std::string, std::string>> label;
};

struct Twin {
  bool encrypted = false;
  TwinSide desired;
  TwinSide reported;
};

// `find` has everything, `list` too; both without the twin.
Result<std::optional<RegisteredDevice>> find_registered(storage::Transaction& tx, OrgId org,
                                                        DeviceId device);
Result<std::vector<RegisteredDevice>> list_registered(storage::Transaction& tx, OrgId org,
                                                      const DeviceFilter& filter, DeviceId after,
                                                      std::size_t limit);
// Name, platform, type, owner, encrypted, groups, labels and changed_at, as they stand in `device`.
Status save(storage::Transaction& tx, const RegisteredDevice& device);
// Of every organisation: what was saved after `since`.
struct DeviceChange {
  OrgId org_id;
  DeviceId id;
  Timestamp changed_at;
};
Result<std::vector<DeviceChange>> changed_after(storage::Transaction& tx, Timestamp since);
// Keeps what certificates and audit need: id, organisation, dates.
Status forget(storage::Transaction& tx, OrgId org, DeviceId device, Timestamp now);

Result<Twin> find_twin(storage::Transaction& tx, OrgId org, DeviceId device);
// False when the version is not `expected` any more. `side.version` is the new one.
Result<bool> set_desired(storage::Transaction& tx, OrgId org, DeviceId device, const TwinSide& side,
                         std::int64_t expected);
Result<bool> set_reported(storage::Transaction& tx, OrgId org, DeviceId device,
                          const TwinSide& side, std::int64_t expected);
// Both sides; versions go on rising.
Status clear_twin(storage::Transaction& tx, OrgId org, DeviceId device);
Status set_firmware(storage::Transaction& tx, OrgId org, DeviceId device,
                    const std::string& firmware);
// Once a minute at most, so that a busy device costs no write each time.
Status note_device_seen(storage::Transaction& tx, OrgId org, DeviceId device, Timestamp now);

// A user of the organisation who is not disabled.
Result<bool> user_exists(storage::Transaction& tx, OrgId org, UserId user);

}  // namespace unhidra::automation::store
