#include "enrol_port.h"

#include <esp_random.h>
#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>

#include "uh/crypto.h"

// The hardware's generator; the radio is on before any of this is called.
static int random_bytes(void* context, unsigned char* out, size_t size) {
  (void)context;
  esp_fill_random(out, size);
  return 0;
}

static bool make_key(void* context, uint8_t slot) {
  (void)context;
  uint8_t der[MAX_KEY];
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  int size = -1;
  if (mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0 &&
      mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), random_bytes, NULL) == 0) {
    size = mbedtls_pk_write_key_der(&key, der, sizeof der);
  }
  mbedtls_pk_free(&key);
  // It is written to the end of the buffer.
  const bool done =
      size > 0 && settings_write_key(slot, der + sizeof der - (size_t)size, (size_t)size);
  uh_wipe(der, sizeof der);
  return done;
}

static bool read_key(uint8_t slot, mbedtls_pk_context* key) {
  uint8_t der[MAX_KEY];
  size_t size = 0;
  mbedtls_pk_init(key);
  const bool done = settings_read_key(slot, der, sizeof der, &size) &&
                    mbedtls_pk_parse_key(key, der, size, NULL, 0, random_bytes, NULL) == 0;
  uh_wipe(der, sizeof der);
  return done;
}

static bool public_key(void* context, uint8_t slot, uint8_t point[UH_P256_POINT]) {
  (void)context;
  mbedtls_pk_context key;
  size_t size = 0;
  bool done = read_key(slot, &key);
  if (done) {
    mbedtls_ecp_keypair* pair = mbedtls_pk_ec(key);
    done = mbedtls_ecp_point_write_binary(&pair->MBEDTLS_PRIVATE(grp), &pair->MBEDTLS_PRIVATE(Q),
                                          MBEDTLS_ECP_PF_UNCOMPRESSED, &size, point,
                                          UH_P256_POINT) == 0 &&
           size == UH_P256_POINT;
  }
  mbedtls_pk_free(&key);
  return done;
}

static bool sign(void* context, uint8_t slot, const uint8_t* message, size_t message_size,
                 uint8_t* signature, size_t capacity, size_t* size) {
  (void)context;
  mbedtls_pk_context key;
  uint8_t digest[32];
  const bool done = read_key(slot, &key) && mbedtls_sha256(message, message_size, digest, 0) == 0 &&
                    mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, digest, sizeof digest, signature,
                                    capacity, size, random_bytes, NULL) == 0;
  mbedtls_pk_free(&key);
  return done;
}

static bool is_ours(void* context, uint8_t slot, const uint8_t* certificate, size_t size,
                    const uint8_t* anchor, size_t anchor_size) {
  (void)context;
  mbedtls_pk_context key;
  mbedtls_x509_crt own;
  mbedtls_x509_crt issuer;
  uint32_t flags = 0;
  mbedtls_x509_crt_init(&own);
  mbedtls_x509_crt_init(&issuer);
  const bool fits = read_key(slot, &key) &&
                    mbedtls_x509_crt_parse_der(&own, certificate, size) == 0 &&
                    mbedtls_x509_crt_parse_der(&issuer, anchor, anchor_size) == 0 &&
                    mbedtls_pk_check_pair(&own.pk, &key, random_bytes, NULL) == 0 &&
                    mbedtls_x509_crt_verify(&own, &issuer, NULL, NULL, &flags, NULL, NULL) == 0;
  mbedtls_x509_crt_free(&issuer);
  mbedtls_x509_crt_free(&own);
  mbedtls_pk_free(&key);
  return fits;
}

uh_enrol_port enrol_port_make(const settings* with) {
  return (uh_enrol_port){.context = (void*)with,
                         .subject = with->device,
                         .make_key = make_key,
                         .public_key = public_key,
                         .sign = sign,
                         .is_ours = is_ours};
}
