// The sessions of the pairwise channel in flash, and what the device publishes of them.
#include "uh/channel.h"

#include <string.h>

#include "group_internal.h"
#include "session.h"

#define ENVELOPE 1
#define FORMAT 1
#define BUNDLE_SIZE (2 + UH_ID_SIZE + 64 + 4 + 32 + 8 + UH_SIGNATURE_SIZE)
// The layout is that of the program that wrote it; flash is this device's own.
#define LAYOUT (1u << 16 | (uint32_t)sizeof(uh_session))

static const char kDocumentLabel[] = "unhidra device prekeys 1";
static const char kPrekeyLabel[] = "unhidra signed prekey 1";

// ---- the record, in the work memory; what stands there need not be aligned ----

static void get_session(const uh_channel* channel, uint8_t index, uh_session* out) {
  memcpy(out, channel->with.work + sizeof(uh_channel_head) + index * sizeof *out, sizeof *out);
}

static void put_session(const uh_channel* channel, uint8_t index, const uh_session* session) {
  memcpy(channel->with.work + sizeof(uh_channel_head) + index * sizeof *session, session,
         sizeof *session);
}

static uh_status load(const uh_channel* channel, uh_channel_head* head) {
  size_t size = 0;
  const uh_status status =
      uh_journal_read(&channel->journal, channel->with.work, UH_CHANNEL_STORED_SIZE, &size);
  if (status != UH_OK) {
    return status == UH_NO_SPACE ? UH_CORRUPT : status;
  }
  if (size < sizeof *head) {
    return UH_CORRUPT;
  }
  memcpy(head, channel->with.work, sizeof *head);
  const bool good = head->layout == LAYOUT && head->count <= UH_CHANNEL_SESSIONS &&
                    size == sizeof *head + head->count * sizeof(uh_session);
  return good ? UH_OK : UH_CORRUPT;
}

static uh_status store(uh_channel* channel, const uh_channel_head* head) {
  memcpy(channel->with.work, head, sizeof *head);
  const uh_status status = uh_journal_write(&channel->journal, channel->with.work,
                                            sizeof *head + head->count * sizeof(uh_session));
  if (status == UH_OK) {
    channel->bound = head->bound;
  }
  return status;
}

static void wipe_work(const uh_channel* channel) {
  uh_wipe(channel->with.work, UH_CHANNEL_STORED_SIZE);
}

// What is published changes with every prekey: numbers grow.
static void renew(uh_channel_head* head) {
  ++head->number;
  uh_random(head->prekey, sizeof head->prekey);
}

// Where a controller's session is; `count` when there is none.
static uint8_t find(const uh_channel* channel, const uh_channel_head* head,
                    const uint8_t controller[UH_ID_SIZE], uh_session* out) {
  for (uint8_t i = 0; i < head->count; ++i) {
    get_session(channel, i, out);
    if (memcmp(out->controller, controller, UH_ID_SIZE) == 0) {
      return i;
    }
  }
  return head->count;
}

// ---- starting ----

static uh_status begin(uh_channel* channel, uint32_t number) {
  uh_channel_head head = {.layout = LAYOUT, .number = number};
  renew(&head);
  const uh_status status = store(channel, &head);
  uh_wipe(&head, sizeof head);
  wipe_work(channel);
  return status;
}

uh_status uh_channel_open(uh_channel* channel, const uh_channel_parts* parts, const uh_flash* flash,
                          uint32_t first_sector, uint32_t sectors_each) {
  uh_channel_head head = {0};
  *channel = (uh_channel){.with = *parts, .has_news = true};
  if (parts->work_size < UH_CHANNEL_STORED_SIZE) {
    return UH_NO_SPACE;
  }
  uh_status status = uh_journal_open(&channel->journal, flash, first_sector, sectors_each);
  if (status == UH_OK) {
    status = load(channel, &head);
    channel->bound = status == UH_OK && head.bound;
    wipe_work(channel);
  }
  uh_wipe(&head, sizeof head);
  return status == UH_STATE ? begin(channel, 0) : status;
}

uh_status uh_channel_restart(uh_channel* channel) {
  uh_channel_head head = {0};
  uh_status status = load(channel, &head);
  const uint32_t number = head.number;
  uh_wipe(&head, sizeof head);
  if (status == UH_OK) {
    status = begin(channel, number);
    channel->has_news = status == UH_OK;
  }
  return status;
}

// ---- publishing ----

// Signs what was written, under a label.
static void sign(const uh_channel* channel, const char* label, size_t label_size,
                 const uint8_t* start, uh_writer* out) {
  uint8_t bound[4 + sizeof kDocumentLabel + UH_PREKEYS_SIZE];
  uint8_t signature[UH_SIGNATURE_SIZE];
  uh_writer writer = uh_write_to(bound, sizeof bound);
  uh_put_prefixed(&writer, label, label_size);
  uh_put(&writer, start, (size_t)(out->data + out->used - start));
  uh_ed25519_sign(signature, channel->with.signing_seed, bound, writer.used);
  uh_put(out, signature, sizeof signature);
}

static void sign_prekey(const uh_channel* channel, const uh_channel_head* head,
                        const uint8_t prekey[32], uint64_t now, uh_writer* out) {
  uint8_t bound[4 + sizeof kPrekeyLabel + UH_ID_SIZE + 4 + 32 + 8 + 1];
  uint8_t signature[UH_SIGNATURE_SIZE];
  uh_writer writer = uh_write_to(bound, sizeof bound);
  uh_put_prefixed(&writer, kPrekeyLabel, sizeof kPrekeyLabel - 1);
  uh_put(&writer, channel->with.device, UH_ID_SIZE);
  uh_put_integer(&writer, head->number, 4);
  uh_put(&writer, prekey, 32);
  uh_put_integer(&writer, now * 1000, 8);
  uh_put_integer(&writer, 0, 1);  // it is no last resort
  uh_ed25519_sign(signature, channel->with.signing_seed, bound, writer.used);
  uh_put_integer(out, head->number, 4);
  uh_put(out, prekey, 32);
  uh_put_integer(out, now * 1000, 8);
  uh_put(out, signature, sizeof signature);
}

static void write_bundle(const uh_channel* channel, const uh_channel_head* head, uint64_t now,
                         uh_writer* out) {
  uint8_t key[32];
  uh_put_integer(out, BUNDLE_SIZE, 4);
  uh_put_integer(out, FORMAT, 1);
  uh_put_integer(out, 0, 1);
  uh_put(out, channel->with.device, UH_ID_SIZE);
  uh_x25519_base(key, channel->with.identity_key);
  uh_put(out, key, sizeof key);
  uh_ed25519_public(key, channel->with.signing_seed);
  uh_put(out, key, sizeof key);
  uh_x25519_base(key, head->prekey);
  sign_prekey(channel, head, key, now, out);
}

uh_status uh_channel_publish(uh_channel* channel, uint64_t now, uint8_t* out, size_t capacity,
                             size_t* size) {
  uh_channel_head head;
  const uh_status status = load(channel, &head);
  if (status != UH_OK) {
    return status;
  }
  uh_writer writer = uh_write_to(out, capacity);
  uh_put_integer(&writer, FORMAT, 1);
  write_bundle(channel, &head, now, &writer);
  uh_put_integer(&writer, head.count, 1);
  for (uint8_t i = 0; i < head.count; ++i) {
    uh_session session;
    get_session(channel, i, &session);
    uh_put(&writer, session.base, sizeof session.base);
    uh_wipe(&session, sizeof session);
  }
  sign(channel, kDocumentLabel, sizeof kDocumentLabel - 1, out, &writer);
  uh_wipe(&head, sizeof head);
  wipe_work(channel);
  *size = writer.used;
  return writer.failed ? UH_NO_SPACE : UH_OK;
}

// ---- receiving ----

const uint8_t* uh_channel_controller(const uint8_t* payload, size_t size) {
  return size > UH_ID_SIZE && payload[0] == ENVELOPE ? payload + 1 : NULL;
}

static void ends_of(const uh_channel* channel, const uint8_t* controller, uh_ends* out) {
  out->device = channel->with.device;
  out->identity_key = channel->with.identity_key;
  out->controller = controller;
  uh_x25519_base(out->identity, channel->with.identity_key);
}

// The session that the message is of, in `received`: one that there is, or one that it begins.
static uh_status session_of(const uh_channel* channel, const uh_channel_head* head,
                            const uh_ends* ends, const uh_pair_message* message,
                            uh_received* received) {
  uh_session* known = &received->session;
  const bool is_known = find(channel, head, ends->controller, known) < head->count;
  if (!message->begins) {
    return is_known ? UH_OK : UH_UNKNOWN_EPOCH;
  }
  if (is_known && memcmp(known->base, message->base, 32) == 0) {
    return memcmp(known->identity, message->identity, 32) == 0 ? UH_OK : UH_UNDECRYPTABLE;
  }
  if (message->prekey != head->number) {
    return UH_UNKNOWN_EPOCH;
  }
  if (is_known && message->epoch <= known->epoch) {
    return UH_STALE;
  }
  received->is_first = true;
  return uh_session_begin(known, ends, head->prekey, message);
}

uh_status uh_channel_receive(uh_channel* channel, uint32_t epoch, uint8_t* payload, size_t size,
                             uh_received* received) {
  uh_channel_head head = {0};
  uh_pair_message message;
  uh_ends ends;
  memset(received, 0, sizeof *received);
  const uint8_t* controller = uh_channel_controller(payload, size);
  if (controller == NULL ||
      uh_pair_message_read(&message, payload + 1 + UH_ID_SIZE, size - 1 - UH_ID_SIZE) != UH_OK) {
    return UH_MALFORMED;
  }
  uh_status status = load(channel, &head);
  if (status == UH_OK) {
    ends_of(channel, controller, &ends);
    status = session_of(channel, &head, &ends, &message, received);
    wipe_work(channel);
  }
  if (status == UH_OK) {
    status = uh_session_receive(&received->session, &ends, received->is_first, &message);
  }
  received->is_due = head.epoch != epoch;
  uh_wipe(&head, sizeof head);
  if (status != UH_OK) {
    uh_wipe(received, sizeof *received);
    return status;
  }
  received->content = message.sealed;
  received->content_size = message.sealed_size - UH_TAG_SIZE;
  return UH_OK;
}

// ---- keeping ----

bool uh_roster_leads(const uh_roster* roster, const uh_session* session) {
  for (uint16_t i = 0; i < roster->member_count; ++i) {
    const uh_member member = uh_roster_member(roster, i);
    if (memcmp(member.device, session->controller, UH_ID_SIZE) == 0) {
      return member.role == UH_CONTROLLER && memcmp(member.identity, session->identity, 32) == 0;
    }
  }
  return false;
}

// Closes the gap that a session leaves.
static void take_out(const uh_channel* channel, uh_channel_head* head, uint8_t index) {
  uint8_t* at = channel->with.work + sizeof *head + index * sizeof(uh_session);
  memmove(at, at + sizeof(uh_session), (size_t)(--head->count - index) * sizeof(uh_session));
}

static void put_first(const uh_channel* channel, uh_channel_head* head, const uh_session* session) {
  if (head->count == UH_CHANNEL_SESSIONS) {
    --head->count;
  }
  uint8_t* at = channel->with.work + sizeof *head;
  memmove(at + sizeof *session, at, head->count * sizeof *session);
  ++head->count;
  put_session(channel, 0, session);
}

static bool go_through(const uh_channel* channel, uh_channel_head* head, const uh_roster* roster) {
  const uint8_t count = head->count;
  uh_session one;
  for (uint8_t i = head->count; i-- > 0;) {
    get_session(channel, i, &one);
    if (!uh_roster_leads(roster, &one)) {
      take_out(channel, head, i);
    }
  }
  uh_wipe(&one, sizeof one);
  head->epoch = roster->epoch;
  return head->count != count;
}

uh_status uh_channel_keep(uh_channel* channel, const uh_received* received,
                          const uh_roster* roster) {
  uh_channel_head head;
  uh_session known;
  uh_status status = load(channel, &head);
  if (status != UH_OK) {
    return status;
  }
  const uint8_t index = find(channel, &head, received->session.controller, &known);
  bool has_news = received->is_first;
  if (received->is_first) {
    if (index < head.count) {
      take_out(channel, &head, index);
    }
    put_first(channel, &head, &received->session);
    head.bound = true;
  } else if (index < head.count && memcmp(known.base, received->session.base, 32) == 0) {
    put_session(channel, index, &received->session);
  } else {
    status = UH_STATE;
  }
  uh_wipe(&known, sizeof known);
  if (status == UH_OK) {
    has_news = (roster != NULL && go_through(channel, &head, roster)) || has_news;
    if (has_news) {
      renew(&head);
    }
    status = store(channel, &head);
    channel->has_news = channel->has_news || (status == UH_OK && has_news);
  }
  uh_wipe(&head, sizeof head);
  wipe_work(channel);
  return status;
}

// ---- sending ----

uh_status uh_channel_seal(uh_channel* channel, const uint8_t controller[UH_ID_SIZE],
                          const uint8_t* content, size_t content_size, uint8_t* out,
                          size_t capacity, size_t* size) {
  uh_channel_head head;
  uh_session session;
  uh_ends ends;
  uh_status status = load(channel, &head);
  if (status != UH_OK) {
    return status;
  }
  const uint8_t index = find(channel, &head, controller, &session);
  uh_writer writer = uh_write_to(out, capacity);
  if (index == head.count) {
    status = UH_STATE;
  } else {
    ends_of(channel, controller, &ends);
    uh_put_integer(&writer, ENVELOPE, 1);
    uh_put(&writer, controller, UH_ID_SIZE);
    status = uh_session_send(&session, &ends, content, content_size, &writer);
  }
  if (status == UH_OK) {
    put_session(channel, index, &session);
    status = store(channel, &head);
  }
  if (status == UH_OK) {
    *size = writer.used;
  } else {
    uh_wipe(out, writer.used);
  }
  uh_wipe(&session, sizeof session);
  uh_wipe(&head, sizeof head);
  wipe_work(channel);
  return status;
}
