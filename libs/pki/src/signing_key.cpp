#include "unhidra/pki/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "openssl_support.h"

namespace unhidra::pki {
namespace {

using enum SignatureAlgorithm;

constexpr unsigned kRsaBits = 2048;

OwnedPkey make_pkey(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case eddsa:
      return OwnedPkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case es256:
      return OwnedPkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    case es384:
      return OwnedPkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
    case es512:
      return OwnedPkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521"));
    default:
      return OwnedPkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{kRsaBits}));
  }
}

Bytes number(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) {
    return {};
  }
  const OwnedBignum value(raw);
  Bytes out(static_cast<std::size_t>(BN_num_bytes(value.get())));
  BN_bn2bin(value.get(), out.data());
  return out;
}

Result<PublicJwk::Material> ec_material(EVP_PKEY* key) {
  char group[32] = {};
  std::size_t size = 0;
  EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &size);
  const std::string_view name(group);
  EcPublicKey out;
  if (name == "prime256v1") {
    out.curve = crypto::Curve::p256;
  } else if (name == "secp384r1") {
    out.curve = crypto::Curve::p384;
  } else if (name == "secp521r1") {
    out.curve = crypto::Curve::p521;
  } else {
    return fail(Errc::bad_key, "a curve that JOSE does not name");
  }
  unsigned char* point = nullptr;
  const std::size_t length = EVP_PKEY_get1_encoded_public_key(key, &point);
  out.point.assign(point, point + length);
  OPENSSL_free(point);
  return out;
}

Result<PublicJwk::Material> public_material(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return RsaPublicKey{number(key, OSSL_PKEY_PARAM_RSA_N), number(key, OSSL_PKEY_PARAM_RSA_E)};
    case EVP_PKEY_EC:
      return ec_material(key);
    case EVP_PKEY_ED25519: {
      crypto::Ed25519PublicKey out;
      std::size_t size = crypto::kEd25519KeySize;
      EVP_PKEY_get_raw_public_key(key, out.mutable_bytes().data(), &size);
      return out;
    }
    default:
      return fail(Errc::bad_key, "a key type that is not for signatures here");
  }
}

const char* digest_name(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case eddsa:
      return nullptr;  // Ed25519 hashes by itself
    case rs384:
    case ps384:
    case es384:
      return "SHA384";
    case rs512:
    case ps512:
    case es512:
      return "SHA512";
    default:
      return "SHA256";
  }
}

bool is_pss(SignatureAlgorithm algorithm) {
  return algorithm == ps256 || algorithm == ps384 || algorithm == ps512;
}

// JOSE wants r || s (RFC 7518 section 3.4).
Bytes der_to_fixed(const Bytes& der, std::size_t half) {
  const Byte* cursor = der.data();
  const OwnedEcdsaSig sig(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  Bytes out(2 * half);
  if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), static_cast<int>(half)) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + half, static_cast<int>(half)) < 0) {
    return {};
  }
  return out;
}

}  // namespace

struct SigningKey::Impl {
  OwnedPkey key;
  PublicJwk public_key;

  static Result<std::unique_ptr<Impl>> make(OwnedPkey key, SignatureAlgorithm algorithm,
                                            std::string key_id) {
    UNHIDRA_TRY(auto material, public_material(key.get()));
    UNHIDRA_TRY(auto jwk, PublicJwk::make(algorithm, std::move(material), std::move(key_id)));
    return std::make_unique<Impl>(Impl{std::move(key), std::move(jwk)});
  }
};

SigningKey::SigningKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::generate(SignatureAlgorithm algorithm, std::string key_id) {
  const ErrorScope errors;
  auto key = make_pkey(algorithm);
  if (!key) {
    return fail(unhidra::Errc::internal, "OpenSSL could not make a key");
  }
  UNHIDRA_TRY(auto impl, Impl::make(std::move(key), algorithm, std::move(key_id)));
  return SigningKey(std::move(impl));
}

Result<SigningKey> SigningKey::from_pem(ByteView pem, SignatureAlgorithm algorithm,
                                        std::string key_id) {
  const ErrorScope errors;
  auto key = read_private_key(pem);
  if (!key) {
    return fail(Errc::bad_key, "not an unencrypted private key in PEM");
  }
  UNHIDRA_TRY(auto impl, Impl::make(std::move(key), algorithm, std::move(key_id)));
  return SigningKey(std::move(impl));
}

const PublicJwk& SigningKey::public_key() const {
  return impl_->public_key;
}

Result<SecretBytes> SigningKey::to_pem() const {
  const ErrorScope errors;
  auto pem = write_private_key(impl_->key.get());
  if (pem.empty()) {
    return fail(unhidra::Errc::internal, "OpenSSL could not write the key");
  }
  return pem;
}

Result<Bytes> SigningKey::sign(ByteView message) const {
  const ErrorScope errors;
  const SignatureAlgorithm how = algorithm();
  const OwnedMdCtx context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // owned by `context`
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())));
  std::size_t size = out.size();
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), &options, digest_name(how), nullptr, nullptr,
                            impl_->key.get(), nullptr) != 1 ||
      (is_pss(how) && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) ||
      EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1) {
    return fail(unhidra::Errc::internal, "OpenSSL could not sign");
  }
  out.resize(size);
  if (const auto* ec = std::get_if<EcPublicKey>(&public_key().material())) {
    out = der_to_fixed(out, coordinate_size(ec->curve));
  }
  return out;
}

}  // namespace unhidra::pki
