// X3DH and the Double Ratchet as their responder has them (docs/security.md, "X3DH", "Double
// Ratchet"): the same bytes as libs/e2ee.
#include "session.h"

#include <string.h>

#define SUITE 1
#define RATCHET_MESSAGE 0x12
#define PREKEY_MESSAGE 0x11
#define DEVICE_CHANNEL 2  // kind of message
#define MAX_EPOCH 0xffffffffffffu
#define MAX_HEAD (3 + 7 + 64 + 5 + 1 + 32 + 5 + 5)
#define PRESENT 1
#define EARLIER 2

static const char kX3dhLabel[] = "unhidra x3dh 1\x01";  // with the suite
static const char kRootLabel[] = "unhidra root 1";
static const char kKeyLabel[] = "unhidra message key 1";
static const char kAssociatedLabel[] = "unhidra message 1";
static const uint8_t kZeros[32];

// ---- messages ----

static uint32_t take_u32(uh_reader* in) {
  const uint64_t value = uh_take_varint(in);
  in->failed = in->failed || value > 0xffffffffu;
  return (uint32_t)value;
}

uh_status uh_pair_message_read(uh_pair_message* out, uint8_t* bytes, size_t size) {
  uh_reader in = uh_read_from(bytes, size);
  memset(out, 0, sizeof *out);
  uint64_t type = uh_take_integer(&in, 1);
  if (type == PREKEY_MESSAGE) {
    // A device publishes neither one-time prekeys nor one of last resort: no flag can be set.
    const uint64_t suite = uh_take_integer(&in, 1);
    const uint64_t flags = uh_take_integer(&in, 1);
    out->begins = true;
    out->epoch = uh_take_varint(&in);
    out->identity = uh_take(&in, 32);
    out->base = uh_take(&in, 32);
    out->prekey = take_u32(&in);
    if (suite != SUITE || flags != 0 || out->epoch > MAX_EPOCH) {
      return UH_MALFORMED;
    }
    type = uh_take_integer(&in, 1);
  }
  out->ratchet = uh_take(&in, 32);
  out->previous = take_u32(&in);
  out->number = take_u32(&in);
  if (in.failed || type != RATCHET_MESSAGE || in.left < UH_TAG_SIZE) {
    return UH_MALFORMED;
  }
  out->start = bytes;
  out->head_size = size - in.left;
  out->sealed = bytes + out->head_size;
  out->sealed_size = in.left;
  return UH_OK;
}

// ---- keys ----

static void step(uint8_t out[32], const uint8_t key[32], uint8_t constant) {
  const uh_part part = {&constant, 1};
  uh_hmac(out, key, &part, 1);
}

// KDF_RK.
static bool step_root(uint8_t root[32], uint8_t chain[32], const uint8_t own[32],
                      const uint8_t peer[32]) {
  uint8_t shared[32];
  uint8_t both[64];
  if (!uh_x25519(shared, own, peer)) {
    return false;
  }
  uh_hkdf(both, sizeof both, root, 32, shared, sizeof shared, (const uint8_t*)kRootLabel,
          sizeof kRootLabel - 1);
  memcpy(root, both, 32);
  memcpy(chain, both + 32, 32);
  uh_wipe(shared, sizeof shared);
  uh_wipe(both, sizeof both);
  return true;
}

// Not below 2^255 - 19: a second encoding of another key.
static bool is_canonical(const uint8_t key[32]) {
  bool is_high = key[31] == 0x7f && key[0] >= 0xed;
  for (size_t i = 1; i < 31; ++i) {
    is_high = is_high && key[i] == 0xff;
  }
  return key[31] < 0x80 && !is_high;
}

uh_status uh_session_begin(uh_session* session, const uh_ends* ends, const uint8_t prekey[32],
                           const uh_pair_message* message) {
  uint8_t input[4 * 32];
  memset(session, 0, sizeof *session);
  memset(input, 0xff, 32);
  const bool good = is_canonical(message->base) &&
                    uh_x25519(input + 32, prekey, message->identity) &&
                    uh_x25519(input + 64, ends->identity_key, message->base) &&
                    uh_x25519(input + 96, prekey, message->base);
  if (good) {
    uh_hkdf(session->root, 32, kZeros, sizeof kZeros, input, sizeof input,
            (const uint8_t*)kX3dhLabel, sizeof kX3dhLabel - 1);
    session->epoch = message->epoch;
    memcpy(session->controller, ends->controller, UH_ID_SIZE);
    memcpy(session->identity, message->identity, 32);
    memcpy(session->base, message->base, 32);
    memcpy(session->own, prekey, 32);
  }
  uh_wipe(input, sizeof input);
  return good ? UH_OK : UH_UNDECRYPTABLE;
}

// ---- one message ----

#define MAX_ASSOCIATED \
  (4 + sizeof kAssociatedLabel - 1 + 1 + 64 + 5 * UH_ID_SIZE + 1 + 8 + 4 + MAX_HEAD)

// Conversation, user, message and time are zeros: a channel has none.
static size_t associate(uint8_t out[MAX_ASSOCIATED], const uh_session* session, const uh_ends* ends,
                        bool outward, const uint8_t* head, size_t head_size) {
  uh_writer writer = uh_write_to(out, MAX_ASSOCIATED);
  uh_put_prefixed(&writer, kAssociatedLabel, sizeof kAssociatedLabel - 1);
  uh_put_integer(&writer, SUITE, 1);
  uh_put(&writer, session->identity, 32);
  uh_put(&writer, ends->identity, 32);
  uh_put(&writer, kZeros, 2 * UH_ID_SIZE);
  uh_put(&writer, outward ? ends->device : ends->controller, UH_ID_SIZE);
  uh_put(&writer, outward ? ends->controller : ends->device, UH_ID_SIZE);
  uh_put(&writer, kZeros, UH_ID_SIZE);
  uh_put_integer(&writer, DEVICE_CHANNEL, 1);
  uh_put_integer(&writer, 0, 8);
  uh_put_prefixed(&writer, head, head_size);
  return writer.used;
}

static void expand(uint8_t out[32 + UH_NONCE_SIZE], const uint8_t message_key[32]) {
  uh_hkdf_expand(out, 32 + UH_NONCE_SIZE, message_key, (const uint8_t*)kKeyLabel,
                 sizeof kKeyLabel - 1);
}

static uh_status open(const uh_session* session, const uh_ends* ends, const uint8_t message_key[32],
                      const uh_pair_message* message) {
  uint8_t associated[MAX_ASSOCIATED];
  uint8_t key[32 + UH_NONCE_SIZE];
  const size_t size =
      associate(associated, session, ends, false, message->start, message->head_size);
  expand(key, message_key);
  const bool good = uh_aead_open(message->sealed, key, key + 32, associated, size, message->sealed,
                                 message->sealed_size);
  uh_wipe(key, sizeof key);
  return good ? UH_OK : UH_UNDECRYPTABLE;
}

// ---- receiving (Double Ratchet, section 3.5) ----

// The one to make room: of the older chain first, of its numbers the lowest.
static uh_session_key* room_for_key(uh_session* session) {
  uh_session_key* out = &session->kept[0];
  for (size_t i = 0; i < UH_CHANNEL_KEPT_KEYS; ++i) {
    uh_session_key* one = &session->kept[i];
    if (one->chain == 0) {
      return one;
    }
    if (one->chain > out->chain || (one->chain == out->chain && one->number < out->number)) {
      out = one;
    }
  }
  return out;
}

// Moves the present chain forward, keeping the last keys on the way.
static void keep_until(uh_session* session, uint32_t number) {
  for (; session->received < number; ++session->received) {
    if (number - session->received <= UH_CHANNEL_KEPT_KEYS) {
      uh_session_key* kept = room_for_key(session);
      kept->chain = PRESENT;
      kept->number = session->received;
      step(kept->key, session->inward, 0x01);
    }
    step(session->inward, session->inward, 0x02);
  }
}

static uh_status receive_kept(uh_session* session, const uh_ends* ends, uint8_t chain,
                              const uh_pair_message* message) {
  for (size_t i = 0; i < UH_CHANNEL_KEPT_KEYS; ++i) {
    uh_session_key* kept = &session->kept[i];
    if (kept->chain == chain && kept->number == message->number) {
      const uh_status status = open(session, ends, kept->key, message);
      uh_wipe(kept, sizeof *kept);
      return status;
    }
  }
  return UH_DUPLICATE;
}

static uh_status receive_ahead(uh_session* session, const uh_ends* ends,
                               const uh_pair_message* message) {
  uint8_t key[32];
  if (message->number - session->received > UH_CHANNEL_MAX_SKIP || message->number == UINT32_MAX) {
    return UH_TOO_FAR_AHEAD;
  }
  keep_until(session, message->number);
  step(key, session->inward, 0x01);
  const uh_status status = open(session, ends, key, message);
  uh_wipe(key, sizeof key);
  step(session->inward, session->inward, 0x02);
  ++session->received;
  return status;
}

// A new ratchet key of the peer (section 3.5, DHRatchet): the present chain becomes the one before,
// and our own key has served.
static uh_status enter_chain(uh_session* session, const uh_pair_message* message) {
  const bool has_chain = memcmp(session->peer, kZeros, 32) != 0;
  if (message->number > UH_CHANNEL_MAX_SKIP ||
      (has_chain && message->previous >= session->received &&
       message->previous - session->received > UH_CHANNEL_MAX_SKIP)) {
    return UH_TOO_FAR_AHEAD;
  }
  if (has_chain) {
    if (message->previous < session->received) {
      return UH_UNDECRYPTABLE;
    }
    keep_until(session, message->previous);
    for (size_t i = 0; i < UH_CHANNEL_KEPT_KEYS; ++i) {
      uh_session_key* kept = &session->kept[i];
      if (kept->chain == EARLIER) {
        uh_wipe(kept, sizeof *kept);
      } else if (kept->chain == PRESENT) {
        kept->chain = EARLIER;
      }
    }
    memcpy(session->earlier, session->peer, 32);
  }
  if (!step_root(session->root, session->inward, session->own, message->ratchet)) {
    return UH_UNDECRYPTABLE;
  }
  memcpy(session->peer, message->ratchet, 32);
  session->received = 0;
  session->sent_earlier = session->sending ? session->sent : 0;
  session->sending = false;
  session->sent = 0;
  uh_wipe(session->own, sizeof session->own);
  uh_wipe(session->outward, sizeof session->outward);
  return UH_OK;
}

uh_status uh_session_receive(uh_session* session, const uh_ends* ends, bool begins,
                             const uh_pair_message* message) {
  if (!begins && memcmp(message->ratchet, session->peer, 32) == 0) {
    return message->number < session->received ? receive_kept(session, ends, PRESENT, message)
                                               : receive_ahead(session, ends, message);
  }
  if (!begins && memcmp(session->earlier, kZeros, 32) != 0 &&
      memcmp(message->ratchet, session->earlier, 32) == 0) {
    return receive_kept(session, ends, EARLIER, message);
  }
  if (!begins && !session->sending) {
    return UH_UNDECRYPTABLE;  // no answer to a ratchet key of ours is due
  }
  const uh_status status = enter_chain(session, message);
  return status == UH_OK ? receive_ahead(session, ends, message) : status;
}

// ---- sending (section 3.4) ----

static uh_status begin_sending(uh_session* session) {
  uh_random(session->own, sizeof session->own);
  if (!step_root(session->root, session->outward, session->own, session->peer)) {
    return UH_UNDECRYPTABLE;
  }
  session->sending = true;
  session->sent = 0;
  return UH_OK;
}

uh_status uh_session_send(uh_session* session, const uh_ends* ends, const uint8_t* content,
                          size_t content_size, uh_writer* out) {
  uint8_t associated[MAX_ASSOCIATED];
  uint8_t ratchet[32];
  uint8_t key[32 + UH_NONCE_SIZE];
  const size_t start = out->used;
  if (session->sending && session->sent == UINT32_MAX) {
    return UH_EXHAUSTED;
  }
  const uh_status status = session->sending ? UH_OK : begin_sending(session);
  if (status != UH_OK) {
    return status;
  }
  uh_x25519_base(ratchet, session->own);
  uh_put_integer(out, RATCHET_MESSAGE, 1);
  uh_put(out, ratchet, sizeof ratchet);
  uh_put_varint(out, session->sent_earlier);
  uh_put_varint(out, session->sent);
  const size_t head_size = out->used - start;
  uh_put(out, content, content_size);
  if (out->failed || out->capacity - out->used < UH_TAG_SIZE) {
    return UH_NO_SPACE;
  }
  const size_t size = associate(associated, session, ends, true, out->data + start, head_size);
  uint8_t* sealed = out->data + start + head_size;
  uint8_t message_key[32];
  step(message_key, session->outward, 0x01);
  expand(key, message_key);
  uh_wipe(message_key, sizeof message_key);
  uh_aead_seal(sealed, key, key + 32, associated, size, sealed, content_size);
  uh_wipe(key, sizeof key);
  out->used += UH_TAG_SIZE;
  step(session->outward, session->outward, 0x02);
  ++session->sent;
  return UH_OK;
}
