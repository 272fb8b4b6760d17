// Private keys of others, described.
#include <openssl/core_names.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/inspect.h"

#include "description.h"

namespace unhidra::pki {
namespace {

Result<OwnedPkey> read_key(const PemBlock& block) {
  const int type = block.label == "RSA PRIVATE KEY"  ? EVP_PKEY_RSA
                   : block.label == "EC PRIVATE KEY" ? EVP_PKEY_EC
                                                     : EVP_PKEY_NONE;
  const Byte* at = block.der.data();
  const auto size = static_cast<long>(block.der.size());
  OwnedPkey key(type != EVP_PKEY_NONE ? d2i_PrivateKey(type, nullptr, &at, size)
                                      : d2i_AutoPrivateKey(nullptr, &at, size));
  if (!key || public_key_algorithm(key.get()) == 0) {
    return fail(Errc::bad_key, "x509: failed to parse private key");
  }
  return key;
}

// The coordinates and scalars of RFC 7518 section 6.2 are padded to the curve's size.
std::string json_base64url(const BIGNUM* number, int size) {
  if (number == nullptr) {
    return "null";
  }
  Bytes bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(number)));
  BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
  return '"' + to_base64url(bytes) + '"';
}

std::string raw_text(const EVP_PKEY* key, int (*get)(const EVP_PKEY*, unsigned char*, size_t*)) {
  Bytes raw(32);
  std::size_t size = raw.size();
  get(key, raw.data(), &size);
  return std::string(as_text(raw));
}

std::string describe_rsa(EVP_PKEY* key) {
  const auto number = [key](const char* parameter) {
    return json_number(key_number(key, parameter).get());
  };
  const std::string precomputed = JsonObject()
                                      .add("Dp", number(OSSL_PKEY_PARAM_RSA_EXPONENT1))
                                      .add("Dq", number(OSSL_PKEY_PARAM_RSA_EXPONENT2))
                                      .add("Qinv", number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1))
                                      .add("CRTValues", "[]")
                                      .text();
  return JsonObject()
      .add("N", number(OSSL_PKEY_PARAM_RSA_N))
      .add("E", number(OSSL_PKEY_PARAM_RSA_E))
      .add("D", number(OSSL_PKEY_PARAM_RSA_D))
      .add("Primes",
           json_list({number(OSSL_PKEY_PARAM_RSA_FACTOR1), number(OSSL_PKEY_PARAM_RSA_FACTOR2)}))
      .add("Precomputed", precomputed)
      .text();
}

}  // namespace

Result<std::string> describe_private_key(const PemBlock& block) {
  const ErrorScope errors;
  UNHIDRA_TRY(const OwnedPkey key, read_key(block));
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      return describe_rsa(key.get());
    case EVP_PKEY_ED25519: {
      const std::string whole = raw_text(key.get(), EVP_PKEY_get_raw_private_key) +
                                raw_text(key.get(), EVP_PKEY_get_raw_public_key);
      return json_base64(as_bytes(whole));
    }
    default: {
      std::string text = describe_public_key(key.get());
      text.pop_back();
      return text + ",\"D\":" + json_number(key_number(key.get(), OSSL_PKEY_PARAM_PRIV_KEY).get()) +
             '}';
    }
  }
}

Result<std::string> private_key_to_jwk(const PemBlock& block) {
  const ErrorScope errors;
  UNHIDRA_TRY(const OwnedPkey key, read_key(block));
  const auto number = [&key](const char* parameter, int size = 0) {
    return json_base64url(key_number(key.get(), parameter).get(), size);
  };
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      return JsonObject()
          .add("d", number(OSSL_PKEY_PARAM_RSA_D))
          .add("dp", number(OSSL_PKEY_PARAM_RSA_EXPONENT1))
          .add("dq", number(OSSL_PKEY_PARAM_RSA_EXPONENT2))
          .add("e", number(OSSL_PKEY_PARAM_RSA_E))
          .add("kty", "\"RSA\"")
          .add("n", number(OSSL_PKEY_PARAM_RSA_N))
          .add("p", number(OSSL_PKEY_PARAM_RSA_FACTOR1))
          .add("q", number(OSSL_PKEY_PARAM_RSA_FACTOR2))
          .add("qi", number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1))
          .text();
    case EVP_PKEY_EC: {
      const int bits = EVP_PKEY_get_bits(key.get());
      const int size = (bits + 7) / 8;
      return JsonObject()
          .add("crv", json_text("P-" + std::to_string(bits)))
          .add("d", number(OSSL_PKEY_PARAM_PRIV_KEY, size))
          .add("kty", "\"EC\"")
          .add("x", number(OSSL_PKEY_PARAM_EC_PUB_X, size))
          .add("y", number(OSSL_PKEY_PARAM_EC_PUB_Y, size))
          .text();
    }
    case EVP_PKEY_ED25519:
      return JsonObject()
          .add("crv", "\"Ed25519\"")
          .add(
              "d",
              '"' + to_base64url(as_bytes(raw_text(key.get(), EVP_PKEY_get_raw_private_key))) + '"')
          .add("kty", "\"OKP\"")
          .add("x",
               '"' + to_base64url(as_bytes(raw_text(key.get(), EVP_PKEY_get_raw_public_key))) + '"')
          .text();
    default:
      return fail(Errc::bad_key, "x509: unsupported private key");
  }
}

Status check_key_pair(ByteView certificate_der, const PemBlock& block) {
  const ErrorScope errors;
  const Byte* at = certificate_der.data();
  const OwnedX509 x509(d2i_X509(nullptr, &at, static_cast<long>(certificate_der.size())));
  if (!x509) {
    return fail(Errc::bad_certificate, "x509: malformed certificate");
  }
  UNHIDRA_TRY(const OwnedPkey key, read_key(block));
  if (X509_check_private_key(x509.get(), key.get()) != 1) {
    return fail(Errc::bad_key, "tls: private key does not match public key");
  }
  return {};
}

}  // namespace unhidra::pki
