#pragma once
// The device authority of a data directory.
//
//   device-ca.pem   its certificate (readable)      device-ca.key   its key, sealed; not with
//   PKCS#11

#include <filesystem>

#include "unhidra/automation/settings.h"
#include "unhidra/pki/device_authority.h"
#include "unhidra/pki/seal.h"

namespace unhidra::automation {

// Reads it, or makes it at the first start. Blocks.
Result<pki::DeviceAuthority> load_authority(const std::filesystem::path& directory,
                                            const AutomationSettings& settings,
                                            const pki::KeySealer& sealer, const Clock& clock,
                                            RandomSource& random);

}  // namespace unhidra::automation
