#include "openssl_provider.h"

#include <algorithm>
#include <cstdlib>

#include <openssl/core_names.h>

#include "edwards_points.h"

namespace unhidra::crypto {
namespace {

// Only lack of memory or a broken installation leads here.
void must(bool done) {
  if (!done) {
    std::abort();
  }
}

OwnedPkey private_pkey(int type, FixedView<32> key) {
  OwnedPkey out(EVP_PKEY_new_raw_private_key(type, nullptr, key.data(), key.size()));
  must(out != nullptr);
  return out;
}
OwnedPkey public_pkey(int type, FixedView<32> key) {
  OwnedPkey out(EVP_PKEY_new_raw_public_key(type, nullptr, key.data(), key.size()));
  must(out != nullptr);
  return out;
}
void public_half(const OwnedPkey& key, MutableFixedView<32> out) {
  std::size_t size = out.size();
  must(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) == 1);
}

}  // namespace

OpensslProvider::OpensslProvider() {
  const char* const digests[] = {"SHA256", "SHA384", "SHA512"};
  const char* const ciphers[] = {"ChaCha20-Poly1305", "AES-128-GCM", "AES-256-GCM"};
  for (std::size_t i = 0; i < 3; ++i) {
    digests_[i].reset(EVP_MD_fetch(nullptr, digests[i], nullptr));
    ciphers_[i].reset(EVP_CIPHER_fetch(nullptr, ciphers[i], nullptr));
    must(digests_[i] != nullptr);
  }
  hmac_.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  must(hmac_ != nullptr);
}

Status OpensslProvider::x25519(FixedView<32> private_key, FixedView<32> peer_public_key,
                               MutableFixedView<32> out) const {
  const ErrorScope errors;
  const auto ours = private_pkey(EVP_PKEY_X25519, private_key);
  const auto theirs = public_pkey(EVP_PKEY_X25519, peer_public_key);
  const OwnedPkeyCtx context(EVP_PKEY_CTX_new(ours.get(), nullptr));
  must(context && EVP_PKEY_derive_init(context.get()) == 1);
  std::size_t size = out.size();
  // OpenSSL refuses the all-zero result itself.
  if (EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
      EVP_PKEY_derive(context.get(), out.data(), &size) != 1) {
    wipe(out);
    return fail(Errc::low_order_point, "the peer's public key is of low order");
  }
  return {};
}

void OpensslProvider::x25519_base(FixedView<32> private_key, MutableFixedView<32> out) const {
  public_half(private_pkey(EVP_PKEY_X25519, private_key), out);
}

void OpensslProvider::ed25519_public(FixedView<32> seed, MutableFixedView<32> out) const {
  public_half(private_pkey(EVP_PKEY_ED25519, seed), out);
}

void OpensslProvider::ed25519_sign(FixedView<32> seed, FixedView<32>, ByteView message,
                                   MutableFixedView<64> signature) const {
  const ErrorScope errors;
  const auto key = private_pkey(EVP_PKEY_ED25519, seed);
  const OwnedMdCtx context(EVP_MD_CTX_new());
  std::size_t size = signature.size();
  must(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
       EVP_DigestSign(context.get(), signature.data(), &size, pointer(message), message.size()) ==
           1);
}

Status OpensslProvider::ed25519_verify(FixedView<32> public_key, ByteView message,
                                       FixedView<64> signature) const {
  const ErrorScope errors;
  // OpenSSL itself takes keys and R values that RFC 8032 section 5.1.7 does not ask to refuse.
  bool good = edwards::is_canonical(public_key) && !edwards::is_small_order(public_key) &&
              !edwards::is_small_order(signature.first<32>());
  if (good) {
    const auto key = public_pkey(EVP_PKEY_ED25519, public_key);
    const OwnedMdCtx context(EVP_MD_CTX_new());
    must(context != nullptr);
    good = EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), pointer(message),
                            message.size()) == 1;
  }
  if (!good) {
    return fail(Errc::bad_signature, "the signature does not verify");
  }
  return {};
}

Status OpensslProvider::ed25519_check_public(FixedView<32> public_key) const {
  if (!edwards::is_canonical(public_key) || edwards::is_small_order(public_key) ||
      !edwards::is_on_curve(public_key)) {
    return fail(Errc::bad_key, "not a valid Ed25519 public key");
  }
  return {};
}

Status OpensslProvider::hash(Hash hash, Parts parts, MutableByteView out) const {
  if (out.size() != digest_size(hash)) {
    return fail(Errc::bad_parameters, "the output must have the digest's length");
  }
  const OwnedMdCtx context(EVP_MD_CTX_new());
  must(context && EVP_DigestInit_ex2(context.get(), md(hash), nullptr) == 1);
  for (const ByteView part : parts) {
    must(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  must(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
  return {};
}

Status OpensslProvider::hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) const {
  if (out.size() != digest_size(hash)) {
    return fail(Errc::bad_parameters, "the output must have the digest's length");
  }
  const char* const names[] = {"SHA256", "SHA384", "SHA512"};
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       const_cast<char*>(names[static_cast<std::size_t>(hash)]), 0),
      OSSL_PARAM_construct_end()};
  const OwnedMacCtx context(EVP_MAC_CTX_new(hmac_.get()));
  must(context && EVP_MAC_init(context.get(), pointer(key), key.size(), params) == 1);
  for (const ByteView part : parts) {
    must(EVP_MAC_update(context.get(), pointer(part), part.size()) == 1);
  }
  std::size_t size = 0;
  must(EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1);
  return {};
}

const Provider& openssl_provider() {
  static const OpensslProvider provider;
  return provider;
}

}  // namespace unhidra::crypto
