#pragma once
// Names and sizes of the algorithms behind a Provider. All sizes are bytes.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace unhidra::crypto {

enum class Aead : std::uint8_t { chacha20_poly1305, aes_128_gcm, aes_256_gcm };
enum class Hash : std::uint8_t { sha256, sha384, sha512 };
enum class Curve : std::uint8_t { p256, p384, p521 };
// Primitives that a provider has or has not as a whole.
enum class Feature : std::uint8_t { x25519, ed25519, x448, ed448, argon2id, rsa_verify };
// How an ECDSA signature is written: ASN.1 DER (X.509, TLS, MLS) or r || s (JOSE, RFC 7518
// section 3.4).
enum class EcdsaFormat : std::uint8_t { der, fixed };

inline constexpr std::size_t kX25519KeySize = 32;
inline constexpr std::size_t kEd25519KeySize = 32;
inline constexpr std::size_t kEd25519SignatureSize = 64;
inline constexpr std::size_t kX448KeySize = 56;
inline constexpr std::size_t kEd448KeySize = 57;
inline constexpr std::size_t kEd448SignatureSize = 114;
// The same for all three AEADs: RFC 5116 sections 5.1 and 5.2, RFC 8439 section 2.8.
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;
inline constexpr std::size_t kMaxHashSize = 64;

constexpr std::size_t key_size(Aead aead) {
  return aead == Aead::aes_128_gcm ? 16 : 32;
}
constexpr std::size_t digest_size(Hash hash) {
  return hash == Hash::sha256 ? 32 : hash == Hash::sha384 ? 48 : 64;
}
// Of one coordinate, a private scalar and a shared secret; an uncompressed point has 1 + 2 * this.
constexpr std::size_t coordinate_size(Curve curve) {
  return curve == Curve::p256 ? 32 : curve == Curve::p384 ? 48 : 66;
}
constexpr std::size_t point_size(Curve curve) {
  return 1 + 2 * coordinate_size(curve);
}

constexpr std::string_view to_string(Aead aead) {
  switch (aead) {
    case Aead::chacha20_poly1305:
      return "ChaCha20-Poly1305";
    case Aead::aes_128_gcm:
      return "AES-128-GCM";
    case Aead::aes_256_gcm:
      break;
  }
  return "AES-256-GCM";
}
constexpr std::string_view to_string(Hash hash) {
  return hash == Hash::sha256 ? "SHA-256" : hash == Hash::sha384 ? "SHA-384" : "SHA-512";
}
constexpr std::string_view to_string(Curve curve) {
  return curve == Curve::p256 ? "P-256" : curve == Curve::p384 ? "P-384" : "P-521";
}

}  // namespace unhidra::crypto
