// The public header and the inner content of a payload.
#include <string.h>

#include "group_internal.h"

#define SUITE 1
#define FLAG_SIGNED 0x01
#define FLAG_RETAINED 0x02
#define KIND_SHIFT 2
#define KNOWN_FLAGS 0x0f

#define HAS_DEADLINE 0x01
#define HAS_REQUEST 0x02
#define HAS_CHALLENGE 0x04
#define MAX_MILLIS 253402300799999u

bool uh_needs_signature(uh_kind kind, bool retained) {
  return kind != UH_TELEMETRY || retained;
}

uh_status uh_header_read(uh_header* header, const uint8_t* payload, size_t size) {
  uh_reader in = uh_read_from(payload, size);
  const uint64_t suite = uh_take_integer(&in, 1);
  const uint8_t flags = (uint8_t)uh_take_integer(&in, 1);
  header->group = uh_take(&in, UH_TAG8_SIZE);
  header->epoch = (uint32_t)uh_take_integer(&in, 4);
  header->sender = uh_take(&in, UH_TAG8_SIZE);
  const uint64_t counter = uh_take_varint(&in);
  header->size = size - in.left;
  header->is_signed = (flags & FLAG_SIGNED) != 0;
  header->retained = (flags & FLAG_RETAINED) != 0;
  header->kind = (uh_kind)(flags >> KIND_SHIFT & 3);
  header->counter = (uint32_t)counter;
  const size_t tail = UH_TAG_SIZE + (header->is_signed ? UH_SIGNATURE_SIZE : 0);
  if (in.failed || suite != SUITE || (flags & ~KNOWN_FLAGS) != 0 || header->epoch == 0 ||
      counter > 0xffffffffu || in.left < tail ||
      (uh_needs_signature(header->kind, header->retained) && !header->is_signed)) {
    return UH_MALFORMED;
  }
  return UH_OK;
}

static bool is_sound(uh_kind kind, const uh_content* content) {
  const bool answers = kind == UH_COMMAND || kind == UH_RESULT;
  return answers == content->has_request &&
         (kind != UH_COMMAND || content->not_after != 0 || content->has_challenge) &&
         content->sent_at <= MAX_MILLIS && content->not_after <= MAX_MILLIS;
}

uh_status uh_content_write(uh_kind kind, const uh_content* content, uh_writer* out) {
  if (!is_sound(kind, content)) {
    return UH_MALFORMED;
  }
  const unsigned has = (content->not_after != 0 ? HAS_DEADLINE : 0u) |
                       (content->has_request ? HAS_REQUEST : 0u) |
                       (content->has_challenge ? HAS_CHALLENGE : 0u);
  uh_put_integer(out, has, 1);
  uh_put_varint(out, content->sent_at);
  if (content->not_after != 0) {
    uh_put_varint(out, content->not_after);
  }
  if (content->has_request) {
    uh_put(out, content->request, sizeof content->request);
  }
  if (content->has_challenge) {
    uh_put(out, content->challenge, sizeof content->challenge);
  }
  uh_put(out, content->body, content->body_size);
  return out->failed ? UH_NO_SPACE : UH_OK;
}

uh_status uh_content_read(uh_kind kind, const uint8_t* plaintext, size_t size,
                          uh_content* content) {
  memset(content, 0, sizeof *content);
  uh_reader in = uh_read_from(plaintext, size);
  const uint64_t has = uh_take_integer(&in, 1);
  content->sent_at = uh_take_varint(&in);
  if ((has & HAS_DEADLINE) != 0) {
    content->not_after = uh_take_varint(&in);
  }
  content->has_request = (has & HAS_REQUEST) != 0;
  if (content->has_request) {
    uh_take_into(&in, content->request, sizeof content->request);
  }
  content->has_challenge = (has & HAS_CHALLENGE) != 0;
  if (content->has_challenge) {
    uh_take_into(&in, content->challenge, sizeof content->challenge);
  }
  content->body = in.at;
  content->body_size = in.left;
  if (in.failed || has > (HAS_DEADLINE | HAS_REQUEST | HAS_CHALLENGE) || !is_sound(kind, content)) {
    return UH_MALFORMED;
  }
  return UH_OK;
}
