#pragma once
// The devices of a user, signed by the user's account key, versioned and linked by hash: a server
// can neither add a device nor bring back an old list unseen. Byte layout: docs/security.md,
// "Device list".

#include <optional>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/identity/errc.h"

namespace unhidra::identity {

// The two long-term public keys of a device; they never change as long as the device id lives.
struct DeviceKeys {
  DeviceId device_id;
  crypto::X25519PublicKey identity_key;  // key agreement (X3DH)
  crypto::Ed25519PublicKey signing_key;  // signs the device's prekeys
  friend bool operator==(const DeviceKeys&, const DeviceKeys&) = default;
};

inline constexpr std::size_t kMaxDevices = 32;

struct DeviceList {
  UserId user_id;
  crypto::Ed25519PublicKey account_key;
  std::uint64_t version = 1;      // 1 for the first list, then always growing
  ByteArray<32> previous_hash{};  // hash_of() the list before; zeros for version 1
  Timestamp issued_at{};
  std::vector<DeviceKeys> devices;  // 1 to kMaxDevices, by ascending device id
  crypto::Signature signature;      // by the account key

  const DeviceKeys* find(DeviceId device_id) const;
  friend bool operator==(const DeviceList&, const DeviceList&) = default;
};

// Sorts the devices, fills account key and signature. Fails as decode() would for what results.
Status sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& account,
            DeviceList& list);

// The document that travels and is stored.
Bytes encode(const DeviceList& list);
// Structure and limits only: call verify() before believing a word of it.
Result<DeviceList> decode_device_list(ByteView document);
// The account key's signature, and every key in the list. Proves that the list is of this account
// key, not that the key is the right person's: pin the key, and compare safety numbers.
Status verify(const crypto::Provider& provider, const DeviceList& list);
// decode_device_list(), verify(), and that the list is this user's: Errc::account_changed.
// `verified` is what was opened of this user before, or null: the same document is not verified
// again, which costs a scalar multiplication for each device.
Result<DeviceList> open_device_list(const crypto::Provider& provider, UserId user_id,
                                    ByteView document, const DeviceList* verified = nullptr);

// What the next list names as previous_hash: SHA-256 over all but the signature.
ByteArray<32> hash_of(const crypto::Provider& provider, const DeviceList& list);

// May `next` follow `known`? Both must have been verified. The same user and account key
// (Errc::account_changed), a higher version (stale_version; forked when the version is the same and
// the content is not), the right link when it is the very next one (forked), and unchanged keys of
// every device that stands in both (device_changed). Versions that were missed in between are
// accepted: the account key vouches for them. An equal list is stale_version too: compare first.
Status check_successor(const crypto::Provider& provider, const DeviceList& known,
                       const DeviceList& next);

}  // namespace unhidra::identity
