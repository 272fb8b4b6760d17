// A device's certificate by EST (RFC 7030, RFC 8951): the first one with a one-time code, the next
// ones with the one before, in time and without a clock that anybody set. Keys are made and stay in
// the port. The host does the exchanges over TLS that this state machine asks for, each on a
// connection that it verified with the trust anchor that came with the code.
//
// Everything that must not be forgotten is in a journal before it is acted on: the power may go
// between any two steps.
#ifndef UH_ENROL_H
#define UH_ENROL_H

#include "uh/backoff.h"
#include "uh/clock.h"
#include "uh/journal.h"

#define UH_MAX_CERTIFICATE 1024u
#define UH_ENROL_STORED (20u + 2u * (2u + UH_MAX_CERTIFICATE))
#define UH_BINDING_SIZE 32u  // of a TLS connection (RFC 9266)
#define UH_P256_POINT 65u    // a public key: 4, x, y (SEC 1 section 2.3.3)
// Memory for two stored forms, or a request.
#define UH_ENROL_WORK (2u * UH_ENROL_STORED)

typedef struct uh_enrol_port {
  void* context;
  const char* subject;  // the common name of the first request
  // A new P-256 key in slot 0 or 1; what was there before is gone.
  bool (*make_key)(void* context, uint8_t slot);
  bool (*public_key)(void* context, uint8_t slot, uint8_t point[UH_P256_POINT]);
  // ECDSA over the SHA-256 of the message; the signature in DER, at most `capacity` bytes.
  bool (*sign)(void* context, uint8_t slot, const uint8_t* message, size_t message_size,
               uint8_t* signature, size_t capacity, size_t* size);
  // Whether the certificate's key is that of the slot, and `anchor` issued it.
  bool (*is_ours)(void* context, uint8_t slot, const uint8_t* certificate, size_t size,
                  const uint8_t* anchor, size_t anchor_size);
} uh_enrol_port;

typedef enum uh_enrol_phase {
  UH_ENROL_ANCHORS = 0,  // the authority's certificate is to be had
  UH_ENROL_FIRST = 1,    // the first certificate
  UH_ENROL_HOLDS = 2,    // has one
  UH_ENROL_RENEWING = 3  // has one, and asks for the next
} uh_enrol_phase;

typedef struct uh_certificate {
  uint16_t size;  // 0: none
  uint8_t der[UH_MAX_CERTIFICATE];
} uh_certificate;

typedef struct uh_enrol {
  uh_journal* journal;
  const uh_enrol_port* port;
  uh_clock* clock;
  uint8_t* work;  // UH_ENROL_WORK bytes
  uint8_t phase;
  uint8_t slot;      // of the key of the certificate
  bool key_is_made;  // in the other slot, or for the first certificate in this one
  bool code_is_spent;
  uint64_t renew_at;  // milliseconds since 1970
  uint64_t expires_at;
  uh_certificate certificate;
  uh_backoff backoff;
  uint64_t wait_until;  // uptime
} uh_enrol;

// Reads what is stored, also into the clock. UH_STORAGE, UH_CORRUPT.
uh_status uh_enrol_open(uh_enrol* enrol, uh_journal* journal, const uh_enrol_port* port,
                        uh_clock* clock, uint8_t* work);

typedef enum uh_enrol_wish {
  UH_WISH_NOTHING,  // until `at`
  UH_WISH_CODE,     // a (new) one-time code: without one there is no way on
  UH_WISH_GET,      // GET path
  UH_WISH_POST,     // POST path with body, authorised by device id and code (HTTP Basic)
  UH_WISH_POST_WITH_CERTIFICATE  // POST on a connection opened with the certificate
} uh_enrol_wish;

typedef struct uh_enrol_exchange {
  uh_enrol_wish wish;
  uint64_t at;       // uptime
  const char* path;  // below /.well-known/est/
} uh_enrol_exchange;

// The body of a POST: application/pkcs10, base64, in the work memory.
typedef struct uh_enrol_body {
  const char* text;
  size_t size;
} uh_enrol_body;

// The host was given a code; those before it are void.
uh_status uh_enrol_new_code(uh_enrol* enrol);
// What is to be done now. `has_code`: the host holds a code.
// UH_STORAGE, UH_NO_SPACE: later again.
uh_status uh_enrol_next(uh_enrol* enrol, bool has_code, uint64_t uptime,
                        uh_enrol_exchange* exchange);
// What to send once the connection stands on which it goes. `binding`: 32 bytes that the connection
// exports under the label "EXPORTER-Channel-Binding" (RFC 9266, TLS 1.3); they go into the request
// as its challengePassword, so that it is worth nothing on another connection (RFC 7030
// section 3.5). Null where TLS does not give them. UH_STATE: no POST is due; UH_STORAGE,
// UH_NO_SPACE, UH_MALFORMED.
uh_status uh_enrol_request(uh_enrol* enrol, const uint8_t* binding, uh_enrol_body* body);
// The answer to it. `retry_after`: seconds, 0 when there was none. The body is changed, and
// does not lie in the work memory. UH_OK
// also for refusals, which uh_enrol_next() deals with; UH_MALFORMED, UH_WRONG_DEVICE (a certificate
// that is not for our key or from our authority), UH_STORAGE: it will be tried again.
uh_status uh_enrol_answer(uh_enrol* enrol, uint16_t status, uint32_t retry_after, uint8_t* body,
                          size_t size, uint64_t uptime);
// There was no answer.
void uh_enrol_failed(uh_enrol* enrol, uint64_t uptime);
// A certificate to connect with is there, and as far as is known it has not run out.
bool uh_enrol_has_certificate(const uh_enrol* enrol, uint64_t uptime);
// The server says that the certificate is worth nothing any more.
uh_status uh_enrol_discard(uh_enrol* enrol);
// Stores what the clock knows; call it when uh_clock_learn() says that it is worth it.
uh_status uh_enrol_store(uh_enrol* enrol);

#endif
