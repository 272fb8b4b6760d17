#pragma once
// Keys, certificates and signatures as others made them, for policies that look at them. Nothing
// here is trusted by the product itself, so weak keys and old algorithms are read too; what decides
// about access tokens is jwt.h.
//
// Certificates and keys are described as JSON with the member names of Go's crypto/x509, which is
// what policies written for the Open Policy Agent expect.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/base/random.h"
#include "unhidra/base/secret.h"
#include "unhidra/base/time.h"
#include "unhidra/pki/errc.h"

namespace unhidra::pki {

inline constexpr std::size_t kMaxInspected = 256 * 1024;  // bytes of one PEM text or DER value
inline constexpr std::size_t kMaxInspectedItems = 64;     // certificates or keys in it
// Of a ForeignKey: what is larger takes seconds to sign with.
inline constexpr std::size_t kMaxInspectedRsaBits = 16'384;

// One block of a PEM text (RFC 7468); the headers of RFC 1421 are skipped.
struct PemBlock {
  std::string label;
  Bytes der;
};
// All blocks; text around them and blocks that cannot be read are skipped. `rest` gets what follows
// the last block.
std::vector<PemBlock> read_pem_blocks(std::string_view text, std::string_view* rest = nullptr);

// Certificates one after the other in DER. Errc::bad_certificate, "x509: malformed certificate".
Result<std::vector<Bytes>> split_certificates(ByteView der);
// Errc::bad_certificate.
Result<std::string> describe_certificate(ByteView der);
// Errc::bad_certificate, "asn1: structure error: ...".
Result<std::string> describe_certificate_request(ByteView der);
// Errc::bad_key; labels "RSA PRIVATE KEY", "PRIVATE KEY" and "EC PRIVATE KEY".
Result<std::string> describe_private_key(const PemBlock& block);
// The same key as a JWK (RFC 7517), private members included.
Result<std::string> private_key_to_jwk(const PemBlock& block);
// Whether the private key is the certificate's. Errc::bad_key, or what it takes to read them.
Status check_key_pair(ByteView certificate_der, const PemBlock& key);

struct ChainRules {
  Timestamp now;
  std::string dns_name;                 // empty: not checked
  std::vector<std::string> key_usages;  // OIDs, one of which each certificate must allow;
                                        // empty: serverAuth; "any" allows all
};
// The path from the last certificate to the first, which is trusted, through the ones between
// (RFC 5280 section 6), leaf first. Errc::bad_certificate when there is none.
Result<std::vector<Bytes>> verify_chain(std::span<const Bytes> certificates,
                                        const ChainRules& rules);

// A public key that came in a certificate, a PEM text or a JWK, or the secret of an HMAC.
class ForeignKey {
 public:
  static Result<ForeignKey> from_certificate(ByteView der);
  static Result<ForeignKey> from_public_key(ByteView spki_der);
  static ForeignKey from_secret(ByteView secret);
  // Every key of a JWK or JWK Set, public or private. Errc::bad_key.
  static Result<std::vector<ForeignKey>> from_jwks(std::string_view json);

  // `alg` and `kid` of the JWK, or empty.
  const std::string& algorithm() const { return algorithm_; }
  const std::string& key_id() const { return key_id_; }
  // Of the modulus or the curve; 0: a secret.
  std::size_t bits() const;
  // Under any JOSE algorithm (RFC 7518, RFC 8037) that fits the key; false for all others.
  bool verify(std::string_view algorithm, ByteView message, ByteView signature) const;
  // Errc::bad_key when the key is public or the algorithm does not fit.
  Result<Bytes> sign(std::string_view algorithm, ByteView message) const;

 private:
  struct Impl;
  explicit ForeignKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
  std::string algorithm_;
  std::string key_id_;
};
bool is_jose_algorithm(std::string_view name);

// Digests for policies, old ones included: "md5", "sha1", "sha256", "sha384", "sha512". Nothing for
// another name, or one that the FIPS provider refuses.
std::optional<Bytes> policy_digest(std::string_view algorithm, ByteView data);
std::optional<Bytes> policy_hmac(std::string_view algorithm, ByteView key, ByteView data);

}  // namespace unhidra::pki
