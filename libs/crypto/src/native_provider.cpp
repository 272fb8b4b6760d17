// The fastest implementation per primitive on a server (figures:
// docs/decisions/0004-crypto-providers.md). WebAssembly builds native_provider_wasm.cpp in this
// file's place.
#include <sodium.h>

#include "unhidra/crypto/provider.h"

#include "edwards_to_montgomery.h"
#include "sha2.h"

namespace unhidra::crypto {
namespace {

class NativeProvider final : public Provider {
 public:
  NativeProvider() : sodium_(sodium_provider()), openssl_(openssl_provider()) {}

  std::string_view name() const override { return "native"; }
  bool supports(Feature) const override { return true; }
  bool supports(Aead aead) const override { return openssl_.supports(aead); }
  bool supports(Hash) const override { return true; }
  bool supports(Curve curve) const override { return openssl_.supports(curve); }

  // libsodium's curves.
  Status x25519(FixedView<32> private_key, FixedView<32> peer_public_key,
                MutableFixedView<32> out) const override {
    return sodium_.x25519(private_key, peer_public_key, out);
  }
  void x25519_base(FixedView<32> private_key, MutableFixedView<32> out) const override {
    // On edwards25519 libsodium has a table of the base point; its X25519 walks the ladder.
    SecretArray<32> scalar;
    const MutableFixedView<32> bytes = scalar.expose_mutable();
    std::copy(private_key.begin(), private_key.end(), bytes.begin());
    bytes[0] &= 0xf8;
    bytes[31] = static_cast<Byte>((bytes[31] & 0x7f) | 0x40);
    ByteArray<32> point;
    // Refuses the neutral element alone, which no clamped scalar reaches.
    if (crypto_scalarmult_ed25519_base_noclamp(point.data(), bytes.data()) != 0) {
      sodium_.x25519_base(private_key, out);
      return;
    }
    edwards::to_montgomery(point, out);
  }
  void ed25519_public(FixedView<32> seed, MutableFixedView<32> out) const override {
    sodium_.ed25519_public(seed, out);
  }
  void ed25519_sign(FixedView<32> seed, FixedView<32> public_key, ByteView message,
                    MutableFixedView<64> signature) const override {
    sodium_.ed25519_sign(seed, public_key, message, signature);
  }
  Status ed25519_verify(FixedView<32> public_key, ByteView message,
                        FixedView<64> signature) const override {
    return sodium_.ed25519_verify(public_key, message, signature);
  }
  Status ed25519_check_public(FixedView<32> public_key) const override {
    return sodium_.ed25519_check_public(public_key);
  }

  // libsodium keeps an AEAD's state on the stack, which decides for short messages; OpenSSL
  // allocates a context and is faster per byte.
  Status aead_seal(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView plaintext, MutableByteView out) const override {
    return aead_of(aead, plaintext.size())
        .aead_seal(aead, key, nonce, associated_data, plaintext, out);
  }
  Status aead_open(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView ciphertext, MutableByteView out) const override {
    return aead_of(aead, ciphertext.size())
        .aead_open(aead, key, nonce, associated_data, ciphertext, out);
  }

  Status hash(Hash hash, Parts parts, MutableByteView out) const override {
    UNHIDRA_TRY_VOID(check_digest(hash, out));
    sha2::hash(hash, parts, out);
    return {};
  }
  Status hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) const override {
    UNHIDRA_TRY_VOID(check_digest(hash, out));
    sha2::hmac(hash, key, parts, out);
    return {};
  }
  Status hkdf_expand(Hash hash, ByteView key, ByteView info, MutableByteView out) const override {
    if (out.size() > 255 * digest_size(hash)) {
      return fail(Errc::bad_parameters, "HKDF gives at most 255 blocks");
    }
    sha2::hkdf_expand(hash, key, info, out);
    return {};
  }
  Status argon2id(const Argon2Cost& cost, ByteView password, FixedView<16> salt,
                  MutableByteView out) const override {
    return sodium_.argon2id(cost, password, salt, out);
  }

  Status x448(FixedView<56> private_key, FixedView<56> peer_public_key,
              MutableFixedView<56> out) const override {
    return openssl_.x448(private_key, peer_public_key, out);
  }
  Status x448_base(FixedView<56> private_key, MutableFixedView<56> out) const override {
    return openssl_.x448_base(private_key, out);
  }
  Status ed448_public(FixedView<57> seed, MutableFixedView<57> out) const override {
    return openssl_.ed448_public(seed, out);
  }
  Status ed448_sign(FixedView<57> seed, ByteView message,
                    MutableFixedView<114> signature) const override {
    return openssl_.ed448_sign(seed, message, signature);
  }
  Status ed448_verify(FixedView<57> public_key, ByteView message,
                      FixedView<114> signature) const override {
    return openssl_.ed448_verify(public_key, message, signature);
  }

  Status ec_public(Curve curve, ByteView private_key, MutableByteView point) const override {
    return openssl_.ec_public(curve, private_key, point);
  }
  Status ec_check_public(Curve curve, ByteView point) const override {
    return openssl_.ec_check_public(curve, point);
  }
  Status ecdh(Curve curve, ByteView private_key, ByteView peer_point,
              MutableByteView out) const override {
    return openssl_.ecdh(curve, private_key, peer_point, out);
  }
  Result<Bytes> ecdsa_sign(Curve curve, Hash hash, EcdsaFormat format, ByteView private_key,
                           ByteView message) const override {
    return openssl_.ecdsa_sign(curve, hash, format, private_key, message);
  }
  Status ecdsa_verify(Curve curve, Hash hash, EcdsaFormat format, ByteView point, ByteView message,
                      ByteView signature) const override {
    return openssl_.ecdsa_verify(curve, hash, format, point, message, signature);
  }
  Status rsa_pkcs1_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                          ByteView signature) const override {
    return openssl_.rsa_pkcs1_verify(hash, modulus, exponent, message, signature);
  }
  Status rsa_pss_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                        ByteView signature) const override {
    return openssl_.rsa_pss_verify(hash, modulus, exponent, message, signature);
  }

 private:
  static constexpr std::size_t kShortMessage = 768;

  static Status check_digest(Hash hash, MutableByteView out) {
    if (out.size() != digest_size(hash)) {
      return fail(Errc::bad_parameters, "the output must have the digest's length");
    }
    return {};
  }
  const Provider& aead_of(Aead aead, std::size_t size) const {
    return size <= kShortMessage && sodium_.supports(aead) ? sodium_ : openssl_;
  }

  const Provider& sodium_;
  const Provider& openssl_;
};

}  // namespace

const Provider& native_provider() {
  static const NativeProvider provider;
  return provider;
}

}  // namespace unhidra::crypto
