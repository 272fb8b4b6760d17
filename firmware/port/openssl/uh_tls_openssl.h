// A TLS connection of a device, with its certificate, for hosts.
#ifndef UH_TLS_OPENSSL_H
#define UH_TLS_OPENSSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct uh_tls_settings {
  const char* host;  // its certificate must be for this name or address
  const char* port;
  const char* ca_file;         // PEM; null when the server's own certificate is pinned
  const uint8_t* fingerprint;  // its SHA-256, 32 bytes; null when a CA is trusted
  const uint8_t* certificate;  // the device's, DER; null: none is shown
  size_t certificate_size;
  const char* key_file;  // PEM
  int timeout;           // milliseconds for connecting and the handshake
} uh_tls_settings;

typedef struct uh_tls uh_tls;

typedef enum uh_tls_result {
  UH_TLS_OK = 0,
  UH_TLS_AGAIN,      // nothing now: wait for the descriptor
  UH_TLS_UNREACHED,  // nobody answers
  UH_TLS_UNTRUSTED,  // the server's certificate is not good
  UH_TLS_REFUSED,    // the server does not take our certificate
  UH_TLS_CLOSED      // the connection is gone, or is no TLS
} uh_tls_result;

// Blocks for at most the timeout. `why` gets a text for people.
uh_tls_result uh_tls_connect(const uh_tls_settings* settings, uh_tls** out, char* why,
                             size_t why_size);
// Neither blocks. `done` is how many bytes.
uh_tls_result uh_tls_read(uh_tls* tls, uint8_t* out, size_t capacity, size_t* done);
uh_tls_result uh_tls_write(uh_tls* tls, const uint8_t* data, size_t size, size_t* done);
int uh_tls_descriptor(const uh_tls* tls);
bool uh_tls_has_buffered(const uh_tls* tls);
void uh_tls_close(uh_tls* tls);

#ifdef __cplusplus
}
#endif

#endif
