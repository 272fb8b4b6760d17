#include "uh/group.h"

#include <string.h>

#include "group_internal.h"

static const char kPayloadLabel[] = "unhidra udg payload 1";
static const char kSignatureLabel[] = "unhidra udg signature 1";

#define MAX_HEADER 27
#define MAX_BOUND (4 + 32 + 4 + MAX_HEADER + 32 + 32)

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
  uh_sender* sender = uh_find_sender(epoch, header.sender);
  // Who was removed is heard no more, not even with keys of the epoch before.
  if (sender == NULL || uh_find_sender(&group->current, header.sender) == NULL) {
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
