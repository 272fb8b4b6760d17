// The allow-list of FIPS mode in front of OpenSSL. What stands on it: SP 800-38D (AES-GCM), FIPS
// 180-4 and 198-1 (SHA-2, HMAC), SP 800-56C (HKDF), SP 800-186 with FIPS 186-5 (the NIST curves,
// ECDSA, Ed25519) and RSA verification. What does not: X25519, ChaCha20-Poly1305, Argon2id.

#include <algorithm>

#include "unhidra/crypto/fips.h"

namespace unhidra::crypto {
namespace {

std::unexpected<Error> not_approved(std::string_view what) {
  return fail(Errc::unsupported, std::string(what) + " is not approved for FIPS mode");
}

class FipsProvider final : public Provider {
 public:
  std::string_view name() const override { return "fips"; }
  bool supports(Feature feature) const override {
    return feature == Feature::ed25519 || feature == Feature::rsa_verify;
  }
  bool supports(Aead aead) const override { return aead != Aead::chacha20_poly1305; }
  bool supports(Hash hash) const override { return openssl_.supports(hash); }
  bool supports(Curve curve) const override { return openssl_.supports(curve); }

  Status x25519(FixedView<32>, FixedView<32>, MutableFixedView<32> out) const override {
    wipe(out);
    return not_approved("X25519");
  }
  // No key: every agreement with a point of zeros is refused.
  void x25519_base(FixedView<32>, MutableFixedView<32> out) const override { wipe(out); }
  void ed25519_public(FixedView<32> seed, MutableFixedView<32> out) const override {
    openssl_.ed25519_public(seed, out);
  }
  void ed25519_sign(FixedView<32> seed, FixedView<32> public_key, ByteView message,
                    MutableFixedView<64> signature) const override {
    openssl_.ed25519_sign(seed, public_key, message, signature);
  }
  Status ed25519_verify(FixedView<32> public_key, ByteView message,
                        FixedView<64> signature) const override {
    return openssl_.ed25519_verify(public_key, message, signature);
  }
  Status ed25519_check_public(FixedView<32> public_key) const override {
    return openssl_.ed25519_check_public(public_key);
  }

  Status aead_seal(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView plaintext, MutableByteView out) const override {
    if (!supports(aead)) {
      return not_approved(to_string(aead));
    }
    return openssl_.aead_seal(aead, key, nonce, associated_data, plaintext, out);
  }
  Status aead_open(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView ciphertext, MutableByteView out) const override {
    if (!supports(aead)) {
      wipe(out);
      return not_approved(to_string(aead));
    }
    return openssl_.aead_open(aead, key, nonce, associated_data, ciphertext, out);
  }
  Status hash(Hash hash, Parts parts, MutableByteView out) const override {
    return openssl_.hash(hash, parts, out);
  }
  Status hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) const override {
    return openssl_.hmac(hash, key, parts, out);
  }
  Status hkdf_expand(Hash hash, ByteView key, ByteView info, MutableByteView out) const override {
    return openssl_.hkdf_expand(hash, key, info, out);
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
  const Provider& openssl_ = openssl_provider();
};

}  // namespace

const Provider& fips_provider() {
  static const FipsProvider provider;
  return provider;
}

}  // namespace unhidra::crypto
