// AEADs over EVP. A context is made per message: it holds the key schedule, which is wiped with it.
#include <climits>

#include "openssl_provider.h"

namespace unhidra::crypto {
namespace {

Status check(const EVP_CIPHER* cipher, Aead aead, ByteView key, ByteView nonce, ByteView input,
             ByteView associated_data) {
  if (cipher == nullptr) {
    return fail(Errc::unsupported, "this OpenSSL does not offer " + std::string(to_string(aead)));
  }
  if (key.size() != key_size(aead)) {
    return fail(Errc::bad_key, "the key's length does not fit the cipher");
  }
  if (nonce.size() != kAeadNonceSize) {
    return fail(Errc::bad_parameters, "a nonce has 12 bytes");
  }
  if (input.size() > INT_MAX || associated_data.size() > INT_MAX) {
    return fail(Errc::bad_parameters, "more than an AEAD takes in one piece");
  }
  return {};
}

}  // namespace

Status OpensslProvider::aead_seal(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                                  ByteView plaintext, MutableByteView out) const {
  const ErrorScope errors;
  UNHIDRA_TRY_VOID(check(cipher(aead), aead, key, nonce, plaintext, associated_data));
  if (out.size() != plaintext.size() + kAeadTagSize) {
    return fail(Errc::bad_parameters, "the output must have room for text and tag, no more");
  }
  const OwnedCipherCtx context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* const ctx = context.get();
  const std::size_t size = plaintext.size();
  int written = 0;
  // Zero-length updates are left out: OpenSSL takes some of them as the end of the message.
  if (ctx == nullptr ||
      EVP_EncryptInit_ex2(ctx, cipher(aead), key.data(), nonce.data(), nullptr) != 1 ||
      (!associated_data.empty() &&
       EVP_EncryptUpdate(ctx, nullptr, &written, associated_data.data(),
                         static_cast<int>(associated_data.size())) != 1) ||
      (size != 0 && EVP_EncryptUpdate(ctx, out.data(), &written, plaintext.data(),
                                      static_cast<int>(size)) != 1) ||
      EVP_EncryptFinal_ex(ctx, out.data() + size, &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, out.data() + size) != 1) {
    wipe(out);
    return fail(unhidra::Errc::internal, "OpenSSL could not encrypt");
  }
  return {};
}

Status OpensslProvider::aead_open(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                                  ByteView ciphertext, MutableByteView out) const {
  const ErrorScope errors;
  UNHIDRA_TRY_VOID(check(cipher(aead), aead, key, nonce, ciphertext, associated_data));
  if (ciphertext.size() < kAeadTagSize) {
    return fail(Errc::bad_tag, "too short to hold a tag");
  }
  const std::size_t size = ciphertext.size() - kAeadTagSize;
  if (out.size() != size) {
    return fail(Errc::bad_parameters, "the output must be a tag shorter than the input");
  }
  ByteArray<kAeadTagSize> tag;
  std::copy_n(ciphertext.data() + size, kAeadTagSize, tag.begin());
  const OwnedCipherCtx context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* const ctx = context.get();
  ByteArray<kAeadTagSize> nothing;
  int written = 0;
  if (ctx == nullptr ||
      EVP_DecryptInit_ex2(ctx, cipher(aead), key.data(), nonce.data(), nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data()) != 1 ||
      (!associated_data.empty() &&
       EVP_DecryptUpdate(ctx, nullptr, &written, associated_data.data(),
                         static_cast<int>(associated_data.size())) != 1) ||
      (size != 0 && EVP_DecryptUpdate(ctx, out.data(), &written, ciphertext.data(),
                                      static_cast<int>(size)) != 1) ||
      EVP_DecryptFinal_ex(ctx, nothing.data(), &written) != 1) {
    wipe(out);
    return fail(Errc::bad_tag, "the tag does not match");
  }
  return {};
}

}  // namespace unhidra::crypto
