#pragma once
// What a device publishes so that the controllers of its owner can begin a pairwise channel with
// it: one signed prekey, which serves one session, and the sessions that it holds. It is signed by
// the key that the owner's roster names, so the broker that keeps it can neither make one nor
// change a byte. docs/security.md, "Channel of a device".

#include <vector>

#include "unhidra/e2ee/errc.h"
#include "unhidra/identity/prekeys.h"

namespace unhidra::e2ee {

inline constexpr std::size_t kMaxListedSessions = 16;

struct DevicePreKeys {
  identity::PreKeyBundle bundle;                  // its signed prekey's id grows with each document
  std::vector<crypto::X25519PublicKey> sessions;  // base keys of those that the device can read

  std::uint32_t number() const { return bundle.signed_prekey.id; }
  bool lists(const crypto::X25519PublicKey& base_key) const;
  friend bool operator==(const DevicePreKeys&, const DevicePreKeys&) = default;
};

// The device's side. Errc::malformed.
Result<Bytes> sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& signing,
                   const DevicePreKeys& prekeys);
// Structure and both signatures, under the keys that a verified roster has for the device.
// Errc::malformed; identity::Errc::device_changed, bad_key, bad_signature.
Result<DevicePreKeys> read_device_prekeys(const crypto::Provider& provider,
                                          const identity::DeviceKeys& device, ByteView document);

}  // namespace unhidra::e2ee
