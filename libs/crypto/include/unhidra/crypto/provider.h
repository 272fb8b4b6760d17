#pragma once
// The primitives behind one interface. Spans in, spans out; a caller owns all memory. A provider is
// stateless for its caller, may be used from any thread, and lives until the process ends.
//
// Three providers: `native_provider()` takes the fastest implementation per primitive,
// `openssl_provider()` OpenSSL alone (FIPS mode rests on it), `sodium_provider()` libsodium alone
// (WebAssembly, where it is also the native one). What a provider lacks answers Errc::unsupported.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/base/secret.h"
#include "unhidra/crypto/algorithms.h"
#include "unhidra/crypto/errc.h"

namespace unhidra::crypto {

template <std::size_t N>
using FixedView = std::span<const Byte, N>;
template <std::size_t N>
using MutableFixedView = std::span<Byte, N>;
// Several views that are hashed as if they were one.
using Parts = std::span<const ByteView>;

// RFC 9106 section 3.1; memory in KiB. Lanes other than 1 are not offered: libsodium has none.
struct Argon2Cost {
  std::uint32_t memory_kib = 48 * 1024;
  std::uint32_t passes = 3;
};

class Provider {
 public:
  virtual ~Provider() = default;

  virtual std::string_view name() const = 0;
  virtual bool supports(Feature feature) const = 0;
  virtual bool supports(Aead aead) const = 0;
  virtual bool supports(Hash hash) const = 0;    // and HMAC and HKDF with it
  virtual bool supports(Curve curve) const = 0;  // ECDH and ECDSA

  // RFC 7748. Refuses a peer's point that leads to the all-zero secret (Errc::low_order_point);
  // `out` is then wiped.
  virtual Status x25519(FixedView<32> private_key, FixedView<32> peer_public_key,
                        MutableFixedView<32> out) const = 0;
  // The public key of a private key.
  virtual void x25519_base(FixedView<32> private_key, MutableFixedView<32> out) const = 0;

  // RFC 8032. `seed` is the 32-byte private key; `public_key` must be the seed's own (a foreign one
  // would give the private key away: use Ed25519KeyPair, which keeps the two together).
  virtual void ed25519_public(FixedView<32> seed, MutableFixedView<32> out) const = 0;
  virtual void ed25519_sign(FixedView<32> seed, FixedView<32> public_key, ByteView message,
                            MutableFixedView<64> signature) const = 0;
  // Strict: S below the group order, A canonical, neither A nor R of small order.
  virtual Status ed25519_verify(FixedView<32> public_key, ByteView message,
                                FixedView<64> signature) const = 0;
  // A canonical encoding of a point on the curve that is not of small order. (libsodium also
  // refuses points outside the prime-order group.)
  virtual Status ed25519_check_public(FixedView<32> public_key) const = 0;

  // `out` takes ciphertext and tag: plaintext.size() + 16 bytes. It may start where the plaintext
  // starts (in place) or must not overlap it. The nonce has 12 bytes and must never repeat under
  // one key.
  virtual Status aead_seal(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                           ByteView plaintext, MutableByteView out) const = 0;
  // `out` takes ciphertext.size() - 16 bytes; wiped when the tag does not match (Errc::bad_tag).
  virtual Status aead_open(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                           ByteView ciphertext, MutableByteView out) const = 0;

  // `out` has exactly digest_size(hash) bytes.
  virtual Status hash(Hash hash, Parts parts, MutableByteView out) const = 0;
  virtual Status hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) const = 0;
  // RFC 5869. `out` of expand has at most 255 * digest_size(hash) bytes.
  Status hkdf_extract(Hash hash, ByteView salt, ByteView input, MutableByteView out) const;
  virtual Status hkdf_expand(Hash hash, ByteView key, ByteView info, MutableByteView out) const;
  Status hkdf(Hash hash, ByteView salt, ByteView input, ByteView info, MutableByteView out) const;

  // RFC 9106, one lane. The salt has 16 bytes. Allocates cost.memory_kib.
  virtual Status argon2id(const Argon2Cost& cost, ByteView password, FixedView<16> salt,
                          MutableByteView out) const;

  // RFC 7748 and RFC 8032 over curve448. The all-zero secret is refused as with X25519; Ed448 is
  // used with an empty context.
  virtual Status x448(FixedView<56> private_key, FixedView<56> peer_public_key,
                      MutableFixedView<56> out) const;
  virtual Status x448_base(FixedView<56> private_key, MutableFixedView<56> out) const;
  virtual Status ed448_public(FixedView<57> seed, MutableFixedView<57> out) const;
  virtual Status ed448_sign(FixedView<57> seed, ByteView message,
                            MutableFixedView<114> signature) const;
  virtual Status ed448_verify(FixedView<57> public_key, ByteView message,
                              FixedView<114> signature) const;

  // NIST curves. Public keys are uncompressed SEC 1 points, private keys big-endian scalars of
  // coordinate_size(curve) bytes; both are checked (Errc::bad_key).
  virtual Status ec_public(Curve curve, ByteView private_key, MutableByteView point) const;
  // Errc::bad_key unless the bytes are an uncompressed point on the curve.
  virtual Status ec_check_public(Curve curve, ByteView point) const;
  virtual Status ecdh(Curve curve, ByteView private_key, ByteView peer_point,
                      MutableByteView out) const;
  virtual Result<Bytes> ecdsa_sign(Curve curve, Hash hash, EcdsaFormat format, ByteView private_key,
                                   ByteView message) const;
  virtual Status ecdsa_verify(Curve curve, Hash hash, EcdsaFormat format, ByteView point,
                              ByteView message, ByteView signature) const;

  // RFC 8017. Modulus and exponent are big-endian without sign; the modulus has 2048 to 8192 bits.
  // PSS uses the same hash for MGF1 and a salt as long as the digest, as RFC 7518 section 3.5 asks.
  virtual Status rsa_pkcs1_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                                  ByteView signature) const;
  virtual Status rsa_pss_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                                ByteView signature) const;

  // The common forms in short.
  ByteArray<32> sha256(ByteView data) const;
  ByteArray<32> sha256(std::initializer_list<ByteView> parts) const;
  ByteArray<64> sha512(ByteView data) const;
  ByteArray<64> sha512(std::initializer_list<ByteView> parts) const;
  SecretArray<32> hmac_sha256(ByteView key, ByteView data) const;
  // HKDF-SHA-256 with an output of at most 255 * 32 bytes, so that it cannot fail.
  template <std::size_t N>
    requires(N <= std::size_t{255} * 32)
  SecretArray<N> hkdf_sha256(ByteView salt, ByteView input, ByteView info) const {
    SecretArray<N> out;
    hkdf_sha256_into(salt, input, info, out.expose_mutable());
    return out;
  }

 private:
  void hkdf_sha256_into(ByteView salt, ByteView input, ByteView info, MutableByteView out) const;
};

const Provider& openssl_provider();
const Provider& sodium_provider();
const Provider& native_provider();

}  // namespace unhidra::crypto
