// As much of DER as it takes to find certificates, their dates and their names.
#ifndef UH_DER_H
#define UH_DER_H

#include "uh/bytes.h"
#include "uh/status.h"

enum {
  DER_INTEGER = 0x02,
  DER_BIT_STRING = 0x03,
  DER_OID = 0x06,
  DER_UTF8 = 0x0c,
  DER_PRINTABLE = 0x13,
  DER_UTC_TIME = 0x17,
  DER_GENERAL_TIME = 0x18,
  DER_SEQUENCE = 0x30,
  DER_SET = 0x31,
  DER_CONTEXT_0 = 0xa0,
  DER_CONTEXT_3 = 0xa3
};

// The next element when it has this tag; its content in `inner`, the whole of it in `whole` if that
// is not null. Fails the reader otherwise.
uh_reader uh_der_take(uh_reader* in, uint8_t tag, uh_reader* whole);
bool uh_der_is(const uh_reader* in, uint8_t tag);

// Base64 with line breaks (RFC 8951 section 3.1), decoded in place.
uh_status uh_base64_decode(uint8_t* text, size_t size, size_t* decoded);
size_t uh_base64_encode(const uint8_t* data, size_t size, char* out);  // 4 * (size + 2) / 3 bytes

// The first certificate of a certs-only message (RFC 5652 section 5.1).
uh_status uh_first_certificate(const uint8_t* der, size_t size, const uint8_t** certificate,
                               size_t* certificate_size);
typedef struct uh_validity {
  uint64_t from;  // milliseconds since 1970
  uint64_t until;
} uh_validity;
uh_status uh_certificate_validity(const uint8_t* der, size_t size, uh_validity* validity);

// Whose it is; both lie in the certificate, as whole elements.
typedef struct uh_names {
  uh_reader subject;
  uh_reader alternative;  // the extension subjectAltName
} uh_names;
uh_status uh_certificate_names(const uint8_t* der, size_t size, uh_names* names);

#endif
