#pragma once
// The private key of an authority, wherever it lies: in memory (opened from a sealed file) or in a
// token that never lets it go (pkcs11.h). ECDSA on P-256 with SHA-256, nothing else.

#include <memory>

#include "unhidra/base/secret.h"
#include "unhidra/pki/errc.h"

namespace unhidra::pki {

inline constexpr std::size_t kEcdsaP256Size = 64;

// May be used from several threads at once.
class Signer {
 public:
  virtual ~Signer() = default;
  // SubjectPublicKeyInfo, DER.
  virtual const Bytes& public_key_der() const = 0;
  // r || s over the SHA-256 digest. Errc::signer_failed when the token refuses.
  virtual Result<ByteArray<kEcdsaP256Size>> sign(const ByteArray<32>& digest) const = 0;
};

// PKCS#8 PEM of a fresh P-256 key. The randomness is OpenSSL's own generator.
Result<SecretBytes> generate_signer_key();
// A fresh P-256 key for somebody else: PKCS#8 and SubjectPublicKeyInfo, DER.
struct GeneratedKey {
  SecretBytes private_key_der;
  Bytes public_key_der;
};
Result<GeneratedKey> generate_device_key();
// Errc::bad_key unless it is an unencrypted P-256 key.
Result<std::unique_ptr<Signer>> make_software_signer(ByteView private_key_pem);

}  // namespace unhidra::pki
