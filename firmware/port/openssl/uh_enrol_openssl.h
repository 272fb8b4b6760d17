// Keys, requests and certificates of enrolment on OpenSSL, for hosts with files: key.0.pem and
// key.1.pem in a folder, readable by their owner alone.
#ifndef UH_ENROL_OPENSSL_H
#define UH_ENROL_OPENSSL_H

#include "uh/enrol.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct uh_openssl_keys {
  const char* folder;   // stays the caller's
  const char* subject;  // the common name of the first request
} uh_openssl_keys;

// `keys` outlives the port.
uh_enrol_port uh_enrol_openssl(uh_openssl_keys* keys);
// The file of a slot's key. False when the buffer is too small.
bool uh_openssl_key_path(const uh_openssl_keys* keys, uint8_t slot, char* out, size_t capacity);
// A certificate as PEM text; the size without the terminating zero, 0 when it cannot be.
size_t uh_openssl_pem(const uint8_t* certificate, size_t size, char* out, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
