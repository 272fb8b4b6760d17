// X448 and Ed448. Raw keys in, raw keys out.
#include "openssl_provider.h"

namespace unhidra::crypto {
namespace {

std::unexpected<Error> bad_key() {
  return fail(Errc::bad_key, "not a valid key of this curve");
}

Status public_half(int type, ByteView private_key, MutableByteView out) {
  const OwnedPkey key(
      EVP_PKEY_new_raw_private_key(type, nullptr, private_key.data(), private_key.size()));
  std::size_t size = out.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1 ||
      size != out.size()) {
    return bad_key();
  }
  return {};
}

}  // namespace

Status OpensslProvider::x448(FixedView<56> private_key, FixedView<56> peer_public_key,
                             MutableFixedView<56> out) const {
  const ErrorScope errors;
  const OwnedPkey ours(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X448, nullptr, private_key.data(), private_key.size()));
  const OwnedPkey theirs(EVP_PKEY_new_raw_public_key(EVP_PKEY_X448, nullptr, peer_public_key.data(),
                                                     peer_public_key.size()));
  const OwnedPkeyCtx context(ours ? EVP_PKEY_CTX_new(ours.get(), nullptr) : nullptr);
  std::size_t size = out.size();
  // OpenSSL refuses the all-zero result itself.
  if (!theirs || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
      EVP_PKEY_derive(context.get(), out.data(), &size) != 1 || size != out.size()) {
    wipe(out);
    return fail(Errc::low_order_point, "the peer's public key is of low order");
  }
  return {};
}

Status OpensslProvider::x448_base(FixedView<56> private_key, MutableFixedView<56> out) const {
  const ErrorScope errors;
  return public_half(EVP_PKEY_X448, private_key, out);
}

Status OpensslProvider::ed448_public(FixedView<57> seed, MutableFixedView<57> out) const {
  const ErrorScope errors;
  return public_half(EVP_PKEY_ED448, seed, out);
}

Status OpensslProvider::ed448_sign(FixedView<57> seed, ByteView message,
                                   MutableFixedView<114> signature) const {
  const ErrorScope errors;
  const OwnedPkey key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED448, nullptr, seed.data(), seed.size()));
  const OwnedMdCtx context(EVP_MD_CTX_new());
  std::size_t size = signature.size();
  if (!key || !context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, pointer(message), message.size()) !=
          1 ||
      size != signature.size()) {
    return fail(unhidra::Errc::internal, "OpenSSL could not sign");
  }
  return {};
}

Status OpensslProvider::ed448_verify(FixedView<57> public_key, ByteView message,
                                     FixedView<114> signature) const {
  const ErrorScope errors;
  const OwnedPkey key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, nullptr, public_key.data(), public_key.size()));
  const OwnedMdCtx context(EVP_MD_CTX_new());
  if (!key || !context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), pointer(message),
                       message.size()) != 1) {
    return fail(Errc::bad_signature, "the signature does not verify");
  }
  return {};
}

}  // namespace unhidra::crypto
