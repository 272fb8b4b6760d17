// What all providers share: HKDF (RFC 5869) over their HMAC, the short forms, and the answer for
// what a provider lacks.
#include "unhidra/crypto/provider.h"

#include <algorithm>
#include <cstdlib>

namespace unhidra::crypto {
namespace {

std::unexpected<Error> lacks(const Provider& provider, std::string_view what) {
  return fail(Errc::unsupported,
              std::string(provider.name()) + " does not offer " + std::string(what));
}

// For the short forms, whose sizes are right by construction: every provider has SHA-256 and
// SHA-512.
void must(const Status& status) {
  if (!status) {
    std::abort();
  }
}

}  // namespace

Status Provider::hkdf_extract(Hash hash, ByteView salt, ByteView input, MutableByteView out) const {
  // An absent salt is a string of zeros as long as the digest, which HMAC's own padding gives.
  return hmac(hash, salt, Parts(&input, 1), out);
}

Status Provider::hkdf_expand(Hash hash, ByteView key, ByteView info, MutableByteView out) const {
  const std::size_t size = digest_size(hash);
  if (out.size() > 255 * size) {
    return fail(Errc::bad_parameters, "HKDF gives at most 255 blocks");
  }
  SecretArray<kMaxHashSize> block;
  const MutableByteView previous = MutableByteView(block.expose_mutable()).first(size);
  for (std::size_t done = 0, counter = 1; done < out.size(); ++counter) {
    const Byte number = static_cast<Byte>(counter);
    const std::array<ByteView, 3> parts{done == 0 ? ByteView() : ByteView(previous), info,
                                        ByteView(&number, 1)};
    UNHIDRA_TRY_VOID(hmac(hash, key, parts, previous));
    const std::size_t take = std::min(size, out.size() - done);
    std::copy_n(previous.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += take;
  }
  return {};
}

Status Provider::hkdf(Hash hash, ByteView salt, ByteView input, ByteView info,
                      MutableByteView out) const {
  SecretArray<kMaxHashSize> key;
  const MutableByteView prk = MutableByteView(key.expose_mutable()).first(digest_size(hash));
  UNHIDRA_TRY_VOID(hkdf_extract(hash, salt, input, prk));
  return hkdf_expand(hash, prk, info, out);
}

Status Provider::argon2id(const Argon2Cost&, ByteView, FixedView<16>, MutableByteView) const {
  return lacks(*this, "Argon2id");
}
Status Provider::x448(FixedView<56>, FixedView<56>, MutableFixedView<56>) const {
  return lacks(*this, "X448");
}
Status Provider::x448_base(FixedView<56>, MutableFixedView<56>) const {
  return lacks(*this, "X448");
}
Status Provider::ed448_public(FixedView<57>, MutableFixedView<57>) const {
  return lacks(*this, "Ed448");
}
Status Provider::ed448_sign(FixedView<57>, ByteView, MutableFixedView<114>) const {
  return lacks(*this, "Ed448");
}
Status Provider::ed448_verify(FixedView<57>, ByteView, FixedView<114>) const {
  return lacks(*this, "Ed448");
}
Status Provider::ec_public(Curve curve, ByteView, MutableByteView) const {
  return lacks(*this, to_string(curve));
}
Status Provider::ec_check_public(Curve curve, ByteView) const {
  return lacks(*this, to_string(curve));
}
Status Provider::ecdh(Curve curve, ByteView, ByteView, MutableByteView) const {
  return lacks(*this, to_string(curve));
}
Result<Bytes> Provider::ecdsa_sign(Curve curve, Hash, EcdsaFormat, ByteView, ByteView) const {
  return lacks(*this, to_string(curve));
}
Status Provider::ecdsa_verify(Curve curve, Hash, EcdsaFormat, ByteView, ByteView, ByteView) const {
  return lacks(*this, to_string(curve));
}
Status Provider::rsa_pkcs1_verify(Hash, ByteView, ByteView, ByteView, ByteView) const {
  return lacks(*this, "RSA");
}
Status Provider::rsa_pss_verify(Hash, ByteView, ByteView, ByteView, ByteView) const {
  return lacks(*this, "RSA");
}

ByteArray<32> Provider::sha256(ByteView data) const {
  return sha256({data});
}
ByteArray<32> Provider::sha256(std::initializer_list<ByteView> parts) const {
  ByteArray<32> out;
  must(hash(Hash::sha256, Parts(parts.begin(), parts.size()), out));
  return out;
}
ByteArray<64> Provider::sha512(ByteView data) const {
  return sha512({data});
}
ByteArray<64> Provider::sha512(std::initializer_list<ByteView> parts) const {
  ByteArray<64> out;
  must(hash(Hash::sha512, Parts(parts.begin(), parts.size()), out));
  return out;
}
SecretArray<32> Provider::hmac_sha256(ByteView key, ByteView data) const {
  SecretArray<32> out;
  must(hmac(Hash::sha256, key, Parts(&data, 1), out.expose_mutable()));
  return out;
}
void Provider::hkdf_sha256_into(ByteView salt, ByteView input, ByteView info,
                                MutableByteView out) const {
  must(hkdf(Hash::sha256, salt, input, info, out));
}

}  // namespace unhidra::crypto
