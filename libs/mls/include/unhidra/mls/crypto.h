#pragma once
// The labelled operations with secrets (RFC 9420 sections 5.1, 8 and 9) of one cipher suite.

#include "unhidra/base/random.h"
#include "unhidra/base/secret.h"
#include "unhidra/mls_public/cipher_suite.h"
#include "unhidra/mls_public/framing.h"

// The public structures are this room's vocabulary too.
namespace unhidra::mls_public {}
namespace unhidra::mls {

using namespace mls_public;  // NOLINT: one vocabulary over two rooms

// KDF.Extract.
SecretBytes extract(const Suite& suite, ByteView salt, ByteView input);
// ExpandWithLabel; `label` comes without "MLS 1.0 ".
SecretBytes expand_with_label(const Suite& suite, ByteView secret, std::string_view label,
                              ByteView context, std::size_t size);
SecretBytes derive_secret(const Suite& suite, ByteView secret, std::string_view label);
SecretBytes derive_tree_secret(const Suite& suite, ByteView secret, std::string_view label,
                               std::uint32_t generation, std::size_t size);
// KDF.Nh zero bytes.
SecretBytes zero_secret(const Suite& suite);

Digest mac(const Suite& suite, ByteView key, ByteView data);

// Our own signature key; the public half is always that of the private half.
class SignatureKeyPair {
 public:
  static Result<SignatureKeyPair> generate(const Suite& suite, RandomSource& random);
  // The native form of each scheme: an EdDSA seed, or a scalar of the curve's length (shorter
  // ones are padded).
  static Result<SignatureKeyPair> from_private(const Suite& suite, ByteView private_key);

  const Bytes& public_key() const { return public_; }
  const SecretBytes& private_key() const { return private_; }
  SignatureKeyPair clone() const;
  // SignWithLabel.
  Result<Bytes> sign(const Suite& suite, std::string_view label, ByteView content) const;

 private:
  SignatureKeyPair(SecretBytes private_key, Bytes public_key)
      : private_(std::move(private_key)), public_(std::move(public_key)) {}
  SecretBytes private_;
  Bytes public_;
};

}  // namespace unhidra::mls
