// What the files of the group share: chains, rosters and the public header of a payload.
#ifndef UH_GROUP_INTERNAL_H
#define UH_GROUP_INTERNAL_H

#include "uh/bytes.h"
#include "uh/group.h"

void uh_chain_start(uh_chain* chain, const uint8_t secret[32], const uint8_t roster_hash[32],
                    const uint8_t device[UH_ID_SIZE]);
void uh_chain_take(uh_chain* chain, uint8_t key[32]);
void uh_chain_skip(uh_chain* chain, uint32_t counter);

typedef struct uh_roster {
  const uint8_t* id;
  const uint8_t* previous_hash;
  const uint8_t* signer;
  const uint8_t* members;
  uint32_t epoch;
  uint16_t member_count;
  uint8_t owner_count;
  const uint8_t* owners;
  uint8_t hash[32];
} uh_roster;
// Reads the document and checks its signature, not who signed. The pointers lie in the document.
uh_status uh_roster_read(uh_roster* roster, const uh_roster_input* input);

typedef struct uh_member {
  const uint8_t* device;
  const uint8_t* identity;
  const uint8_t* signing_key;
  uint8_t role;
} uh_member;
uh_member uh_roster_member(const uh_roster* roster, uint16_t index);

// NULL when the epoch knows none with this short id.
uh_sender* uh_find_sender(uh_epoch* epoch, const uint8_t tag[UH_TAG8_SIZE]);

typedef struct uh_header {
  bool is_signed;
  bool retained;
  uh_kind kind;
  uint32_t epoch;
  uint32_t counter;
  const uint8_t* group;
  const uint8_t* sender;
  size_t size;  // bytes of the header itself
} uh_header;
// UH_MALFORMED unless the payload has room for tag and signature, and the signature it needs.
uh_status uh_header_read(uh_header* header, const uint8_t* payload, size_t size);
bool uh_needs_signature(uh_kind kind, bool retained);

// The content around its body. `uh_content_read` leaves `body` pointing into the plaintext.
uh_status uh_content_write(uh_kind kind, const uh_content* content, uh_writer* out);
uh_status uh_content_read(uh_kind kind, const uint8_t* plaintext, size_t size, uh_content* content);

#endif
