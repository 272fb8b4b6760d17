// RSA signature verification (RFC 8017 sections 8.1.2 and 8.2.2).
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "openssl_provider.h"

namespace unhidra::crypto {
namespace {

constexpr int kMinModulusBits = 2048;
// A hostile key must not cost seconds.
constexpr int kMaxModulusBits = 8192;
constexpr int kMaxExponentBits = 64;

OwnedPkey public_key(ByteView modulus, ByteView exponent) {
  if (modulus.size() > kMaxModulusBits / 8 + 1 || exponent.size() > kMaxExponentBits / 8) {
    return nullptr;
  }
  const OwnedBignum n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const OwnedBignum e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  if (!n || !e || BN_num_bits(n.get()) < kMinModulusBits ||
      BN_num_bits(n.get()) > kMaxModulusBits || !BN_is_odd(n.get()) || !BN_is_odd(e.get()) ||
      BN_is_one(e.get())) {
    return nullptr;
  }
  const OwnedParamBld builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  const OwnedParams params(OSSL_PARAM_BLD_to_param(builder.get()));
  const OwnedPkeyCtx context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return OwnedPkey(key);
}

}  // namespace

Status OpensslProvider::rsa_verify(Hash hash, ByteView modulus, ByteView exponent, ByteView message,
                                   ByteView signature, int padding) const {
  const ErrorScope errors;
  const auto key = public_key(modulus, exponent);
  if (!key) {
    return fail(Errc::bad_key, "not an RSA key of 2048 to 8192 bits");
  }
  const OwnedMdCtx context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // owned by `context`
  const char* const digest = EVP_MD_get0_name(md(hash));
  if (!context ||
      EVP_DigestVerifyInit_ex(context.get(), &options, digest, nullptr, nullptr, key.get(),
                              nullptr) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(options, padding) != 1 ||
      (padding == RSA_PKCS1_PSS_PADDING &&
       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1) ||
      EVP_DigestVerify(context.get(), pointer(signature), signature.size(), pointer(message),
                       message.size()) != 1) {
    return fail(Errc::bad_signature, "the signature does not verify");
  }
  return {};
}

Status OpensslProvider::rsa_pkcs1_verify(Hash hash, ByteView modulus, ByteView exponent,
                                         ByteView message, ByteView signature) const {
  return rsa_verify(hash, modulus, exponent, message, signature, RSA_PKCS1_PADDING);
}

Status OpensslProvider::rsa_pss_verify(Hash hash, ByteView modulus, ByteView exponent,
                                       ByteView message, ByteView signature) const {
  return rsa_verify(hash, modulus, exponent, message, signature, RSA_PKCS1_PSS_PADDING);
}

}  // namespace unhidra::crypto
