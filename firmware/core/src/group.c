#include "uh/group.h"

#include <string.h>

#include "group_internal.h"

static const char kPayloadLabel[] = "unhidra udg payload 1";
static const char kSignatureLabel[] = "unhidra udg signature 1";

#define MAX_HEADER 27
#define MAX_BOUND (4 + 32 + 4 + MAX_HEADER + 32 + 32)

bool uh_listens_to_controllers(void* context, const uint8_t device[UH_ID_SIZE], uint8_t role) {
  (void)context;
  (void)device;
  return role == UH_CONTROLLER || role == UH_HUB;
}

// ---- rosters ----

static bool owns(const uint8_t owners[][32], uint8_t count, const uint8_t key[32]) {
  for (uint8_t i = 0; i < count; ++i) {
    if (memcmp(owners[i], key, 32) == 0) {
      return true;
    }
  }
  return false;
}

static uh_sender* find_sender(uh_epoch* epoch, const uint8_t tag[UH_TAG8_SIZE]) {
  for (uint8_t i = 0; i < epoch->sender_count; ++i) {
    if (memcmp(epoch->senders[i].tag, tag, UH_TAG8_SIZE) == 0) {
      return &epoch->senders[i];
    }
  }
  return NULL;
}

static void start_sender(uh_sender* sender, const uh_member* member, const uint8_t secret[32],
                         const uint8_t roster_hash[32]) {
  memcpy(sender->tag, member->device + 8, UH_TAG8_SIZE);
  memcpy(sender->signing_key, member->signing_key, 32);
  sender->role = member->role;
  uh_chain_start(&sender->chain, secret, roster_hash, member->device);
  for (size_t i = 0; i < UH_KEPT_KEYS; ++i) {
    sender->kept[i].counter = UH_NO_COUNTER;
  }
}

// How many senders the roster gives this device, after checking that it is in it and that nobody
// it knows has other keys.
static uh_status count_senders(const uh_group* group, const uh_roster* roster,
                               const uh_roster_input* input, uint8_t* count) {
  bool is_member = false;
  *count = 0;
  for (uint16_t i = 0; i < roster->member_count; ++i) {
    const uh_member member = uh_roster_member(roster, i);
    if (memcmp(member.device, group->self, UH_ID_SIZE) == 0) {
      is_member = true;
      continue;
    }
    const uh_sender* known = find_sender((uh_epoch*)&group->current, member.device + 8);
    if (known != NULL && memcmp(known->signing_key, member.signing_key, 32) != 0) {
      return UH_FORKED;
    }
    if (input->listens(input->context, member.device, member.role)) {
      if (*count == UH_MAX_SENDERS) {
        return UH_MALFORMED;
      }
      ++*count;
    }
  }
  return is_member ? UH_OK : UH_WRONG_DEVICE;
}

// Nothing can fail any more.
static void enter_epoch(uh_group* group, const uh_roster* roster, const uh_roster_input* input) {
  memcpy(group->id, roster->id, UH_ID_SIZE);
  group->owner_count = roster->owner_count;
  memcpy(group->owners, roster->owners, (size_t)roster->owner_count * 32);
  group->horizon = 0;
  uh_chain_start(&group->own, input->secret, roster->hash, group->self);
  uh_epoch* epoch = &group->current;
  memset(epoch, 0, sizeof *epoch);
  epoch->number = roster->epoch;
  memcpy(epoch->roster_hash, roster->hash, 32);
  for (uint16_t i = 0; i < roster->member_count; ++i) {
    const uh_member member = uh_roster_member(roster, i);
    if (memcmp(member.device, group->self, UH_ID_SIZE) != 0 &&
        input->listens(input->context, member.device, member.role)) {
      start_sender(&epoch->senders[epoch->sender_count++], &member, input->secret, roster->hash);
    }
  }
}

uh_status uh_group_join(uh_group* group, const uint8_t owner[32], const uint8_t self[UH_ID_SIZE],
                        const uh_roster_input* input) {
  uh_roster roster;
  uint8_t senders = 0;
  memset(group, 0, sizeof *group);
  memcpy(group->self, self, UH_ID_SIZE);
  uh_status status = uh_roster_read(&roster, input);
  if (status == UH_OK && (memcmp(roster.signer, owner, 32) != 0 ||
                          !owns((const uint8_t(*)[32])roster.owners, roster.owner_count, owner))) {
    status = UH_NOT_AN_OWNER;
  }
  if (status == UH_OK) {
    status = count_senders(group, &roster, input, &senders);
  }
  if (status == UH_OK) {
    enter_epoch(group, &roster, input);
  }
  return status;
}

uh_status uh_group_advance(uh_group* group, const uh_roster_input* input) {
  uh_roster roster;
  uint8_t senders = 0;
  const uh_status status = uh_roster_read(&roster, input);
  if (status != UH_OK) {
    return status;
  }
  if (memcmp(roster.id, group->id, UH_ID_SIZE) != 0) {
    return UH_FORKED;
  }
  if (!owns((const uint8_t(*)[32])group->owners, group->owner_count, roster.signer)) {
    return UH_NOT_AN_OWNER;
  }
  if (roster.epoch <= group->current.number) {
    const bool forks = roster.epoch == group->current.number &&
                       memcmp(roster.hash, group->current.roster_hash, 32) != 0;
    return forks ? UH_FORKED : UH_STALE;
  }
  if (roster.epoch == group->current.number + 1 &&
      memcmp(roster.previous_hash, group->current.roster_hash, 32) != 0) {
    return UH_FORKED;
  }
  const uh_status members = count_senders(group, &roster, input, &senders);
  if (members != UH_OK) {
    return members;
  }
  group->previous = group->current;
  enter_epoch(group, &roster, input);
  return UH_OK;
}

void uh_group_forget(uh_group* group) {
  uh_wipe(&group->previous, sizeof group->previous);
}

void uh_group_wipe(uh_group* group) {
  uh_wipe(group, sizeof *group);
}

// ---- counters ----

uint32_t uh_group_reserved(const uh_group* group) {
  return group->horizon - group->own.next;
}

uh_status uh_group_reserve(uh_group* group) {
  if (group->current.number == 0) {
    return UH_STATE;
  }
  if (group->horizon > UH_MAX_COUNTER - UH_COUNTER_BLOCK) {
    return UH_EXHAUSTED;
  }
  group->horizon += UH_COUNTER_BLOCK;
  return UH_OK;
}

// ---- storing ----

// The layout is that of the program that wrote it: the version changes with the struct, and its
// size is stored beside it. Flash is this device's own, encrypted by the platform.
#define STORED_VERSION 1

static void checksum(const uint8_t* data, size_t size, uint8_t out[8]) {
  uint8_t hash[32];
  const uh_part part = {data, size};
  uh_sha256(hash, &part, 1);
  memcpy(out, hash, 8);
}

uh_status uh_group_store(const uh_group* group, uint8_t* out, size_t capacity, size_t* size) {
  if (capacity < UH_GROUP_STORED_SIZE) {
    return UH_NO_SPACE;
  }
  uh_writer writer = uh_write_to(out, capacity);
  uh_put_integer(&writer, STORED_VERSION, 2);
  uh_put_integer(&writer, sizeof *group, 2);
  uh_put(&writer, group, sizeof *group);
  uint8_t sum[8];
  checksum(out, writer.used, sum);
  uh_put(&writer, sum, sizeof sum);
  *size = writer.used;
  return UH_OK;
}

uh_status uh_group_load(uh_group* group, const uint8_t* stored, size_t size) {
  uh_reader in = uh_read_from(stored, size);
  const uint64_t version = uh_take_integer(&in, 2);
  const uint64_t struct_size = uh_take_integer(&in, 2);
  const uint8_t* content = uh_take(&in, sizeof *group);
  const uint8_t* expected = uh_take(&in, 8);
  if (!uh_read_all(&in) || version != STORED_VERSION || struct_size != sizeof *group) {
    return UH_CORRUPT;
  }
  uint8_t sum[8];
  checksum(stored, size - sizeof sum, sum);
  if (memcmp(sum, expected, sizeof sum) != 0) {
    return UH_CORRUPT;
  }
  memcpy(group, content, sizeof *group);
  uh_chain_skip(&group->own, group->horizon);
  return UH_OK;
}

// ---- payloads ----

static void nonce_of(uint32_t counter, uint8_t nonce[UH_NONCE_SIZE]) {
  uh_writer out = uh_write_to(nonce, UH_NONCE_SIZE);
  uh_put_integer(&out, 0, 8);
  uh_put_integer(&out, counter, 4);
}

static void hash_of(uint8_t out[32], const void* data, size_t size) {
  const uh_part part = {data, size};
  uh_sha256(out, &part, 1);
}

// What is authenticated beside the content, and what is signed: label, header, topic, and more.
static size_t bind(uint8_t out[MAX_BOUND], const char* label, const uint8_t* header, size_t size,
                   const uint8_t topic[32], const uint8_t* more, size_t more_size) {
  uh_writer writer = uh_write_to(out, MAX_BOUND);
  uh_put_prefixed(&writer, label, strlen(label));
  uh_put_prefixed(&writer, header, size);
  uh_put(&writer, topic, 32);
  uh_put(&writer, more, more_size);
  return writer.used;
}

static size_t bind_signature(uint8_t out[MAX_BOUND], const uint8_t* header, size_t header_size,
                             const uint8_t topic[32], const uint8_t* sealed, size_t sealed_size) {
  uint8_t hash[32];
  hash_of(hash, sealed, sealed_size);
  return bind(out, kSignatureLabel, header, header_size, topic, hash, sizeof hash);
}

static void put_header(const uh_group* group, uh_kind kind, bool retained, uh_writer* out) {
  const unsigned flags =
      (uh_needs_signature(kind, retained) ? 1u : 0u) | (retained ? 2u : 0u) | (unsigned)kind << 2;
  uh_put_integer(out, 1, 1);
  uh_put_integer(out, flags, 1);
  uh_put(out, group->id + 8, UH_TAG8_SIZE);
  uh_put_integer(out, group->current.number, 4);
  uh_put(out, group->self + 8, UH_TAG8_SIZE);
  uh_put_varint(out, group->own.next);
}

uh_status uh_group_seal(uh_group* group, const uint8_t signing_seed[32], const char* topic,
                        size_t topic_size, uh_kind kind, bool retained, const uh_content* content,
                        uint8_t* out, size_t capacity, size_t* size) {
  if (uh_group_reserved(group) == 0) {
    return UH_EXHAUSTED;
  }
  uh_writer writer = uh_write_to(out, capacity);
  put_header(group, kind, retained, &writer);
  const size_t header_size = writer.used;
  const uh_status written = uh_content_write(kind, content, &writer);
  const size_t plain_size = writer.used - header_size;
  const size_t tail = UH_TAG_SIZE + (uh_needs_signature(kind, retained) ? UH_SIGNATURE_SIZE : 0);
  if (written != UH_OK || capacity - writer.used < tail) {
    return written != UH_OK ? written : UH_NO_SPACE;
  }
  uint8_t topic_hash[32];
  uint8_t key[32];
  uint8_t nonce[UH_NONCE_SIZE];
  uint8_t bound[MAX_BOUND];
  hash_of(topic_hash, topic, topic_size);
  nonce_of(group->own.next, nonce);
  uh_chain_take(&group->own, key);
  uint8_t* sealed = out + header_size;
  const size_t bound_size = bind(bound, kPayloadLabel, out, header_size, topic_hash, NULL, 0);
  uh_aead_seal(sealed, key, nonce, bound, bound_size, sealed, plain_size);
  uh_wipe(key, sizeof key);
  const size_t sealed_size = plain_size + UH_TAG_SIZE;
  if (tail > UH_TAG_SIZE) {
    const size_t signed_size =
        bind_signature(bound, out, header_size, topic_hash, sealed, sealed_size);
    uh_ed25519_sign(sealed + sealed_size, signing_seed, bound, signed_size);
  }
  *size = writer.used + tail;
  return UH_OK;
}

// The key that opens a payload, and what becomes of the chain when it does.
typedef struct staged_key {
  uint8_t key[32];
  bool advances;
  uh_chain chain;
  uint8_t passed_count;
  uh_kept_key passed[UH_KEPT_KEYS];
} staged_key;

static uh_retained* find_retained(uh_epoch* epoch, uint8_t sender, const uint8_t topic[32]) {
  for (size_t i = 0; i < UH_MAX_RETAINED; ++i) {
    uh_retained* slot = &epoch->retained[i];
    if (slot->used && slot->sender == sender && memcmp(slot->topic, topic, 32) == 0) {
      return slot;
    }
  }
  return NULL;
}

static uh_status stage_ahead(const uh_sender* sender, uint32_t counter, staged_key* staged) {
  if (counter - sender->chain.next > UH_MAX_JUMP || counter >= UH_MAX_COUNTER) {
    return UH_TOO_FAR_AHEAD;
  }
  staged->advances = true;
  staged->chain = sender->chain;
  if (counter - staged->chain.next > UH_KEPT_KEYS) {
    uh_chain_skip(&staged->chain, counter - UH_KEPT_KEYS);
  }
  while (staged->chain.next < counter) {
    uh_kept_key* passed = &staged->passed[staged->passed_count++];
    passed->counter = staged->chain.next;
    uh_chain_take(&staged->chain, passed->key);
  }
  uh_chain_take(&staged->chain, staged->key);
  return UH_OK;
}

static uh_status stage_key(uh_epoch* epoch, const uh_sender* sender, const uh_header* header,
                           const uint8_t topic[32], staged_key* staged) {
  if (header->retained) {
    const uh_retained* known = find_retained(epoch, (uint8_t)(sender - epoch->senders), topic);
    if (known != NULL && header->counter < known->counter) {
      return UH_STALE;
    }
    if (known != NULL && header->counter == known->counter) {
      memcpy(staged->key, known->key, 32);
      return UH_OK;
    }
  }
  if (header->counter >= sender->chain.next) {
    return stage_ahead(sender, header->counter, staged);
  }
  for (size_t i = 0; i < UH_KEPT_KEYS; ++i) {
    if (sender->kept[i].counter == header->counter) {
      memcpy(staged->key, sender->kept[i].key, 32);
      return UH_OK;
    }
  }
  return UH_DUPLICATE;
}

// Puts a passed-over key where a free slot or the oldest key is.
static void keep(uh_sender* sender, const uh_kept_key* key) {
  uh_kept_key* place = &sender->kept[0];
  for (size_t i = 0; i < UH_KEPT_KEYS; ++i) {
    uh_kept_key* slot = &sender->kept[i];
    if (slot->counter == UH_NO_COUNTER) {
      place = slot;
      break;
    }
    if (slot->counter < place->counter) {
      place = slot;
    }
  }
  *place = *key;
}

static void remember_retained(uh_epoch* epoch, uint8_t sender, const uh_header* header,
                              const uint8_t topic[32], const uint8_t key[32]) {
  uh_retained* slot = find_retained(epoch, sender, topic);
  for (size_t i = 0; slot == NULL && i < UH_MAX_RETAINED; ++i) {
    if (!epoch->retained[i].used) {
      slot = &epoch->retained[i];
    }
  }
  if (slot == NULL) {
    slot = &epoch->retained[0];
    for (size_t i = 1; i < UH_MAX_RETAINED; ++i) {
      if (epoch->retained[i].counter < slot->counter) {
        slot = &epoch->retained[i];
      }
    }
  }
  slot->used = true;
  slot->sender = sender;
  slot->counter = header->counter;
  memcpy(slot->topic, topic, 32);
  memcpy(slot->key, key, 32);
}

static void commit(uh_epoch* epoch, uh_sender* sender, const uh_header* header,
                   const uint8_t topic[32], const staged_key* staged) {
  if (staged->advances) {
    sender->chain = staged->chain;
    for (uint8_t i = 0; i < staged->passed_count; ++i) {
      keep(sender, &staged->passed[i]);
    }
  } else {
    for (size_t i = 0; i < UH_KEPT_KEYS; ++i) {
      if (sender->kept[i].counter == header->counter) {
        uh_wipe(&sender->kept[i], sizeof sender->kept[i]);
        sender->kept[i].counter = UH_NO_COUNTER;
      }
    }
  }
  if (header->retained) {
    remember_retained(epoch, (uint8_t)(sender - epoch->senders), header, topic, staged->key);
  }
}

static uh_epoch* epoch_of(uh_group* group, uint32_t number) {
  if (number == group->current.number) {
    return &group->current;
  }
  return group->previous.number != 0 && number == group->previous.number ? &group->previous : NULL;
}

static bool is_signed_by(const uh_sender* sender, const uh_header* header, const uint8_t* payload,
                         size_t sealed_size, const uint8_t topic[32]) {
  if (!header->is_signed) {
    return true;
  }
  uint8_t bound[MAX_BOUND];
  const uint8_t* sealed = payload + header->size;
  const size_t size = bind_signature(bound, payload, header->size, topic, sealed, sealed_size);
  return uh_ed25519_verify(sender->signing_key, bound, size, sealed + sealed_size);
}

uh_status uh_group_open(uh_group* group, const char* topic, size_t topic_size, uint8_t* payload,
                        size_t payload_size, bool delivered_as_retained, uh_opened* opened) {
  uh_header header;
  if (uh_header_read(&header, payload, payload_size) != UH_OK) {
    return UH_MALFORMED;
  }
  uh_epoch* epoch = epoch_of(group, header.epoch);
  if (epoch == NULL || memcmp(header.group, group->id + 8, UH_TAG8_SIZE) != 0) {
    return UH_UNKNOWN_EPOCH;
  }
  uh_sender* sender = find_sender(epoch, header.sender);
  // Who was removed is heard no more, not even with keys of the epoch before.
  if (sender == NULL || find_sender(&group->current, header.sender) == NULL) {
    return UH_WRONG_DEVICE;
  }
  if (delivered_as_retained && !header.retained) {
    return UH_STALE;
  }
  uint8_t topic_hash[32];
  hash_of(topic_hash, topic, topic_size);
  const size_t sealed_size =
      payload_size - header.size - (header.is_signed ? UH_SIGNATURE_SIZE : 0);
  if (!is_signed_by(sender, &header, payload, sealed_size, topic_hash)) {
    return UH_UNDECRYPTABLE;
  }
  staged_key staged = {.advances = false};
  uh_status status = stage_key(epoch, sender, &header, topic_hash, &staged);
  if (status == UH_OK) {
    uint8_t bound[MAX_BOUND];
    uint8_t nonce[UH_NONCE_SIZE];
    uint8_t* sealed = payload + header.size;
    nonce_of(header.counter, nonce);
    const size_t bound_size = bind(bound, kPayloadLabel, payload, header.size, topic_hash, NULL, 0);
    if (!uh_aead_open(sealed, staged.key, nonce, bound, bound_size, sealed, sealed_size)) {
      status = UH_UNDECRYPTABLE;
    } else {
      status = uh_content_read(header.kind, sealed, sealed_size - UH_TAG_SIZE, &opened->content);
    }
  }
  if (status == UH_OK) {
    commit(epoch, sender, &header, topic_hash, &staged);
    opened->sender = sender;
    opened->kind = header.kind;
    opened->is_signed = header.is_signed;
    opened->retained = header.retained;
    opened->epoch = header.epoch;
    opened->counter = header.counter;
  }
  uh_wipe(&staged, sizeof staged);
  return status;
}
