// libsodium alone. This file and system_random.cpp are all of the vendor that WebAssembly needs.
#include <algorithm>
#include <cstdlib>
#include <sodium.h>

#include "unhidra/crypto/provider.h"

#include "vector_aead.h"

namespace unhidra::crypto {
namespace {

// libsodium declares most pointers as never null, an empty span's may be.
const Byte* pointer(ByteView view) {
  static constexpr Byte kNothing = 0;
  return view.empty() ? &kNothing : view.data();
}

// The expanded private key as libsodium wants it: seed || public key.
SecretArray<64> expanded(FixedView<32> seed, FixedView<32> public_key) {
  SecretArray<64> out;
  const auto room = out.expose_mutable();
  std::copy(seed.begin(), seed.end(), room.begin());
  std::copy(public_key.begin(), public_key.end(), room.begin() + 32);
  return out;
}

Status check_aead_sizes(Aead aead, ByteView key, ByteView nonce) {
  if (key.size() != key_size(aead)) {
    return fail(Errc::bad_key, "the key's length does not fit the cipher");
  }
  if (nonce.size() != kAeadNonceSize) {
    return fail(Errc::bad_parameters, "a nonce has 12 bytes");
  }
  return {};
}

class SodiumProvider final : public Provider {
 public:
  SodiumProvider() {
    // Selects the code for this processor; fails only when there is no randomness.
    if (sodium_init() < 0) {
      std::abort();
    }
    has_aes_ = crypto_aead_aes256gcm_is_available() == 1;
  }

  std::string_view name() const override { return "sodium"; }
  bool supports(Feature feature) const override {
    return feature == Feature::x25519 || feature == Feature::ed25519 ||
           feature == Feature::argon2id;
  }
  bool supports(Aead aead) const override {
    return aead == Aead::chacha20_poly1305 || (aead == Aead::aes_256_gcm && has_aes_);
  }
  bool supports(Hash hash) const override { return hash != Hash::sha384; }
  bool supports(Curve) const override { return false; }

  Status x25519(FixedView<32> private_key, FixedView<32> peer_public_key,
                MutableFixedView<32> out) const override {
    if (crypto_scalarmult_curve25519(out.data(), private_key.data(), peer_public_key.data()) != 0) {
      wipe(out);
      return fail(Errc::low_order_point, "the peer's public key is of low order");
    }
    return {};
  }
  void x25519_base(FixedView<32> private_key, MutableFixedView<32> out) const override {
    crypto_scalarmult_curve25519_base(out.data(), private_key.data());
  }

  void ed25519_public(FixedView<32> seed, MutableFixedView<32> out) const override {
    SecretArray<64> secret;
    crypto_sign_ed25519_seed_keypair(out.data(), secret.expose_mutable().data(), seed.data());
  }
  void ed25519_sign(FixedView<32> seed, FixedView<32> public_key, ByteView message,
                    MutableFixedView<64> signature) const override {
    const auto secret = expanded(seed, public_key);
    crypto_sign_ed25519_detached(signature.data(), nullptr, pointer(message), message.size(),
                                 secret.expose().data());
  }
  Status ed25519_verify(FixedView<32> public_key, ByteView message,
                        FixedView<64> signature) const override {
    if (crypto_sign_ed25519_verify_detached(signature.data(), pointer(message), message.size(),
                                            public_key.data()) != 0) {
      return fail(Errc::bad_signature, "the signature does not verify");
    }
    return {};
  }
  Status ed25519_check_public(FixedView<32> public_key) const override {
    if (crypto_core_ed25519_is_valid_point(public_key.data()) != 1) {
      return fail(Errc::bad_key, "not a valid Ed25519 public key");
    }
    return {};
  }

  Status aead_seal(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView plaintext, MutableByteView out) const override;
  Status aead_open(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView ciphertext, MutableByteView out) const override;
  Status hash(Hash hash, Parts parts, MutableByteView out) const override;
  Status hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) const override;
  Status hkdf_expand(Hash hash, ByteView key, ByteView info, MutableByteView out) const override;
  Status argon2id(const Argon2Cost& cost, ByteView password, FixedView<16> salt,
                  MutableByteView out) const override;

 private:
  Status check_hash(Hash hash, MutableByteView out) const {
    if (!supports(hash)) {
      return fail(Errc::unsupported, "libsodium has no " + std::string(to_string(hash)));
    }
    if (out.size() != digest_size(hash)) {
      return fail(Errc::bad_parameters, "the output must have the digest's length");
    }
    return {};
  }

  bool has_aes_ = false;
};

Status SodiumProvider::aead_seal(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                                 ByteView plaintext, MutableByteView out) const {
  if (!supports(aead)) {
    return fail(Errc::unsupported, "libsodium has no " + std::string(to_string(aead)) + " here");
  }
  UNHIDRA_TRY_VOID(check_aead_sizes(aead, key, nonce));
  if (out.size() != plaintext.size() + kAeadTagSize) {
    return fail(Errc::bad_parameters, "the output must have room for text and tag, no more");
  }
#ifdef __wasm__  // libsodium's portable code does one block at a time
  if (aead == Aead::chacha20_poly1305) {
    vector_aead_seal(key.first<32>(), nonce.first<12>(), associated_data, plaintext, out);
    return {};
  }
#endif
  const auto seal = aead == Aead::chacha20_poly1305 ? &crypto_aead_chacha20poly1305_ietf_encrypt
                                                    : &crypto_aead_aes256gcm_encrypt;
  seal(out.data(), nullptr, pointer(plaintext), plaintext.size(), pointer(associated_data),
       associated_data.size(), nullptr, nonce.data(), key.data());
  return {};
}

Status SodiumProvider::aead_open(Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                                 ByteView ciphertext, MutableByteView out) const {
  if (!supports(aead)) {
    return fail(Errc::unsupported, "libsodium has no " + std::string(to_string(aead)) + " here");
  }
  UNHIDRA_TRY_VOID(check_aead_sizes(aead, key, nonce));
  if (ciphertext.size() < kAeadTagSize) {
    return fail(Errc::bad_tag, "too short to hold a tag");
  }
  if (out.size() != ciphertext.size() - kAeadTagSize) {
    return fail(Errc::bad_parameters, "the output must be a tag shorter than the input");
  }
#ifdef __wasm__
  if (aead == Aead::chacha20_poly1305) {
    return vector_aead_open(key.first<32>(), nonce.first<12>(), associated_data, ciphertext, out)
               ? Status()
               : fail(Errc::bad_tag, "the tag does not match");
  }
#endif
  const auto open = aead == Aead::chacha20_poly1305 ? &crypto_aead_chacha20poly1305_ietf_decrypt
                                                    : &crypto_aead_aes256gcm_decrypt;
  Byte nothing = 0;  // an empty text may come without a buffer
  if (open(out.empty() ? &nothing : out.data(), nullptr, nullptr, ciphertext.data(),
           ciphertext.size(), pointer(associated_data), associated_data.size(), nonce.data(),
           key.data()) != 0) {
    wipe(out);
    return fail(Errc::bad_tag, "the tag does not match");
  }
  return {};
}

Status SodiumProvider::hash(Hash hash, Parts parts, MutableByteView out) const {
  UNHIDRA_TRY_VOID(check_hash(hash, out));
  if (hash == Hash::sha256) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (const ByteView part : parts) {
      crypto_hash_sha256_update(&state, pointer(part), part.size());
    }
    crypto_hash_sha256_final(&state, out.data());
  } else {
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    for (const ByteView part : parts) {
      crypto_hash_sha512_update(&state, pointer(part), part.size());
    }
    crypto_hash_sha512_final(&state, out.data());
  }
  return {};
}

Status SodiumProvider::hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) const {
  UNHIDRA_TRY_VOID(check_hash(hash, out));
  if (hash == Hash::sha256) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, pointer(key), key.size());
    for (const ByteView part : parts) {
      crypto_auth_hmacsha256_update(&state, pointer(part), part.size());
    }
    crypto_auth_hmacsha256_final(&state, out.data());
    sodium_memzero(&state, sizeof(state));
  } else {
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, pointer(key), key.size());
    for (const ByteView part : parts) {
      crypto_auth_hmacsha512_update(&state, pointer(part), part.size());
    }
    crypto_auth_hmacsha512_final(&state, out.data());
    sodium_memzero(&state, sizeof(state));
  }
  return {};
}

// RFC 5869 section 2.3. The key's state is made once and copied for every block.
Status SodiumProvider::hkdf_expand(Hash hash, ByteView key, ByteView info,
                                   MutableByteView out) const {
  if (hash != Hash::sha256 || out.size() > 255 * digest_size(hash)) {
    return Provider::hkdf_expand(hash, key, info, out);
  }
  crypto_auth_hmacsha256_state keyed;
  crypto_auth_hmacsha256_state work;
  crypto_auth_hmacsha256_init(&keyed, pointer(key), key.size());
  SecretArray<crypto_auth_hmacsha256_BYTES> block;
  const auto previous = block.expose_mutable();
  for (std::size_t done = 0, counter = 1; done < out.size(); ++counter) {
    const auto number = static_cast<Byte>(counter);
    work = keyed;
    if (done != 0) {
      crypto_auth_hmacsha256_update(&work, previous.data(), previous.size());
    }
    crypto_auth_hmacsha256_update(&work, pointer(info), info.size());
    crypto_auth_hmacsha256_update(&work, &number, 1);
    crypto_auth_hmacsha256_final(&work, previous.data());
    const auto take = std::min(previous.size(), out.size() - done);
    std::copy_n(previous.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += take;
  }
  sodium_memzero(&keyed, sizeof(keyed));
  sodium_memzero(&work, sizeof(work));
  return {};
}

Status SodiumProvider::argon2id(const Argon2Cost& cost, ByteView password, FixedView<16> salt,
                                MutableByteView out) const {
  static_assert(crypto_pwhash_argon2id_SALTBYTES == 16);
  const std::size_t memory = std::size_t{cost.memory_kib} * 1024;
  if (out.size() < crypto_pwhash_argon2id_BYTES_MIN ||
      memory < crypto_pwhash_argon2id_MEMLIMIT_MIN ||
      cost.passes < crypto_pwhash_argon2id_OPSLIMIT_MIN) {
    return fail(Errc::bad_parameters, "a cost or length below what Argon2id takes");
  }
  if (crypto_pwhash_argon2id(
          out.data(), out.size(), reinterpret_cast<const char*>(pointer(password)), password.size(),
          salt.data(), cost.passes, memory, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return fail(unhidra::Errc::unavailable, "no memory for Argon2id");
  }
  return {};
}

}  // namespace

const Provider& sodium_provider() {
  static const SodiumProvider provider;
  return provider;
}

}  // namespace unhidra::crypto
