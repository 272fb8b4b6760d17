// A device's keys of one device group (UDG-1; docs/security.md, "Device groups"): the same bytes as
// libs/e2ee, in fixed memory. A device listens to a few senders: the controllers and hubs of its
// group and the devices it was told to track.
#ifndef UH_GROUP_H
#define UH_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uh/crypto.h"
#include "uh/status.h"

#define UH_ID_SIZE 16
#define UH_TAG8_SIZE 8
#define UH_MAX_OWNERS 4
#define UH_MAX_SENDERS 8
#define UH_KEPT_KEYS 4
#define UH_MAX_RETAINED 4
#define UH_COUNTER_BLOCK 1024u
#define UH_MAX_COUNTER 0xfffffc00u
#define UH_MAX_JUMP 65536u
// Header, tag and signature; what a content has before its body comes on top.
#define UH_PAYLOAD_OVERHEAD (27 + UH_TAG_SIZE + UH_SIGNATURE_SIZE)
#define UH_CONTENT_OVERHEAD (1 + 10 + 10 + 16 + 16)

typedef enum uh_role { UH_DEVICE = 1, UH_CONTROLLER = 2, UH_HUB = 3, UH_COMPLIANCE = 4 } uh_role;
typedef enum uh_kind {
  UH_TELEMETRY = 0,
  UH_STATE_REPORT = 1,
  UH_COMMAND = 2,
  UH_RESULT = 3
} uh_kind;

typedef struct uh_chain {
  uint32_t next;
  uint8_t chain_key[32];
  uint8_t block_key[32];  // of the block after next's
} uh_chain;

#define UH_NO_COUNTER 0xffffffffu

typedef struct uh_kept_key {
  uint32_t counter;  // UH_NO_COUNTER: free
  uint8_t key[32];
} uh_kept_key;

typedef struct uh_sender {
  uint8_t tag[UH_TAG8_SIZE];  // the last eight bytes of its device id
  uint8_t signing_key[32];
  uint8_t role;
  uh_chain chain;
  uh_kept_key kept[UH_KEPT_KEYS];
} uh_sender;

// The newest retained payload of a sender's topic: it is opened again with every subscription.
typedef struct uh_retained {
  bool used;
  uint8_t sender;  // index
  uint32_t counter;
  uint8_t topic[32];
  uint8_t key[32];
} uh_retained;

typedef struct uh_epoch {
  uint32_t number;  // 0: there is none
  uint8_t roster_hash[32];
  uint8_t sender_count;
  uh_sender senders[UH_MAX_SENDERS];
  uh_retained retained[UH_MAX_RETAINED];
} uh_epoch;

// The newest desired state that was taken (uh/agent.h), across epochs.
typedef struct uh_desired_mark {
  uint64_t sent_at;  // 0: none was
  uint8_t hash[32];  // of its document
} uh_desired_mark;

typedef struct uh_group {
  uint8_t id[UH_ID_SIZE];
  uint8_t self[UH_ID_SIZE];
  uint8_t owner_count;
  uint8_t owners[UH_MAX_OWNERS][32];
  uh_chain own;
  uint32_t horizon;  // counters below it may be used
  uh_desired_mark desired;
  uh_epoch current;
  uh_epoch previous;
} uh_group;

// Whether this device listens to a member. `role` is the roster's.
typedef bool (*uh_listens)(void* context, const uint8_t device[UH_ID_SIZE], uint8_t role);
// Controllers and hubs.
bool uh_listens_to_controllers(void* context, const uint8_t device[UH_ID_SIZE], uint8_t role);

// The first roster, from the owner whose key the device got when it was commissioned. `work` is
// memory of at least roster_size + UH_ROSTER_WORK bytes for checking the signature; the secret is
// the caller's to wipe. UH_MALFORMED (also: more senders than there is room for), UH_UNDECRYPTABLE,
// UH_NOT_AN_OWNER, UH_WRONG_DEVICE when this device is not in it.
#define UH_ROSTER_WORK 32
typedef struct uh_roster_input {
  const uint8_t* document;
  size_t size;
  const uint8_t* secret;  // the epoch's, 32 bytes
  uh_listens listens;
  void* context;
  uint8_t* work;
  size_t work_size;
} uh_roster_input;
uh_status uh_group_join(uh_group* group, const uint8_t owner[32], const uint8_t self[UH_ID_SIZE],
                        const uh_roster_input* input);
// The next epoch; the one before can still be opened until uh_group_forget(). UH_STALE, UH_FORKED.
uh_status uh_group_advance(uh_group* group, const uh_roster_input* input);
void uh_group_forget(uh_group* group);
void uh_group_wipe(uh_group* group);

typedef struct uh_content {
  uint64_t sent_at;    // milliseconds since 1970
  uint64_t not_after;  // 0: none
  bool has_request;
  bool has_challenge;
  uint8_t request[16];
  uint8_t challenge[16];
  const uint8_t* body;
  size_t body_size;
} uh_content;

// How many counters may be used without writing flash.
uint32_t uh_group_reserved(const uh_group* group);
// Takes the next block. Store the group (or its horizon) before the next seal.
uh_status uh_group_reserve(uh_group* group);
// Goes on behind a block that was taken later than this group's stored form knows (uh/counters.h).
// UH_EXHAUSTED.
uh_status uh_group_skip_to(uh_group* group, uint32_t horizon);
// Writes the payload to `out`; its content's body must not lie in `out`.
uh_status uh_group_seal(uh_group* group, const uint8_t signing_seed[32], const char* topic,
                        size_t topic_size, uh_kind kind, bool retained, const uh_content* content,
                        uint8_t* out, size_t capacity, size_t* size);

typedef struct uh_opened {
  const uh_sender* sender;
  uh_kind kind;
  bool is_signed;
  bool retained;
  uint32_t epoch;
  uint32_t counter;
  uh_content content;  // its body lies in the payload
} uh_opened;

// Opens in place: the payload becomes plaintext when it is good, and stays as it is otherwise.
// `delivered_as_retained` is the RETAIN flag of the PUBLISH. Store the group before acting on a
// command.
uh_status uh_group_open(uh_group* group, const char* topic, size_t topic_size, uint8_t* payload,
                        size_t payload_size, bool delivered_as_retained, uh_opened* opened);

// The stored form: versioned, with a checksum of its own; the same program reads it. `out` takes
// UH_GROUP_STORED_SIZE bytes. UH_NO_SPACE, UH_CORRUPT. A loaded group starts behind the counters
// that were reserved.
#define UH_GROUP_STORED_SIZE (4 + sizeof(uh_group) + 8)
uh_status uh_group_store(const uh_group* group, uint8_t* out, size_t capacity, size_t* size);
uh_status uh_group_load(uh_group* group, const uint8_t* stored, size_t size);

#endif
