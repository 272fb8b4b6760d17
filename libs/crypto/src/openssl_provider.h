#pragma once
// OpenSSL alone, through its provider-based interface, so that its FIPS module can stand behind it.

#include "unhidra/crypto/provider.h"

#include "openssl_support.h"

namespace unhidra::crypto {

class OpensslProvider final : public Provider {
 public:
  OpensslProvider();

  std::string_view name() const override { return "openssl"; }
  bool supports(Feature feature) const override { return feature != Feature::argon2id; }
  bool supports(Aead) const override { return true; }
  bool supports(Hash) const override { return true; }
  bool supports(Curve) const override { return true; }

  Status x25519(FixedView<32> private_key, FixedView<32> peer_public_key,
                MutableFixedView<32> out) const override;
  void x25519_base(FixedView<32> private_key, MutableFixedView<32> out) const override;
  void ed25519_public(FixedView<32> seed, MutableFixedView<32> out) const override;
  void ed25519_sign(FixedView<32> seed, FixedView<32> public_key, ByteView message,
                    MutableFixedView<64> signature) const override;
  Status ed25519_verify(FixedView<32> public_key, ByteView message,
                        FixedView<64> signature) const override;
  Status ed25519_check_public(FixedView<32> public_key) const override;

  Status aead_seal(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView plaintext, MutableByteView out) const override;
  Status aead_open(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView ciphertext, MutableByteView out) const override;
  Status hash(Hash hash, Parts parts, MutableByteView out) const override;
  Status hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) const override;

  Status x448(FixedView<56> private_key, FixedView<56> peer_public_key,
              MutableFixedView<56> out) const override;
  Status x448_base(FixedView<56> private_key, MutableFixedView<56> out) const override;
  Status ed448_public(FixedView<57> seed, MutableFixedView<57> out) const override;
  Status ed448_sign(FixedView<57> seed, ByteView message,
                    MutableFixedView<114> signature) const override;
  Status ed448_verify(FixedView<57> public_key, ByteView message,
                      FixedView<114> signature) const override;

  Status ec_public(Curve curve, ByteView private_key, MutableByteView point) const override;
  Status ec_check_public(Curve curve, ByteView point) const override;
  Status ecdh(Curve curve, ByteView private_key, ByteView peer_point,
              MutableByteView out) const override;
  Result<Bytes> ecdsa_sign(Curve curve, Hash hash, EcdsaFormat format, ByteView private_key,
                           ByteView message) const override;
  Status ecdsa_verify(Curve curve, Hash hash, EcdsaFormat format, ByteView point, ByteView message,
                      ByteView signature) const override;

  Status rsa_pkcs1_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                          ByteView signature) const override;
  Status rsa_pss_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                        ByteView signature) const override;

 private:
  const EVP_MD* md(Hash hash) const { return digests_[static_cast<std::size_t>(hash)].get(); }
  const EVP_CIPHER* cipher(Aead aead) const {
    return ciphers_[static_cast<std::size_t>(aead)].get();
  }
  Status rsa_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                    ByteView signature, int padding) const;

  // Looked up once: a look-up per use costs more than a short operation.
  std::array<OwnedMd, 3> digests_;
  std::array<OwnedCipher, 3> ciphers_;
  OwnedMac hmac_;
};

}  // namespace unhidra::crypto
