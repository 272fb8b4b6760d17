// One session of the pairwise channel: how it begins, and its ratchet.
#ifndef UH_SESSION_H
#define UH_SESSION_H

#include "group_internal.h"
#include "uh/bytes.h"
#include "uh/channel.h"

// The two ends: this device, and the controller that a message says it is of.
typedef struct uh_ends {
  const uint8_t* device;
  const uint8_t* identity_key;  // private
  uint8_t identity[32];         // public
  const uint8_t* controller;
} uh_ends;

// A message's headers; pointers lie in it.
typedef struct uh_pair_message {
  bool begins;  // has what begins a session: the five that follow
  uint64_t epoch;
  const uint8_t* identity;
  const uint8_t* base;
  uint32_t prekey;
  const uint8_t* ratchet;
  uint32_t previous;  // PN
  uint32_t number;    // N
  uint8_t* start;
  size_t head_size;
  uint8_t* sealed;
  size_t sealed_size;
} uh_pair_message;

// UH_MALFORMED unless it is one, in its only encoding.
uh_status uh_pair_message_read(uh_pair_message* out, uint8_t* bytes, size_t size);

// X3DH, section 3.4. UH_UNDECRYPTABLE: a key that nobody honest sends.
uh_status uh_session_begin(uh_session* session, const uh_ends* ends, const uint8_t prekey[32],
                           const uh_pair_message* message);
// Opens in place. After any refusal the session is of no use: work on a copy. UH_UNDECRYPTABLE,
// UH_DUPLICATE, UH_TOO_FAR_AHEAD.
uh_status uh_session_receive(uh_session* session, const uh_ends* ends, bool begins,
                             const uh_pair_message* message);
// Appends a message. UH_EXHAUSTED, UH_UNDECRYPTABLE, UH_NO_SPACE.
uh_status uh_session_send(uh_session* session, const uh_ends* ends, const uint8_t* content,
                          size_t content_size, uh_writer* out);

// Whether the roster names the session's controller as one, with the key that the session began
// with.
bool uh_roster_leads(const uh_roster* roster, const uh_session* session);

#endif
