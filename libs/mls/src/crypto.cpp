#include "unhidra/mls/crypto.h"

#include <algorithm>
#include <cstdlib>

namespace unhidra::mls {
namespace {

// Sizes are right by construction and the provider has the suite's hash.
void must(const Status& status) {
  if (!status) {
    std::abort();
  }
}

std::size_t private_size(SignatureScheme scheme) {
  if (const crypto::Curve* curve = curve_of(scheme)) {
    return crypto::coordinate_size(*curve);
  }
  return scheme == SignatureScheme::ed25519 ? crypto::kEd25519KeySize : crypto::kEd448KeySize;
}

}  // namespace

SecretBytes extract(const Suite& suite, ByteView salt, ByteView input) {
  SecretBytes out(suite.hash_size());
  must(suite.provider().hkdf_extract(suite.parameters().hash, salt, input, out.expose_mutable()));
  return out;
}

SecretBytes expand_with_label(const Suite& suite, ByteView secret, std::string_view label,
                              ByteView context, std::size_t size) {
  constexpr std::string_view kPrefix = "MLS 1.0 ";
  TlsWriter info(label.size() + context.size() + 24);
  info.u16(static_cast<std::uint16_t>(size));
  info.length(kPrefix.size() + label.size()).raw(as_bytes(kPrefix)).raw(as_bytes(label));
  info.opaque(context);
  SecretBytes out(size);
  must(suite.provider().hkdf_expand(suite.parameters().hash, secret, info.view(),
                                    out.expose_mutable()));
  return out;
}

SecretBytes derive_secret(const Suite& suite, ByteView secret, std::string_view label) {
  return expand_with_label(suite, secret, label, {}, suite.hash_size());
}

SecretBytes derive_tree_secret(const Suite& suite, ByteView secret, std::string_view label,
                               std::uint32_t generation, std::size_t size) {
  TlsWriter context(4);
  context.u32(generation);
  return expand_with_label(suite, secret, label, context.view(), size);
}

SecretBytes zero_secret(const Suite& suite) {
  return SecretBytes(suite.hash_size());
}

Digest mac(const Suite& suite, ByteView key, ByteView data) {
  Digest out(suite.hash_size());
  must(suite.provider().hmac(suite.parameters().hash, key, crypto::Parts(&data, 1), out.room()));
  return out;
}

Result<SignatureKeyPair> SignatureKeyPair::generate(const Suite& suite, RandomSource& random) {
  const SignatureScheme scheme = suite.parameters().signature;
  for (;;) {
    SecretBytes secret = random.secret(private_size(scheme));
    if (scheme == SignatureScheme::ecdsa_p521) {
      secret.expose_mutable()[0] &= 1;  // 521 bits
    }
    // A scalar outside [1, n) is drawn again.
    if (auto pair = from_private(suite, secret.expose()); pair || curve_of(scheme) == nullptr) {
      return pair;
    }
  }
}

Result<SignatureKeyPair> SignatureKeyPair::from_private(const Suite& suite, ByteView private_key) {
  const SignatureScheme scheme = suite.parameters().signature;
  const std::size_t size = private_size(scheme);
  const auto refuse = [] { return fail(crypto::Errc::bad_key, "no private key of the suite"); };
  if (private_key.size() > size || (curve_of(scheme) == nullptr && private_key.size() != size)) {
    return refuse();
  }
  SecretBytes secret(size);
  std::ranges::copy(
      private_key, secret.expose_mutable().end() - static_cast<std::ptrdiff_t>(private_key.size()));
  Bytes public_key;
  if (const crypto::Curve* curve = curve_of(scheme)) {
    public_key.resize(crypto::point_size(*curve));
    UNHIDRA_TRY_VOID(suite.provider().ec_public(*curve, secret.expose(), public_key));
  } else if (scheme == SignatureScheme::ed25519) {
    public_key.resize(32);
    suite.provider().ed25519_public(secret.expose().first<32>(),
                                    MutableByteView(public_key).first<32>());
  } else {
    public_key.resize(57);
    UNHIDRA_TRY_VOID(suite.provider().ed448_public(secret.expose().first<57>(),
                                                   MutableByteView(public_key).first<57>()));
  }
  return SignatureKeyPair(std::move(secret), std::move(public_key));
}

SignatureKeyPair SignatureKeyPair::clone() const {
  return {private_.clone(), public_};
}

Result<Bytes> SignatureKeyPair::sign(const Suite& suite, std::string_view label,
                                     ByteView content) const {
  const Bytes text = mls_public::sign_content(label, content);
  const SignatureScheme scheme = suite.parameters().signature;
  if (const crypto::Curve* curve = curve_of(scheme)) {
    return suite.provider().ecdsa_sign(*curve, suite.parameters().hash, crypto::EcdsaFormat::der,
                                       private_.expose(), text);
  }
  if (scheme == SignatureScheme::ed25519) {
    Bytes out(64);
    suite.provider().ed25519_sign(private_.expose().first<32>(), ByteView(public_).first<32>(),
                                  text, MutableByteView(out).first<64>());
    return out;
  }
  Bytes out(114);
  UNHIDRA_TRY_VOID(suite.provider().ed448_sign(private_.expose().first<57>(), text,
                                               MutableByteView(out).first<114>()));
  return out;
}

}  // namespace unhidra::mls
