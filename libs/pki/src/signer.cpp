#include "unhidra/pki/signer.h"

#include <openssl/x509.h>

#include "signer_key.h"

namespace unhidra::pki {
namespace {

class SoftwareSigner final : public Signer {
 public:
  explicit SoftwareSigner(OwnedPkey key)
      : key_(std::move(key)), public_key_(public_key_der_of(key_.get())) {}

  const Bytes& public_key_der() const override { return public_key_; }

  Result<ByteArray<kEcdsaP256Size>> sign(const ByteArray<32>& digest) const override {
    const ErrorScope errors;
    const OwnedPkeyCtx context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    Bytes der(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
    std::size_t size = der.size();
    if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) != 1) {
      return fail(Errc::signer_failed, "OpenSSL could not sign");
    }
    const Byte* at = der.data();
    const OwnedEcdsaSig signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
    ByteArray<kEcdsaP256Size> out{};
    if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), 32) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + 32, 32) < 0) {
      return fail(Errc::signer_failed, "OpenSSL could not sign");
    }
    return out;
  }

 private:
  OwnedPkey key_;
  Bytes public_key_;
};

}  // namespace

Result<SecretBytes> generate_signer_key() {
  const ErrorScope errors;
  const OwnedPkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  auto pem = key ? write_private_key(key.get()) : SecretBytes();
  if (pem.empty()) {
    return fail(unhidra::Errc::internal, "OpenSSL could not make a key");
  }
  return pem;
}

Result<GeneratedKey> generate_device_key() {
  const ErrorScope errors;
  const OwnedPkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(key ? EVP_PKEY2PKCS8(key.get())
                                                                      : nullptr);
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (size <= 0) {
    return fail(unhidra::Errc::internal, "OpenSSL could not make a key");
  }
  GeneratedKey out{.private_key_der = SecretBytes(static_cast<std::size_t>(size)),
                   .public_key_der = public_key_der_of(key.get())};
  Byte* at = out.private_key_der.expose_mutable().data();
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at);
  return out;
}

Result<std::unique_ptr<Signer>> make_software_signer(ByteView private_key_pem) {
  const ErrorScope errors;
  auto key = read_private_key(private_key_pem);
  if (!key || !is_named_p256(key.get())) {
    return fail(Errc::bad_key, "not an unencrypted P-256 private key in PEM");
  }
  return std::make_unique<SoftwareSigner>(std::move(key));
}

}  // namespace unhidra::pki
