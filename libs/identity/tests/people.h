#pragma once
// Accounts and devices for this room's tests, from fixed seeds.

#include "unhidra/crypto/keys.h"
#include "unhidra/identity/prekeys.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::identity {

inline const crypto::Provider& provider() {
  return crypto::native_provider();
}

template <class IdType>
IdType id_of(Byte number) {
  Uuid uuid{};
  uuid.back() = number;
  return IdType(uuid);
}

inline constexpr Timestamp kNow = from_unix_micros(1'795'382'120'000'000);

struct TestDevice {
  explicit TestDevice(Byte number)
      : random(number),
        identity(crypto::X25519KeyPair::generate(provider(), random)),
        signing(crypto::Ed25519KeyPair::generate(provider(), random)),
        keys{id_of<DeviceId>(number), identity.public_key(), signing.public_key()} {}

  crypto::X25519PublicKey new_key() {
    return crypto::X25519KeyPair::generate(provider(), random).public_key();
  }
  SignedPreKey prekey(PreKeyId id, bool last_resort) {
    return sign_prekey(provider(), signing, keys.device_id, id, new_key(), kNow, last_resort);
  }

  testkit::SeededRandom random;
  crypto::X25519KeyPair identity;
  crypto::Ed25519KeyPair signing;
  DeviceKeys keys;
};

inline crypto::Ed25519KeyPair account_of(std::uint64_t seed) {
  testkit::SeededRandom random(seed);
  return crypto::Ed25519KeyPair::generate(provider(), random);
}

}  // namespace unhidra::identity
