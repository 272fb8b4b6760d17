#include "enrol_port.h"

#include <esp_random.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>

#include "uh/crypto.h"

#define MAX_NAME 160

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

// The first request has a name of its own; later ones repeat those of the certificate.
static bool name_first(mbedtls_x509write_csr* request, const char* device) {
  char name[MAX_NAME];
  (void)snprintf(name, sizeof name, "CN=%s", device);
  return mbedtls_x509write_csr_set_subject_name(request, name) == 0;
}

static bool repeat_names(mbedtls_x509write_csr* request, const uint8_t* current, size_t size) {
  mbedtls_x509_crt certificate;
  mbedtls_x509_subject_alternative_name name;
  char subject[MAX_NAME];
  mbedtls_x509_crt_init(&certificate);
  bool done = mbedtls_x509_crt_parse_der(&certificate, current, size) == 0 &&
              mbedtls_x509_dn_gets(subject, sizeof subject, &certificate.subject) > 0 &&
              mbedtls_x509write_csr_set_subject_name(request, subject) == 0 &&
              mbedtls_x509_parse_subject_alt_name(&certificate.subject_alt_names.buf, &name) == 0;
  if (done) {
    mbedtls_x509_san_list list = {.node = name, .next = NULL};
    done = mbedtls_x509write_csr_set_subject_alternative_name(request, &list) == 0;
    mbedtls_x509_free_subject_alt_name(&name);
  }
  mbedtls_x509_crt_free(&certificate);
  return done;
}

static bool make_request(void* context, uint8_t slot, const uint8_t* current, size_t current_size,
                         uint8_t* out, size_t capacity, size_t* size) {
  const settings* with = context;
  mbedtls_pk_context key;
  mbedtls_x509write_csr request;
  mbedtls_x509write_csr_init(&request);
  int written = -1;
  if (read_key(slot, &key) && (current != NULL ? repeat_names(&request, current, current_size)
                                               : name_first(&request, with->device))) {
    mbedtls_x509write_csr_set_key(&request, &key);
    mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
    written = mbedtls_x509write_csr_der(&request, out, capacity, random_bytes, NULL);
  }
  mbedtls_x509write_csr_free(&request);
  mbedtls_pk_free(&key);
  if (written <= 0) {
    return false;
  }
  *size = (size_t)written;
  memmove(out, out + capacity - *size, *size);  // it is written to the end of the buffer
  return true;
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
                         .make_key = make_key,
                         .make_request = make_request,
                         .is_ours = is_ours};
}
