#include "unhidra/mls_public/cipher_suite.h"

#include <algorithm>
#include <cstdlib>

#include "unhidra/mls_public/tls.h"

namespace unhidra::mls_public {
namespace {

using crypto::Aead;
using crypto::Curve;
using crypto::Feature;
using crypto::Hash;

constexpr std::uint16_t kHkdfSha256 = 1;
constexpr std::uint16_t kHkdfSha384 = 2;
constexpr std::uint16_t kHkdfSha512 = 3;
constexpr std::uint16_t kAes128Gcm = 1;
constexpr std::uint16_t kAes256Gcm = 2;
constexpr std::uint16_t kChaCha20Poly1305 = 3;

constexpr std::array<SuiteParameters, 7> kSuites{{
    {CipherSuite::x25519_aes128gcm_sha256_ed25519, Kem::x25519, Aead::aes_128_gcm, Hash::sha256,
     SignatureScheme::ed25519, kHkdfSha256, kAes128Gcm},
    {CipherSuite::p256_aes128gcm_sha256_p256, Kem::p256, Aead::aes_128_gcm, Hash::sha256,
     SignatureScheme::ecdsa_p256, kHkdfSha256, kAes128Gcm},
    {CipherSuite::x25519_chacha20poly1305_sha256_ed25519, Kem::x25519, Aead::chacha20_poly1305,
     Hash::sha256, SignatureScheme::ed25519, kHkdfSha256, kChaCha20Poly1305},
    {CipherSuite::x448_aes256gcm_sha512_ed448, Kem::x448, Aead::aes_256_gcm, Hash::sha512,
     SignatureScheme::ed448, kHkdfSha512, kAes256Gcm},
    {CipherSuite::p521_aes256gcm_sha512_p521, Kem::p521, Aead::aes_256_gcm, Hash::sha512,
     SignatureScheme::ecdsa_p521, kHkdfSha512, kAes256Gcm},
    {CipherSuite::x448_chacha20poly1305_sha512_ed448, Kem::x448, Aead::chacha20_poly1305,
     Hash::sha512, SignatureScheme::ed448, kHkdfSha512, kChaCha20Poly1305},
    {CipherSuite::p384_aes256gcm_sha384_p384, Kem::p384, Aead::aes_256_gcm, Hash::sha384,
     SignatureScheme::ecdsa_p384, kHkdfSha384, kAes256Gcm},
}};

constexpr Curve kP256 = Curve::p256;
constexpr Curve kP384 = Curve::p384;
constexpr Curve kP521 = Curve::p521;

bool supports_kem(const crypto::Provider& provider, Kem kem) {
  if (const Curve* curve = curve_of(kem)) {
    return provider.supports(*curve);
  }
  return provider.supports(kem == Kem::x25519 ? Feature::x25519 : Feature::x448);
}

bool supports_signature(const crypto::Provider& provider, SignatureScheme scheme) {
  if (const Curve* curve = curve_of(scheme)) {
    return provider.supports(*curve);
  }
  return provider.supports(scheme == SignatureScheme::ed25519 ? Feature::ed25519 : Feature::ed448);
}

bool supports(const crypto::Provider& provider, const SuiteParameters& suite) {
  return provider.supports(suite.aead) && provider.supports(suite.hash) &&
         supports_kem(provider, suite.kem) && supports_signature(provider, suite.signature);
}

std::unexpected<Error> bad_key(std::string_view what) {
  return fail(Errc::invalid_leaf_node, std::string(what) + " is no key of the cipher suite");
}

}  // namespace

const Curve* curve_of(Kem kem) {
  switch (kem) {
    case Kem::p256:
      return &kP256;
    case Kem::p384:
      return &kP384;
    case Kem::p521:
      return &kP521;
    case Kem::x25519:
    case Kem::x448:
      break;
  }
  return nullptr;
}

const Curve* curve_of(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::ecdsa_p256:
      return &kP256;
    case SignatureScheme::ecdsa_p384:
      return &kP384;
    case SignatureScheme::ecdsa_p521:
      return &kP521;
    case SignatureScheme::ed25519:
    case SignatureScheme::ed448:
      break;
  }
  return nullptr;
}

const SuiteParameters* find_suite(CipherSuite id) {
  const auto found = std::ranges::find(kSuites, id, &SuiteParameters::id);
  return found == kSuites.end() ? nullptr : &*found;
}

std::span<const SuiteParameters> all_suites() {
  return kSuites;
}

std::vector<CipherSuite> supported_suites(const crypto::Provider& provider) {
  std::vector<CipherSuite> out;
  for (const SuiteParameters& suite : kSuites) {
    if (supports(provider, suite)) {
      out.insert(suite.id == kDefaultCipherSuite ? out.begin() : out.end(), suite.id);
    }
  }
  return out;
}

Result<Suite> Suite::of(const crypto::Provider& provider, CipherSuite id) {
  const SuiteParameters* parameters = find_suite(id);
  if (parameters == nullptr || !supports(provider, *parameters)) {
    return fail(Errc::unsupported, "cipher suite " + std::to_string(static_cast<unsigned>(id)) +
                                       " is not offered by " + std::string(provider.name()));
  }
  return Suite(provider, *parameters);
}

Digest Suite::hash(crypto::Parts parts) const {
  Digest out(hash_size());
  if (!provider_->hash(parameters_->hash, parts, out.room())) {
    std::abort();  // the sizes are right and the provider has the hash
  }
  return out;
}

Digest Suite::ref_hash(std::string_view label, ByteView value) const {
  TlsWriter head(label.size() + 8);
  head.opaque(label).length(value.size());
  return hash({head.view(), value});
}

Bytes sign_content(std::string_view label, ByteView content) {
  constexpr std::string_view kPrefix = "MLS 1.0 ";
  TlsWriter out(content.size() + label.size() + 16);
  out.length(kPrefix.size() + label.size()).raw(as_bytes(kPrefix)).raw(as_bytes(label));
  out.opaque(content);
  return std::move(out).take();
}

Status Suite::verify_with_label(ByteView public_key, std::string_view label, ByteView content,
                                ByteView signature) const {
  const Bytes signed_bytes = sign_content(label, content);
  const auto refused = [label] {
    return fail(Errc::bad_signature, "the signature of " + std::string(label) + " does not verify");
  };
  if (const Curve* curve = curve_of(parameters_->signature)) {
    if (!provider_->ecdsa_verify(*curve, parameters_->hash, crypto::EcdsaFormat::der, public_key,
                                 signed_bytes, signature)) {
      return refused();
    }
    return {};
  }
  if (parameters_->signature == SignatureScheme::ed448) {
    if (public_key.size() != crypto::kEd448KeySize ||
        signature.size() != crypto::kEd448SignatureSize ||
        !provider_->ed448_verify(public_key.first<crypto::kEd448KeySize>(), signed_bytes,
                                 signature.first<crypto::kEd448SignatureSize>())) {
      return refused();
    }
    return {};
  }
  if (public_key.size() != crypto::kEd25519KeySize ||
      signature.size() != crypto::kEd25519SignatureSize ||
      !provider_->ed25519_verify(public_key.first<32>(), signed_bytes, signature.first<64>())) {
    return refused();
  }
  return {};
}

Status Suite::check_hpke_key(ByteView public_key) const {
  if (const Curve* curve = curve_of(parameters_->kem)) {
    if (!provider_->ec_check_public(*curve, public_key)) {
      return bad_key("the HPKE public key");
    }
    return {};
  }
  // Every string of the right length is a point of X25519 or X448 (RFC 7748 section 5).
  const std::size_t size =
      parameters_->kem == Kem::x25519 ? crypto::kX25519KeySize : crypto::kX448KeySize;
  if (public_key.size() != size) {
    return bad_key("the HPKE public key");
  }
  return {};
}

Status Suite::check_signature_key(ByteView public_key) const {
  const Curve* curve = curve_of(parameters_->signature);
  const bool good = curve != nullptr
                        ? provider_->ec_check_public(*curve, public_key).has_value()
                        : public_key.size() == (parameters_->signature == SignatureScheme::ed25519
                                                    ? crypto::kEd25519KeySize
                                                    : crypto::kEd448KeySize);
  if (!good) {
    return bad_key("the signature key");
  }
  return {};
}

}  // namespace unhidra::mls_public
