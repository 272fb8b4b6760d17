#pragma once
// What stands in the store of a device group. Table::device_group; key: group id.

#include <optional>
#include <string>

#include "unhidra/client/device_groups.h"
#include "unhidra/e2ee/device_group.h"

namespace unhidra::client {

struct DeviceGroupRecord {
  DeviceGroupId id;
  std::string name;
  std::optional<e2ee::EpochSecret> secret;  // of the present epoch, when this device drew it
  e2ee::DeviceGroupKeys keys;
  DeviceRules rules;

  // ---- of the device that made the present epoch ----
  std::chrono::seconds key_age{};  // how often it draws new keys; 0: not by time
  Timestamp new_keys_at{};         // when next
  bool told = true;                // the members have the present epoch

  SecretBytes encode() const;
  static Result<DeviceGroupRecord> decode(const crypto::Provider& provider, ByteView bytes);
};

}  // namespace unhidra::client
