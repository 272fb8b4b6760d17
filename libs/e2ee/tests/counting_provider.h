#pragma once
// Counts every primitive that is asked for: what is refused early must not have cost any.

#include "unhidra/crypto/provider.h"

namespace unhidra::e2ee {

class CountingProvider final : public crypto::Provider {
 public:
  int calls() const { return calls_; }

  std::string_view name() const override { return "counting"; }
  bool supports(crypto::Feature feature) const override { return inner_.supports(feature); }
  bool supports(crypto::Aead aead) const override { return inner_.supports(aead); }
  bool supports(crypto::Hash hash) const override { return inner_.supports(hash); }
  bool supports(crypto::Curve curve) const override { return inner_.supports(curve); }

  Status x25519(crypto::FixedView<32> private_key, crypto::FixedView<32> peer,
                crypto::MutableFixedView<32> out) const override {
    return counted().x25519(private_key, peer, out);
  }
  void x25519_base(crypto::FixedView<32> private_key,
                   crypto::MutableFixedView<32> out) const override {
    counted().x25519_base(private_key, out);
  }
  void ed25519_public(crypto::FixedView<32> seed, crypto::MutableFixedView<32> out) const override {
    counted().ed25519_public(seed, out);
  }
  void ed25519_sign(crypto::FixedView<32> seed, crypto::FixedView<32> public_key, ByteView message,
                    crypto::MutableFixedView<64> signature) const override {
    counted().ed25519_sign(seed, public_key, message, signature);
  }
  Status ed25519_verify(crypto::FixedView<32> public_key, ByteView message,
                        crypto::FixedView<64> signature) const override {
    return counted().ed25519_verify(public_key, message, signature);
  }
  Status ed25519_check_public(crypto::FixedView<32> public_key) const override {
    return counted().ed25519_check_public(public_key);
  }
  Status aead_seal(crypto::Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView plaintext, MutableByteView out) const override {
    return counted().aead_seal(aead, key, nonce, associated_data, plaintext, out);
  }
  Status aead_open(crypto::Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView ciphertext, MutableByteView out) const override {
    return counted().aead_open(aead, key, nonce, associated_data, ciphertext, out);
  }
  Status hash(crypto::Hash hash, crypto::Parts parts, MutableByteView out) const override {
    return counted().hash(hash, parts, out);
  }
  Status hmac(crypto::Hash hash, ByteView key, crypto::Parts parts,
              MutableByteView out) const override {
    return counted().hmac(hash, key, parts, out);
  }

 private:
  const crypto::Provider& counted() const {
    ++calls_;
    return inner_;
  }

  const crypto::Provider& inner_ = crypto::native_provider();
  mutable int calls_ = 0;
};

}  // namespace unhidra::e2ee
