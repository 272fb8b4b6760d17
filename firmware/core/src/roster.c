#include <string.h>

#include "group_internal.h"

#define MEMBER_SIZE (16 + 32 + 32 + 1)
#define MAX_FILTERS 32
#define MAX_FILTER_SIZE 256
#define MAX_MEMBERS 1000

static const char kLabel[] = "unhidra device group 1";
static const char kHashLabel[] = "unhidra device group hash 1";

uh_member uh_roster_member(const uh_roster* roster, uint16_t index) {
  const uint8_t* at = roster->members + (size_t)index * MEMBER_SIZE;
  return (uh_member){
      .device = at, .identity = at + 16, .signing_key = at + 16 + 32, .role = at[16 + 32 + 32]};
}

// Strictly ascending entries of a fixed size at a fixed distance.
static bool ascending(const uint8_t* first, size_t count, size_t stride, size_t size) {
  for (size_t i = 1; i < count; ++i) {
    if (memcmp(first + (i - 1) * stride, first + i * stride, size) >= 0) {
      return false;
    }
  }
  return true;
}

static bool read_filters(uh_reader* in) {
  const uint64_t count = uh_take_integer(in, 1);
  for (uint64_t i = 0; i < count && !in->failed; ++i) {
    const uint64_t size = uh_take_integer(in, 4);
    if (size == 0 || size > MAX_FILTER_SIZE) {
      return false;
    }
    (void)uh_take(in, (size_t)size);
  }
  return count >= 1 && count <= MAX_FILTERS;
}

static bool members_are_sound(const uh_roster* roster) {
  static const uint8_t kNil[16];
  for (uint16_t i = 0; i < roster->member_count; ++i) {
    const uh_member member = uh_roster_member(roster, i);
    if (member.role < UH_DEVICE || member.role > UH_COMPLIANCE ||
        memcmp(member.device, kNil, sizeof kNil) == 0) {
      return false;
    }
    for (uint16_t k = 0; k < i; ++k) {
      const uh_member other = uh_roster_member(roster, k);
      if (memcmp(member.device + 8, other.device + 8, 8) == 0 ||
          memcmp(member.signing_key, other.signing_key, 32) == 0) {
        return false;
      }
    }
  }
  return ascending(roster->members, roster->member_count, MEMBER_SIZE, 16);
}

static bool read_fields(uh_roster* roster, uh_reader* in) {
  static const uint8_t kZeros[32];
  if (uh_take_integer(in, 1) != 1) {
    return false;
  }
  roster->id = uh_take(in, UH_ID_SIZE);
  roster->epoch = (uint32_t)uh_take_integer(in, 4);
  roster->previous_hash = uh_take(in, 32);
  (void)uh_take(in, 8);
  roster->owner_count = (uint8_t)uh_take_integer(in, 1);
  roster->owners = uh_take(in, (size_t)roster->owner_count * 32);
  if (in->failed || !read_filters(in)) {
    return false;
  }
  roster->member_count = (uint16_t)uh_take_integer(in, 2);
  roster->members = uh_take(in, (size_t)roster->member_count * MEMBER_SIZE);
  roster->signer = uh_take(in, 32);
  if (!uh_read_all(in) || roster->epoch == 0 || roster->member_count > MAX_MEMBERS ||
      roster->owner_count == 0 || roster->owner_count > UH_MAX_OWNERS) {
    return false;
  }
  return (roster->epoch == 1) == (memcmp(roster->previous_hash, kZeros, 32) == 0) &&
         ascending(roster->owners, roster->owner_count, 32, 32) && members_are_sound(roster);
}

uh_status uh_roster_read(uh_roster* roster, const uh_roster_input* input) {
  if (input->size < UH_SIGNATURE_SIZE) {
    return UH_MALFORMED;
  }
  const size_t unsigned_size = input->size - UH_SIGNATURE_SIZE;
  uh_reader in = uh_read_from(input->document, unsigned_size);
  if (!read_fields(roster, &in)) {
    return UH_MALFORMED;
  }
  uh_writer work = uh_write_to(input->work, input->work_size);
  uh_put_prefixed(&work, kLabel, sizeof kLabel - 1);
  uh_put(&work, input->document, unsigned_size);
  if (work.failed) {
    return UH_NO_SPACE;
  }
  if (!uh_ed25519_verify(roster->signer, work.data, work.used, input->document + unsigned_size)) {
    return UH_UNDECRYPTABLE;
  }
  uint8_t prefix[4 + sizeof kHashLabel - 1];
  uh_writer head = uh_write_to(prefix, sizeof prefix);
  uh_put_prefixed(&head, kHashLabel, sizeof kHashLabel - 1);
  const uh_part parts[] = {{prefix, head.used}, {input->document, unsigned_size}};
  uh_sha256(roster->hash, parts, 2);
  return UH_OK;
}
