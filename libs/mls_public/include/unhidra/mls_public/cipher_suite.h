#pragma once
// The cipher suites of RFC 9420 section 17.1: the one place that says which algorithms a suite has.

#include <cstdint>
#include <span>

#include "unhidra/base/bytes.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/mls_public/errc.h"

namespace unhidra::mls_public {

// Open: capabilities may list suites that this program does not know.
enum class CipherSuite : std::uint16_t {
  x25519_aes128gcm_sha256_ed25519 = 1,
  p256_aes128gcm_sha256_p256 = 2,
  x25519_chacha20poly1305_sha256_ed25519 = 3,
  x448_aes256gcm_sha512_ed448 = 4,
  p521_aes256gcm_sha512_p521 = 5,
  x448_chacha20poly1305_sha512_ed448 = 6,
  p384_aes256gcm_sha384_p384 = 7,
};

inline constexpr CipherSuite kDefaultCipherSuite =
    CipherSuite::x25519_chacha20poly1305_sha256_ed25519;

// RFC 9180 section 7.1.
enum class Kem : std::uint16_t {
  p256 = 0x0010,
  p384 = 0x0011,
  p521 = 0x0012,
  x25519 = 0x0020,
  x448 = 0x0021,
};
enum class SignatureScheme : std::uint8_t { ed25519, ed448, ecdsa_p256, ecdsa_p384, ecdsa_p521 };

struct SuiteParameters {
  CipherSuite id;
  Kem kem;
  crypto::Aead aead;
  crypto::Hash hash;  // also of the KDF and the MAC
  SignatureScheme signature;
  std::uint16_t kdf_id;   // RFC 9180 section 7.2
  std::uint16_t aead_id;  // RFC 9180 section 7.3
};

// A hash value without an allocation; empty means absent.
class Digest {
 public:
  Digest() = default;
  explicit Digest(std::size_t size) : size_(static_cast<std::uint8_t>(size)) {}
  ByteView view() const { return ByteView(bytes_).first(size_); }
  MutableByteView room() { return MutableByteView(bytes_).first(size_); }
  bool empty() const { return size_ == 0; }
  Bytes copy() const { return to_bytes(view()); }
  friend bool operator==(const Digest& a, const Digest& b) {
    return std::equal(a.view().begin(), a.view().end(), b.view().begin(), b.view().end());
  }

 private:
  ByteArray<crypto::kMaxHashSize> bytes_;
  std::uint8_t size_ = 0;
};

// One suite on one provider. A small value; the provider outlives it.
class Suite {
 public:
  // Errc::unsupported when the suite is unknown or the provider lacks one of its algorithms.
  static Result<Suite> of(const crypto::Provider& provider, CipherSuite id);

  CipherSuite id() const { return parameters_->id; }
  const SuiteParameters& parameters() const { return *parameters_; }
  const crypto::Provider& provider() const { return *provider_; }
  std::size_t hash_size() const { return crypto::digest_size(parameters_->hash); }  // KDF.Nh
  std::size_t key_size() const { return crypto::key_size(parameters_->aead); }      // AEAD.Nk

  Digest hash(crypto::Parts parts) const;
  Digest hash(std::initializer_list<ByteView> parts) const {
    return hash(crypto::Parts(parts.begin(), parts.size()));
  }
  // RefHash of section 5.2.
  Digest ref_hash(std::string_view label, ByteView value) const;

  // VerifyWithLabel of section 5.1.2; `label` comes without "MLS 1.0 ".
  Status verify_with_label(ByteView public_key, std::string_view label, ByteView content,
                           ByteView signature) const;
  // Errc::invalid_leaf_node unless the bytes can be a public key of the suite.
  Status check_hpke_key(ByteView public_key) const;
  Status check_signature_key(ByteView public_key) const;

 private:
  Suite(const crypto::Provider& provider, const SuiteParameters& parameters)
      : provider_(&provider), parameters_(&parameters) {}

  const crypto::Provider* provider_;
  const SuiteParameters* parameters_;
};

// Null when the suite is unknown.
const SuiteParameters* find_suite(CipherSuite id);
std::span<const SuiteParameters> all_suites();
// The suites that a provider carries, default first.
std::vector<CipherSuite> supported_suites(const crypto::Provider& provider);

// The curve of a NIST KEM or signature scheme, or nothing.
const crypto::Curve* curve_of(Kem kem);
const crypto::Curve* curve_of(SignatureScheme scheme);

// What SignWithLabel signs (section 5.1.2).
Bytes sign_content(std::string_view label, ByteView content);

}  // namespace unhidra::mls_public
