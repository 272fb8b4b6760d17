// The pairwise channel between this device and the controllers of its owner: X3DH and the Double
// Ratchet, byte for byte those of libs/e2ee (docs/security.md, "Channel of a device"). A device
// begins no session: it publishes a signed prekey, which serves one session and is gone then, and
// the sessions that it holds.
//
// All state is in one record of flash, and in memory only while a message is worked on. It is
// written before what was opened is acted on, and before what was sealed is given out: whenever the
// power goes, no key serves twice and nothing opens twice. A message that does not open changes
// nothing.
#ifndef UH_CHANNEL_H
#define UH_CHANNEL_H

#include "uh/group.h"
#include "uh/journal.h"

#define UH_CHANNEL_SESSIONS 4   // one for each controller; the one that was begun first makes room
#define UH_CHANNEL_KEPT_KEYS 6  // of messages that may still come, for each session
#define UH_CHANNEL_MAX_SKIP 1024u  // messages that one may pass over
// What a sealed message has before its ciphertext, and in all.
#define UH_CHANNEL_HEAD (1 + UH_ID_SIZE + 1 + UH_KEY_SIZE + 5 + 5)
#define UH_CHANNEL_OVERHEAD (UH_CHANNEL_HEAD + UH_TAG_SIZE)

typedef struct uh_session_key {
  uint32_t number;
  uint8_t chain;  // 0: free, 1: the present receiving chain, 2: the one before
  uint8_t key[32];
} uh_session_key;

// One session of the Double Ratchet (revision 1), as its responder has it.
typedef struct uh_session {
  uint64_t epoch;  // orders the sessions of one controller
  uint8_t controller[UH_ID_SIZE];
  uint8_t identity[32];   // the controller's
  uint8_t base[32];       // the key that it began with
  uint8_t root[32];       // RK
  uint8_t peer[32];       // DHr: the ratchet key of the present receiving chain
  uint8_t own[32];        // DHs, private; while `sending`
  uint8_t outward[32];    // CKs; while `sending`
  uint8_t inward[32];     // CKr
  uint8_t earlier[32];    // the ratchet key of the receiving chain before; zeros: none
  uint32_t sent;          // Ns
  uint32_t sent_earlier;  // PN
  uint32_t received;      // Nr
  bool sending;
  uh_session_key kept[UH_CHANNEL_KEPT_KEYS];
} uh_session;

// The record: its head, then the sessions that there are, the youngest first.
typedef struct uh_channel_head {
  uint32_t layout;     // of the program that wrote it
  uint32_t number;     // of the prekey, and of the document that tells it
  uint32_t epoch;      // of the roster by which the sessions were last gone through
  uint8_t prekey[32];  // private
  uint8_t count;
  bool bound;  // a session was accepted since the device was commissioned
} uh_channel_head;
#define UH_CHANNEL_STORED_SIZE (sizeof(uh_channel_head) + UH_CHANNEL_SESSIONS * sizeof(uh_session))

// What belongs to the host, and outlives the channel. `work` takes UH_CHANNEL_STORED_SIZE bytes; it
// may be used for other things between two calls.
typedef struct uh_channel_parts {
  const uint8_t* device;        // 16 bytes
  const uint8_t* identity_key;  // 32 bytes, X25519, private
  const uint8_t* signing_seed;  // 32 bytes
  uint8_t* work;
  size_t work_size;
} uh_channel_parts;

typedef struct uh_channel {
  uh_channel_parts with;
  uh_journal journal;
  bool bound;     // since then epochs come by the channel alone
  bool has_news;  // what the device publishes has changed, or may have been forgotten by its broker
} uh_channel;

// Takes 2 * sectors_each sectors from first_sector on; makes the first prekey. UH_STORAGE,
// UH_CORRUPT, UH_NO_SPACE.
uh_status uh_channel_open(uh_channel* channel, const uh_channel_parts* parts, const uh_flash* flash,
                          uint32_t first_sector, uint32_t sectors_each);
// The device was commissioned (again): no session is left, and a new prekey. UH_STORAGE.
uh_status uh_channel_restart(uh_channel* channel);

// What the device publishes, retained, at "devices/ID/prekeys"; `now` is milliseconds since 1970 as
// far as they are known. UH_NO_SPACE, UH_STORAGE.
#define UH_PREKEYS_SIZE \
  (1 + 4 + 2 + UH_ID_SIZE + 64 + 4 + 32 + 8 + 64 + 1 + 32 * UH_CHANNEL_SESSIONS + 64)
uh_status uh_channel_publish(uh_channel* channel, uint64_t now, uint8_t* out, size_t capacity,
                             size_t* size);

// A message that was opened, and its session as it is to be from now on: nothing of it is stored
// before uh_channel_keep().
typedef struct uh_received {
  uh_session session;  // the caller's to wipe
  bool is_first;     // of a session that its sender has begun: whose it is, the content must prove
  bool is_due;       // the sessions have not been gone through since the roster changed
  uint8_t* content;  // lies in the payload
  size_t content_size;
} uh_received;
// Whose channel a payload says it is of; null when it is none.
const uint8_t* uh_channel_controller(const uint8_t* payload, size_t size);
// Opens in place; what does not open is of no use afterwards. `epoch` is the roster's.
// UH_MALFORMED, UH_UNKNOWN_EPOCH (for a prekey or a session that is gone), UH_STALE (begun before
// the one that is there), UH_UNDECRYPTABLE, UH_DUPLICATE, UH_TOO_FAR_AHEAD, UH_STORAGE.
uh_status uh_channel_receive(uh_channel* channel, uint32_t epoch, uint8_t* payload, size_t size,
                             uh_received* received);
// Stores the session; with a roster (verified, the group's present one), only those whose
// controllers it names stay. UH_STORAGE, UH_CORRUPT, UH_STATE when the session is not there.
struct uh_roster;
uh_status uh_channel_keep(uh_channel* channel, const uh_received* received,
                          const struct uh_roster* roster);

// Seals for a controller whose session there is (UH_STATE), and stores the session before it
// answers. The content may lie in `out`, at least UH_CHANNEL_HEAD bytes behind its start; neither
// lies in the work memory's first UH_CHANNEL_STORED_SIZE bytes. UH_NO_SPACE, UH_EXHAUSTED,
// UH_STORAGE.
uh_status uh_channel_seal(uh_channel* channel, const uint8_t controller[UH_ID_SIZE],
                          const uint8_t* content, size_t content_size, uint8_t* out,
                          size_t capacity, size_t* size);

#endif
