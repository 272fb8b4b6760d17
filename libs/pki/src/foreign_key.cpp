// Keys of others, and JOSE signatures under them (RFC 7518, RFC 8037).
#include <array>

#include <boost/json.hpp>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/inspect.h"

#include "openssl_support.h"

namespace unhidra::pki {
namespace {

namespace json = boost::json;
using OwnedParamBuild = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedParams = Owned<OSSL_PARAM, OSSL_PARAM_free>;

enum class Family : std::uint8_t { rsa_pkcs1, rsa_pss, ecdsa, eddsa, hmac };

struct Algorithm {
  std::string_view name;
  Family family;
  const char* digest;
};
constexpr auto kAlgorithms = std::to_array<Algorithm>({
    {"RS256", Family::rsa_pkcs1, "SHA256"},
    {"RS384", Family::rsa_pkcs1, "SHA384"},
    {"RS512", Family::rsa_pkcs1, "SHA512"},
    {"PS256", Family::rsa_pss, "SHA256"},
    {"PS384", Family::rsa_pss, "SHA384"},
    {"PS512", Family::rsa_pss, "SHA512"},
    {"ES256", Family::ecdsa, "SHA256"},
    {"ES384", Family::ecdsa, "SHA384"},
    {"ES512", Family::ecdsa, "SHA512"},
    {"EdDSA", Family::eddsa, nullptr},
    {"HS256", Family::hmac, "SHA256"},
    {"HS384", Family::hmac, "SHA384"},
    {"HS512", Family::hmac, "SHA512"},
});

const Algorithm* find_algorithm(std::string_view name) {
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) {
      return &algorithm;
    }
  }
  return nullptr;
}

bool fits(const Algorithm& algorithm, const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  switch (algorithm.family) {
    case Family::rsa_pkcs1:
    case Family::rsa_pss:
      return type == EVP_PKEY_RSA;
    case Family::ecdsa:
      return type == EVP_PKEY_EC;
    case Family::eddsa:
      return type == EVP_PKEY_ED25519;
    case Family::hmac:
      break;
  }
  return false;
}

// r || s is half as long as the curve's coordinate says: RFC 7518 section 3.4.
std::size_t coordinate_size(const EVP_PKEY* key) {
  return static_cast<std::size_t>(EVP_PKEY_get_bits(key) + 7) / 8;
}

std::optional<Bytes> der_from_fixed(ByteView signature) {
  if (signature.empty() || signature.size() % 2 != 0) {
    return std::nullopt;
  }
  const int half = static_cast<int>(signature.size() / 2);
  const OwnedEcdsaSig parts(ECDSA_SIG_new());
  OwnedBignum r(BN_bin2bn(signature.data(), half, nullptr));
  OwnedBignum s(BN_bin2bn(signature.data() + half, half, nullptr));
  if (!parts || !r || !s || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1) {
    return std::nullopt;
  }
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  Byte* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  if (size <= 0) {
    return std::nullopt;
  }
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

std::optional<Bytes> fixed_from_der(ByteView der, std::size_t size) {
  const Byte* at = der.data();
  const OwnedEcdsaSig parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  Bytes out(2 * size);
  const int half = static_cast<int>(size);
  if (!parts || BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), out.data(), half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), out.data() + size, half) != half) {
    return std::nullopt;
  }
  return out;
}

bool set_padding(const Algorithm& algorithm, EVP_PKEY_CTX* context, bool signing) {
  if (algorithm.family != Family::rsa_pss) {
    return true;
  }
  // Verifiers accept every salt length, signers use the digest's.
  const int salt = signing ? RSA_PSS_SALTLEN_DIGEST : RSA_PSS_SALTLEN_AUTO;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1;
}

// The members of a JWK, decoded.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  std::string text(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
  }
  bool has(std::string_view name) const { return object_.contains(name); }
  std::optional<Bytes> bytes(std::string_view name) const {
    std::string encoded = text(name);
    encoded.erase(std::min(encoded.find_last_not_of('=') + 1, encoded.size()));
    auto out = from_base64url(encoded);
    return out && !out->empty() ? std::optional(std::move(*out)) : std::nullopt;
  }
  OwnedBignum number(std::string_view name) const {
    const auto value = bytes(name);
    return OwnedBignum(value ? BN_bin2bn(value->data(), static_cast<int>(value->size()), nullptr)
                             : nullptr);
  }

 private:
  const json::object& object_;
};

OwnedPkey build(const char* type, OSSL_PARAM_BLD* builder, bool with_private) {
  const OwnedParams params(OSSL_PARAM_BLD_to_param(builder));
  const OwnedPkeyCtx context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                        params.get()) != 1) {
    return nullptr;
  }
  return OwnedPkey(key);
}

OwnedPkey rsa_key(const Members& members) {
  constexpr std::array<std::pair<const char*, const char*>, 8> kParameters = {
      {{"n", OSSL_PKEY_PARAM_RSA_N},
       {"e", OSSL_PKEY_PARAM_RSA_E},
       {"d", OSSL_PKEY_PARAM_RSA_D},
       {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
       {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
       {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
       {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
       {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};
  const OwnedParamBuild builder(OSSL_PARAM_BLD_new());
  // The builder keeps references to the numbers until it is used.
  std::vector<OwnedBignum> numbers;
  for (const auto& [name, parameter] : kParameters) {
    OwnedBignum number = members.number(name);
    const bool needed = *name == 'n' || *name == 'e';
    if (!builder || (!number && (needed || members.has(name)))) {
      return nullptr;
    }
    if (number && BN_num_bits(number.get()) > static_cast<int>(kMaxInspectedRsaBits)) {
      return nullptr;
    }
    if (number) {
      OSSL_PARAM_BLD_push_BN(builder.get(), parameter, number.get());
      numbers.push_back(std::move(number));
    }
  }
  return build("RSA", builder.get(), members.has("d"));
}

OwnedPkey ec_key(const Members& members) {
  const std::string curve = members.text("crv");
  const std::size_t size = curve == "P-256"   ? 32
                           : curve == "P-384" ? 48
                           : curve == "P-521" ? 66
                                              : 0;
  const auto x = members.bytes("x");
  const auto y = members.bytes("y");
  if (size == 0 || !x || !y || x->size() > size || y->size() > size) {
    return nullptr;
  }
  Bytes point(1 + 2 * size);
  point[0] = 4;
  std::copy(x->begin(), x->end(),
            point.begin() + static_cast<std::ptrdiff_t>(1 + size - x->size()));
  std::copy(y->begin(), y->end(),
            point.begin() + static_cast<std::ptrdiff_t>(1 + 2 * size - y->size()));
  const OwnedParamBuild builder(OSSL_PARAM_BLD_new());
  const OwnedBignum scalar = members.number("d");
  if (!builder || (members.has("d") && !scalar)) {
    return nullptr;
  }
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  if (scalar) {
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get());
  }
  return build("EC", builder.get(), scalar != nullptr);
}

OwnedPkey octet_key(const Members& members) {
  if (members.text("crv") != "Ed25519") {
    return nullptr;
  }
  const auto seed = members.bytes("d");
  if (seed) {
    return OwnedPkey(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed->data(), seed->size()));
  }
  const auto x = members.bytes("x");
  return OwnedPkey(x ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, x->data(), x->size())
                     : nullptr);
}

const EVP_MD* digest_by_name(std::string_view name) {
  return name == "md5"      ? EVP_md5()
         : name == "sha1"   ? EVP_sha1()
         : name == "sha256" ? EVP_sha256()
         : name == "sha384" ? EVP_sha384()
         : name == "sha512" ? EVP_sha512()
                            : nullptr;
}

std::optional<Bytes> hmac(const EVP_MD* digest, ByteView key, ByteView data) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  // OpenSSL takes a null key for "the same as before".
  const Byte* bytes = key.empty() ? reinterpret_cast<const Byte*>("") : key.data();
  if (digest == nullptr || HMAC(digest, bytes, static_cast<int>(key.size()), data.data(),
                                data.size(), out.data(), &size) == nullptr) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

}  // namespace

struct ForeignKey::Impl {
  OwnedPkey key;  // null for a secret
  SecretBytes secret;
};

namespace {

// Work grows with the modulus, of verifying with the exponent too.
bool is_too_large(const EVP_PKEY* key) {
  constexpr int kMaxExponentBits = 64;
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
    return false;
  }
  BIGNUM* exponent = nullptr;
  const bool known = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1;
  const OwnedBignum owned(exponent);
  return !known || BN_num_bits(exponent) > kMaxExponentBits ||
         EVP_PKEY_get_bits(key) > static_cast<int>(kMaxInspectedRsaBits);
}

}  // namespace

std::size_t ForeignKey::bits() const {
  return impl_->key ? static_cast<std::size_t>(EVP_PKEY_get_bits(impl_->key.get())) : 0;
}

Result<ForeignKey> ForeignKey::from_certificate(ByteView der) {
  const ErrorScope errors;
  const Byte* at = der.data();
  const OwnedX509 x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!x509) {
    return fail(Errc::bad_certificate, "x509: malformed certificate");
  }
  OwnedPkey key(X509_get_pubkey(x509.get()));
  if (!key || is_too_large(key.get())) {
    return fail(Errc::bad_key, "x509: unsupported public key");
  }
  return ForeignKey(std::make_shared<const Impl>(Impl{std::move(key), {}}));
}

Result<ForeignKey> ForeignKey::from_public_key(ByteView spki_der) {
  const ErrorScope errors;
  const Byte* at = spki_der.data();
  OwnedPkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki_der.size())));
  if (!key || is_too_large(key.get())) {
    return fail(Errc::bad_key, "asn1: structure error: no public key");
  }
  return ForeignKey(std::make_shared<const Impl>(Impl{std::move(key), {}}));
}

ForeignKey ForeignKey::from_secret(ByteView secret) {
  return ForeignKey(std::make_shared<const Impl>(Impl{nullptr, SecretBytes::copy_of(secret)}));
}

Result<std::vector<ForeignKey>> ForeignKey::from_jwks(std::string_view text) {
  const ErrorScope errors;
  const auto bad = [](std::string_view what) { return fail(Errc::bad_key, std::string(what)); };
  if (text.size() > kMaxInspected) {
    return bad("too long");
  }
  json::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) {
    return bad("failed to unmarshal JWK set: not a JSON object");
  }
  const json::object& top = document.get_object();
  std::vector<const json::object*> objects;
  if (const json::value* keys = top.if_contains("keys")) {
    if (!keys->is_array() || keys->get_array().size() > kMaxInspectedItems) {
      return bad("failed to unmarshal JWK set: \"keys\" is no list, or too long");
    }
    for (const json::value& key : keys->get_array()) {
      if (!key.is_object()) {
        return bad("failed to unmarshal JWK set: a key is no object");
      }
      objects.push_back(&key.get_object());
    }
  } else {
    objects.push_back(&top);
  }
  std::vector<ForeignKey> out;
  for (const json::object* object : objects) {
    const Members members(*object);
    const std::string type = members.text("kty");
    Impl impl;
    if (type == "oct") {
      const auto secret = members.bytes("k");
      if (!secret) {
        return bad("failed to parse key: missing or malformed \"k\"");
      }
      impl.secret = SecretBytes::copy_of(*secret);
    } else {
      impl.key = type == "RSA"   ? rsa_key(members)
                 : type == "EC"  ? ec_key(members)
                 : type == "OKP" ? octet_key(members)
                                 : OwnedPkey();
      if (!impl.key || is_too_large(impl.key.get())) {
        return bad("failed to parse key of type \"" + type.substr(0, 16) + "\"");
      }
    }
    ForeignKey key(std::make_shared<const Impl>(std::move(impl)));
    key.algorithm_ = members.text("alg");
    key.key_id_ = members.text("kid");
    out.push_back(std::move(key));
  }
  return out;
}

bool ForeignKey::verify(std::string_view name, ByteView message, ByteView signature) const {
  const ErrorScope errors;
  const Algorithm* algorithm = find_algorithm(name);
  if (algorithm == nullptr) {
    return false;
  }
  if (algorithm->family == Family::hmac) {
    const auto expected =
        impl_->key ? std::nullopt
                   : hmac(EVP_get_digestbyname(algorithm->digest), impl_->secret.expose(), message);
    return expected && constant_time_equal(*expected, signature);
  }
  if (!impl_->key || !fits(*algorithm, impl_->key.get())) {
    return false;
  }
  Bytes der;
  if (algorithm->family == Family::ecdsa) {
    auto converted = der_from_fixed(signature);
    if (!converted) {
      return false;
    }
    der = std::move(*converted);
    signature = der;
  }
  const OwnedMdCtx context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  return context &&
         EVP_DigestVerifyInit_ex(context.get(), &key_context, algorithm->digest, nullptr, nullptr,
                                 impl_->key.get(), nullptr) == 1 &&
         set_padding(*algorithm, key_context, false) &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

Result<Bytes> ForeignKey::sign(std::string_view name, ByteView message) const {
  const ErrorScope errors;
  const auto bad = [&] {
    return fail(Errc::bad_key, "failed to sign: the key does not fit " + std::string(name));
  };
  const Algorithm* algorithm = find_algorithm(name);
  if (algorithm == nullptr) {
    return bad();
  }
  if (algorithm->family == Family::hmac) {
    auto mac = impl_->key
                   ? std::nullopt
                   : hmac(EVP_get_digestbyname(algorithm->digest), impl_->secret.expose(), message);
    return mac ? Result<Bytes>(std::move(*mac)) : bad();
  }
  if (!impl_->key || !fits(*algorithm, impl_->key.get())) {
    return bad();
  }
  const OwnedMdCtx context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  std::size_t size = 0;
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), &key_context, algorithm->digest, nullptr, nullptr,
                            impl_->key.get(), nullptr) != 1 ||
      !set_padding(*algorithm, key_context, true) ||
      EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
    return bad();
  }
  Bytes out(size);
  if (EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1) {
    return bad();
  }
  out.resize(size);
  if (algorithm->family != Family::ecdsa) {
    return out;
  }
  auto fixed = fixed_from_der(out, coordinate_size(impl_->key.get()));
  return fixed ? Result<Bytes>(std::move(*fixed)) : bad();
}

bool is_jose_algorithm(std::string_view name) {
  return find_algorithm(name) != nullptr;
}

std::optional<Bytes> policy_digest(std::string_view algorithm, ByteView data) {
  const ErrorScope errors;
  const EVP_MD* digest = digest_by_name(algorithm);
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (digest == nullptr ||
      EVP_Digest(data.data(), data.size(), out.data(), &size, digest, nullptr) != 1) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

std::optional<Bytes> policy_hmac(std::string_view algorithm, ByteView key, ByteView data) {
  const ErrorScope errors;
  return hmac(digest_by_name(algorithm), key, data);
}

}  // namespace unhidra::pki
