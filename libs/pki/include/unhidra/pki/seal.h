#pragma once
// Sealing of private keys that are stored in the database: ChaCha20-Poly1305 under keys derived
// from a 32-byte master key. Where the master key comes from is the caller's business.
//
// Format, version 1: 0x01 | master key id (8) | salt (32) | ciphertext and tag. Key and nonce are
// HKDF-SHA-256(salt, master key, "unhidra key seal v1"), so that no nonce can repeat; version, key
// id and label are authenticated.

#include <string_view>

#include "unhidra/base/random.h"
#include "unhidra/base/secret.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/pki/errc.h"

namespace unhidra::pki {

// May be used from any thread.
class KeySealer {
 public:
  static constexpr std::size_t kMasterKeySize = 32;
  static constexpr std::size_t kMaxSize = 64 * 1024;

  explicit KeySealer(SecretArray<kMasterKeySize> master_key,
                     const crypto::Provider& provider = crypto::native_provider());

  // `label` says what is sealed ("signing-key/<kid>"): it must be given again to open.
  // Errc::bad_parameters over kMaxSize.
  Result<Bytes> seal(std::string_view label, ByteView secret, RandomSource& random) const;
  // Errc::wrong_master_key, or Errc::bad_seal.
  Result<SecretBytes> open(std::string_view label, ByteView sealed) const;

 private:
  SecretArray<kMasterKeySize> master_key_;
  ByteArray<8> key_id_{};
  const crypto::Provider& provider_;
};

}  // namespace unhidra::pki
