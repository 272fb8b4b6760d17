// The primitives that the core needs, given by the port (port/sodium for a host, for RISC-V without
// an operating system and for ESP-IDF alike). All sizes are bytes. No call allocates.
#ifndef UH_CRYPTO_H
#define UH_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UH_KEY_SIZE 32
#define UH_SIGNATURE_SIZE 64
#define UH_TAG_SIZE 16
#define UH_NONCE_SIZE 12
#define UH_HASH_SIZE 32

// From the hardware generator. Never fails: a port that cannot deliver resets the device.
void uh_random(uint8_t* out, size_t size);
// Overwrites memory in a way that the compiler must not remove.
void uh_wipe(void* memory, size_t size);
bool uh_equal(const uint8_t* a, const uint8_t* b, size_t size);  // in constant time

// RFC 7748; false when the peer's point would make the secret predictable (out is then wiped).
bool uh_x25519(uint8_t out[32], const uint8_t private_key[32], const uint8_t peer[32]);
void uh_x25519_base(uint8_t out[32], const uint8_t private_key[32]);

// RFC 8032; `seed` is the private key.
void uh_ed25519_public(uint8_t out[32], const uint8_t seed[32]);
void uh_ed25519_sign(uint8_t signature[64], const uint8_t seed[32], const uint8_t* message,
                     size_t size);
bool uh_ed25519_verify(const uint8_t public_key[32], const uint8_t* message, size_t size,
                       const uint8_t signature[64]);

// RFC 8439. `out` may be where the input is. Seal writes size + 16, open size - 16 bytes.
void uh_aead_seal(uint8_t* out, const uint8_t key[32], const uint8_t nonce[12],
                  const uint8_t* associated, size_t associated_size, const uint8_t* plaintext,
                  size_t size);
bool uh_aead_open(uint8_t* out, const uint8_t key[32], const uint8_t nonce[12],
                  const uint8_t* associated, size_t associated_size, const uint8_t* sealed,
                  size_t size);

// SHA-256 of parts as if they were one, HMAC-SHA-256, and HKDF-Expand (RFC 5869).
typedef struct uh_part {
  const uint8_t* data;
  size_t size;
} uh_part;
void uh_sha256(uint8_t out[32], const uh_part* parts, size_t count);
void uh_hmac(uint8_t out[32], const uint8_t key[32], const uh_part* parts, size_t count);
void uh_hkdf(uint8_t* out, size_t size, const uint8_t* salt, size_t salt_size, const uint8_t* input,
             size_t input_size, const uint8_t* info, size_t info_size);
void uh_hkdf_expand(uint8_t* out, size_t size, const uint8_t key[32], const uint8_t* info,
                    size_t info_size);

#endif
