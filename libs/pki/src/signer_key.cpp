// OpenSSL 3.0 has two ways to a foreign key: a provider, or the method table of the key, which is
// the older and here the much smaller one (docs/decisions/0011-device-authority.md).
#define OPENSSL_SUPPRESS_DEPRECATED

#include "signer_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

namespace unhidra::pki {
namespace {

int signer_index() {
  static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

ECDSA_SIG* sign_to_sig(const unsigned char* digest, int size, const BIGNUM*, const BIGNUM*,
                       EC_KEY* key) {
  const auto* signer = static_cast<const Signer*>(EC_KEY_get_ex_data(key, signer_index()));
  if (signer == nullptr || size != 32) {
    return nullptr;
  }
  ByteArray<32> input{};
  std::copy(digest, digest + size, input.begin());
  const auto raw = signer->sign(input);
  OwnedEcdsaSig out(raw ? ECDSA_SIG_new() : nullptr);
  if (!out) {
    return nullptr;
  }
  OwnedBignum r(BN_bin2bn(raw->data(), 32, nullptr));
  OwnedBignum s(BN_bin2bn(raw->data() + 32, 32, nullptr));
  if (!r || !s || ECDSA_SIG_set0(out.get(), r.get(), s.get()) != 1) {
    return nullptr;
  }
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  return out.release();
}

int sign_to_der(int, const unsigned char* digest, int size, unsigned char* out,
                unsigned int* out_size, const BIGNUM*, const BIGNUM*, EC_KEY* key) {
  const OwnedEcdsaSig signature(sign_to_sig(digest, size, nullptr, nullptr, key));
  if (!signature) {
    *out_size = 0;
    return 0;
  }
  *out_size = static_cast<unsigned>(i2d_ECDSA_SIG(signature.get(), &out));
  return 1;
}

const EC_KEY_METHOD* signer_method() {
  static const Owned<EC_KEY_METHOD, EC_KEY_METHOD_free> method = [] {
    Owned<EC_KEY_METHOD, EC_KEY_METHOD_free> out(EC_KEY_METHOD_new(EC_KEY_OpenSSL()));
    if (out) {
      EC_KEY_METHOD_set_sign(out.get(), sign_to_der, nullptr, sign_to_sig);
    }
    return out;
  }();
  return method.get();
}

}  // namespace

bool is_named_p256(const EVP_PKEY* key) {
  char group[32] = {};
  std::size_t size = 0;
  int explicit_parameters = 0;
  const bool named = EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                            &explicit_parameters) != 1 ||
                     explicit_parameters == 0;
  return EVP_PKEY_is_a(key, "EC") == 1 && named &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                        &size) == 1 &&
         std::string_view(group) == "prime256v1";
}

Bytes public_key_der_of(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

OwnedPkey p256_public_key(ByteView public_key_der) {
  const Byte* at = public_key_der.data();
  OwnedPkey out(d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key_der.size())));
  if (!out || at != public_key_der.data() + public_key_der.size() || !is_named_p256(out.get())) {
    return nullptr;
  }
  return out;
}

OwnedPkey signing_pkey(const Signer& signer) {
  const auto& der = signer.public_key_der();
  const auto known = p256_public_key(der);
  const Byte* at = der.data();
  const Owned<EC_KEY, EC_KEY_free> key(
      known ? d2i_EC_PUBKEY(nullptr, &at, static_cast<long>(der.size())) : nullptr);
  OwnedPkey out(EVP_PKEY_new());
  const auto* method = signer_method();
  if (!key || !out || method == nullptr || EC_KEY_set_method(key.get(), method) != 1 ||
      EC_KEY_set_ex_data(key.get(), signer_index(), const_cast<Signer*>(&signer)) != 1 ||
      EVP_PKEY_set1_EC_KEY(out.get(), key.get()) != 1) {
    return nullptr;
  }
  return out;
}

}  // namespace unhidra::pki
