#pragma once
// This device, as its sessions need it: long-term key and prekeys. The caller owns and stores them.

#include <optional>

#include "unhidra/base/id.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/identity/prekeys.h"

namespace unhidra::e2ee {

struct LocalDevice {
  DeviceId device_id;
  const crypto::X25519KeyPair& identity_key;  // must outlive the call it is passed to
};

// The private halves of this device's prekeys. Looking one up must not use it up: a forged message
// may name any id. Called from within PeerSessions::decrypt, on its thread.
class PreKeyStore {
 public:
  virtual ~PreKeyStore() = default;
  // nullopt when there is none (any more). The last-resort prekey is found by its flag and id.
  virtual std::optional<crypto::X25519KeyPair> signed_prekey(identity::PreKeyId id,
                                                             bool last_resort) = 0;
  virtual std::optional<crypto::X25519KeyPair> one_time_prekey(identity::PreKeyId id) = 0;
};

}  // namespace unhidra::e2ee
