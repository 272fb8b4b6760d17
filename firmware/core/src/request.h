// Certificate requests (PKCS#10, RFC 2986) with what EST asks for: the names of the certificate
// that is renewed, and the binding to the connection that the request goes over.
#ifndef UH_REQUEST_H
#define UH_REQUEST_H

#include "uh/enrol.h"

#define UH_MAX_REQUEST 1024u

// Written to the end of `memory`, which has room for two; `*der` points into it.
// UH_MALFORMED: the certificate in use has no names to repeat. UH_NO_SPACE; UH_STORAGE: no key
// there.
uh_status uh_request_make(const uh_enrol_port* port, uint8_t slot,
                          const uh_certificate* current,  // null: the first request
                          const uint8_t* binding,         // UH_BINDING_SIZE bytes, or null
                          uint8_t memory[2 * UH_MAX_REQUEST], const uint8_t** der, size_t* size);

#endif
