#pragma once
// What a device shows when it is commissioned, by QR or on a label, so that an owner knows its keys
// from itself and not from a server.

#include <string>
#include <string_view>

#include "unhidra/identity/device_list.h"

namespace unhidra::identity {

// base64url of its identity and signing keys: 86 characters.
std::string commissioning_code(const DeviceKeys& keys);
// Errc::malformed.
Result<DeviceKeys> read_commissioning_code(DeviceId device, std::string_view code);

}  // namespace unhidra::identity
