// The core's primitives on libsodium: a host, RISC-V without an operating system, ESP-IDF.
#include <sodium.h>
#include <string.h>

#include "uh/crypto.h"

void uh_random(uint8_t* out, size_t size) {
  randombytes_buf(out, size);
}

void uh_wipe(void* memory, size_t size) {
  sodium_memzero(memory, size);
}

bool uh_equal(const uint8_t* a, const uint8_t* b, size_t size) {
  return sodium_memcmp(a, b, size) == 0;
}

bool uh_x25519(uint8_t out[32], const uint8_t private_key[32], const uint8_t peer[32]) {
  if (crypto_scalarmult_curve25519(out, private_key, peer) != 0) {
    uh_wipe(out, 32);
    return false;
  }
  return true;
}

void uh_x25519_base(uint8_t out[32], const uint8_t private_key[32]) {
  (void)crypto_scalarmult_curve25519_base(out, private_key);
}

void uh_ed25519_public(uint8_t out[32], const uint8_t seed[32]) {
  uint8_t expanded[64];
  (void)crypto_sign_ed25519_seed_keypair(out, expanded, seed);
  uh_wipe(expanded, sizeof expanded);
}

void uh_ed25519_sign(uint8_t signature[64], const uint8_t seed[32], const uint8_t* message,
                     size_t size) {
  uint8_t public_key[32];
  uint8_t expanded[64];
  (void)crypto_sign_ed25519_seed_keypair(public_key, expanded, seed);
  (void)crypto_sign_ed25519_detached(signature, NULL, message, size, expanded);
  uh_wipe(expanded, sizeof expanded);
}

bool uh_ed25519_verify(const uint8_t public_key[32], const uint8_t* message, size_t size,
                       const uint8_t signature[64]) {
  return crypto_sign_ed25519_verify_detached(signature, message, size, public_key) == 0;
}

void uh_aead_seal(uint8_t* out, const uint8_t key[32], const uint8_t nonce[12],
                  const uint8_t* associated, size_t associated_size, const uint8_t* plaintext,
                  size_t size) {
  (void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plaintext, size, associated,
                                                  associated_size, NULL, nonce, key);
}

bool uh_aead_open(uint8_t* out, const uint8_t key[32], const uint8_t nonce[12],
                  const uint8_t* associated, size_t associated_size, const uint8_t* sealed,
                  size_t size) {
  return size >= UH_TAG_SIZE &&
         crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, size, associated,
                                                   associated_size, nonce, key) == 0;
}

void uh_sha256(uint8_t out[32], const uh_part* parts, size_t count) {
  crypto_hash_sha256_state state;
  (void)crypto_hash_sha256_init(&state);
  for (size_t i = 0; i < count; ++i) {
    (void)crypto_hash_sha256_update(&state, parts[i].data, parts[i].size);
  }
  (void)crypto_hash_sha256_final(&state, out);
}

static void hmac_parts(uint8_t out[32], const uint8_t* key, size_t key_size, const uh_part* parts,
                       size_t count) {
  crypto_auth_hmacsha256_state state;
  (void)crypto_auth_hmacsha256_init(&state, key, key_size);
  for (size_t i = 0; i < count; ++i) {
    (void)crypto_auth_hmacsha256_update(&state, parts[i].data, parts[i].size);
  }
  (void)crypto_auth_hmacsha256_final(&state, out);
  uh_wipe(&state, sizeof state);
}

void uh_hmac(uint8_t out[32], const uint8_t key[32], const uh_part* parts, size_t count) {
  hmac_parts(out, key, 32, parts, count);
}

void uh_hkdf_expand(uint8_t* out, size_t size, const uint8_t key[32], const uint8_t* info,
                    size_t info_size) {
  uint8_t block[UH_HASH_SIZE];
  uint8_t number = 0;
  for (size_t done = 0; done < size;) {
    const uh_part parts[] = {
        {block, number == 0 ? 0 : sizeof block}, {info, info_size}, {&number, 1}};
    // The block before is hashed, then this one takes its place; the counter starts at one.
    ++number;
    hmac_parts(block, key, 32, parts, 3);
    const size_t take = size - done < sizeof block ? size - done : sizeof block;
    memcpy(out + done, block, take);
    done += take;
  }
  uh_wipe(block, sizeof block);
}

void uh_hkdf(uint8_t* out, size_t size, const uint8_t* salt, size_t salt_size, const uint8_t* input,
             size_t input_size, const uint8_t* info, size_t info_size) {
  const uh_part part = {input, input_size};
  uint8_t key[UH_HASH_SIZE];
  hmac_parts(key, salt, salt_size, &part, 1);
  uh_hkdf_expand(out, size, key, info, info_size);
  uh_wipe(key, sizeof key);
}
