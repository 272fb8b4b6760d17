#pragma once
// Our own key for signing tokens.

#include <memory>
#include <string>
#include <string_view>

#include "unhidra/base/secret.h"
#include "unhidra/pki/jwk.h"

namespace unhidra::pki {

// Move-only; signing may be done from several threads at once.
class SigningKey {
 public:
  // RSA-2048 for rs* and ps*, the curve of es*, Ed25519. RSA takes some tenths of a second: call
  // it on a worker pool. The randomness is OpenSSL's own generator.
  static Result<SigningKey> generate(SignatureAlgorithm algorithm, std::string key_id = {});
  // PKCS#8, unencrypted. `algorithm` must fit the key.
  static Result<SigningKey> from_pem(ByteView pem, SignatureAlgorithm algorithm,
                                     std::string key_id = {});

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const PublicJwk& public_key() const;
  const std::string& key_id() const { return public_key().key_id(); }
  SignatureAlgorithm algorithm() const { return public_key().algorithm(); }
  Result<SecretBytes> to_pem() const;
  // In the form JOSE uses (ECDSA: r || s).
  Result<Bytes> sign(ByteView message) const;

 private:
  struct Impl;
  explicit SigningKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::pki
