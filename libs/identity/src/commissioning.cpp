#include "unhidra/identity/commissioning.h"

#include "unhidra/base/text.h"
#include "unhidra/identity/errc.h"

namespace unhidra::identity {

std::string commissioning_code(const DeviceKeys& keys) {
  Bytes both = to_bytes(keys.identity_key.bytes());
  append(both, keys.signing_key.bytes());
  return to_base64url(both);
}

Result<DeviceKeys> read_commissioning_code(DeviceId device, std::string_view code) {
  const auto bytes = from_base64url(code);
  if (!bytes || bytes->size() != 64) {
    return fail(Errc::malformed,
                "a device's code is 86 characters: its two public keys in base64url");
  }
  const ByteView view(*bytes);
  DeviceKeys out;
  out.device_id = device;
  UNHIDRA_TRY(out.identity_key, crypto::X25519PublicKey::from_bytes(view.first(32)));
  UNHIDRA_TRY(out.signing_key, crypto::Ed25519PublicKey::from_bytes(view.subspan(32)));
  return out;
}

}  // namespace unhidra::identity
