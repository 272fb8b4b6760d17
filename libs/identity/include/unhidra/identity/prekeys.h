#pragma once
// The public halves of a device's prekeys, as the server hands them to whoever wants to start a
// session (X3DH, revision 1, section 3.2). Byte layouts: docs/security.md, "Key documents".

#include <optional>
#include <span>

#include "unhidra/identity/device_list.h"

namespace unhidra::identity {

using PreKeyId = std::uint32_t;

// Signed by the device's signing key. The last-resort prekey is one too: it stands in when the
// server has nothing else to give and may be older than the ordinary one.
struct SignedPreKey {
  PreKeyId id = 0;
  crypto::X25519PublicKey key;
  Timestamp created_at{};
  bool last_resort = false;
  crypto::Signature signature;
  friend bool operator==(const SignedPreKey&, const SignedPreKey&) = default;
};

struct OneTimePreKey {
  PreKeyId id = 0;
  crypto::X25519PublicKey key;
  friend bool operator==(const OneTimePreKey&, const OneTimePreKey&) = default;
};

inline constexpr std::size_t kMaxOneTimePreKeysPerUpload = 100;

// What a device publishes beside its identity keys.
struct PublishedKeys {
  DeviceKeys device;
  SignedPreKey signed_prekey;
  SignedPreKey last_resort_prekey;
  friend bool operator==(const PublishedKeys&, const PublishedKeys&) = default;
};

struct PreKeyBundle {
  DeviceKeys device;
  SignedPreKey signed_prekey;  // or the last-resort prekey: see its flag
  std::optional<OneTimePreKey> one_time_prekey;
  friend bool operator==(const PreKeyBundle&, const PreKeyBundle&) = default;
};

// Signs id, key, age and last-resort flag for this device.
SignedPreKey sign_prekey(const crypto::Provider& provider, const crypto::Ed25519KeyPair& signing,
                         DeviceId device_id, PreKeyId id, const crypto::X25519PublicKey& key,
                         Timestamp created_at, bool last_resort);
// Errc::bad_key, Errc::bad_signature.
Status verify(const crypto::Provider& provider, const DeviceKeys& device,
              const SignedPreKey& prekey);
// Errc::out_of_date when made more than `max_age` ago, or more than a day in the future.
// A last-resort prekey may have any age.
Status check_age(const SignedPreKey& prekey, Timestamp now, std::chrono::hours max_age);

// For the server, before it stores an upload: every key, both signatures, the flags in their
// places, ids and keys of the one-time prekeys unique and no more than allowed (Errc::duplicate,
// Errc::malformed).
Status verify_upload(const crypto::Provider& provider, const PublishedKeys& keys,
                     std::span<const OneTimePreKey> one_time_prekeys);
// The same for an upload that only adds one-time prekeys.
Status check_one_time_prekeys(std::span<const OneTimePreKey> prekeys);

// For the client, before it starts a session: `expected` are the keys of the device from its
// account's verified device list (Errc::device_changed when the bundle has others).
Status verify(const crypto::Provider& provider, const DeviceKeys& expected,
              const PreKeyBundle& bundle);

Bytes encode(const PreKeyBundle& bundle);
Result<PreKeyBundle> decode_prekey_bundle(ByteView bytes);

// What client and server compare to be sure that the server holds the client's present keys:
// SHA-256 over identity key, signing key, and id and key of the signed and last-resort prekeys.
ByteArray<32> key_digest(const crypto::Provider& provider, const PublishedKeys& keys);

}  // namespace unhidra::identity
