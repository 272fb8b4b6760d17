#pragma once
// Kept states that this device has sealed for device groups. The keys of what a member seals are
// gone then, so it remembers the last one that it has put at each topic, to show it.
// Table::device_state; key: SHA-256 of the topic.

#include <optional>
#include <string_view>

#include "unhidra/e2ee/device_group.h"

#include "environment.h"

namespace unhidra::client {

class DeviceStates {
 public:
  explicit DeviceStates(const Environment& env) : env_(env) {}

  void remember(std::string_view topic, ByteView payload, const e2ee::GroupContent& content);
  // Nothing: `payload` is not the one that this device has put there last.
  Result<std::optional<e2ee::GroupContent>> find(std::string_view topic, ByteView payload) const;
  void forget(std::string_view topic);

 private:
  ByteArray<32> key_of(std::string_view topic) const { return env_.crypto.sha256(as_bytes(topic)); }

  const Environment& env_;
};

}  // namespace unhidra::client
