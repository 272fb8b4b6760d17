#include "uh/ring.h"

#include "storage_internal.h"
#include "uh/bytes.h"

#define SECTOR_MAGIC 0x52
#define MESSAGE 0x6d
#define DONE 0x64
// A sector begins with a record of these four numbers.
#define SECTOR_STATE 16u
#define SECTOR_HEAD (UH_FLASH_UNIT + SECTOR_STATE)
#define MAX_MESSAGE 0xffffu

// What a sector says of itself.
typedef struct sector_head {
  uint32_t turn;
  uint32_t message;  // the number of the first message that was going to be written to it
  uint32_t first;    // the ring's, when it was begun
  uint32_t lost;
} sector_head;

static bool before(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) < 0;
}

static uint32_t start_of(const uh_ring* ring, uint32_t sector) {
  return (ring->first_sector + sector) * ring->flash->sector_size;
}

static bool read_head(const uh_ring* ring, uint32_t sector, sector_head* head) {
  const uint32_t at = start_of(ring, sector);
  uh_record_header header;
  uint8_t state[SECTOR_STATE];
  if (!uh_record_read_header(ring->flash, at, SECTOR_MAGIC, &header) ||
      header.size != SECTOR_STATE || !uh_record_payload_is_good(ring->flash, at, &header) ||
      !ring->flash->read(ring->flash->context, at + UH_FLASH_UNIT, state, sizeof state)) {
    return false;
  }
  uh_reader in = uh_read_from(state, sizeof state);
  head->turn = header.sequence;
  head->message = (uint32_t)uh_take_integer(&in, 4);
  head->first = (uint32_t)uh_take_integer(&in, 4);
  head->lost = (uint32_t)uh_take_integer(&in, 4);
  return true;
}

// The next good record of a sector at or behind `at`; false at its end.
static bool next_record(const uh_ring* ring, uint32_t sector, uint32_t at,
                        uh_record_header* header) {
  const uint32_t size = ring->flash->sector_size;
  const uint32_t place = start_of(ring, sector) + at;
  if (at + UH_FLASH_UNIT > size) {
    return false;
  }
  if (!uh_record_read_header(ring->flash, place, MESSAGE, header) &&
      !uh_record_read_header(ring->flash, place, DONE, header)) {
    return false;
  }
  return uh_record_span(header->size) <= size - at &&
         uh_record_payload_is_good(ring->flash, place, header);
}

// Walks the sector that was written last: where it ends, and what is known there.
static void resume_sector(uh_ring* ring, const sector_head* head) {
  uint32_t at = SECTOR_HEAD;
  uh_record_header header;
  ring->first = head->first;
  ring->next = head->message;
  ring->lost = head->lost;
  while (next_record(ring, ring->sector, at, &header)) {
    if (header.magic == MESSAGE) {
      ring->next = header.sequence + 1;
    } else if (before(ring->first, header.sequence)) {
      ring->first = header.sequence;
    }
    at += uh_record_span(header.size);
  }
  const uint32_t size = ring->flash->sector_size;
  const bool goes_on =
      at < size &&
      ring->flash->is_blank(ring->flash->context, start_of(ring, ring->sector) + at, size - at);
  // Nothing is written behind a torn record.
  ring->at = goes_on ? at : size;
}

// The messages of the sectors still there begin with this number; those before it that were not
// done are gone.
static uint32_t oldest_kept(const uh_ring* ring) {
  uint32_t oldest = ring->next;
  for (uint32_t i = 0; i < ring->sector_count; ++i) {
    sector_head head;
    // A sector of an earlier round that was about to be erased may still be readable.
    if (read_head(ring, i, &head) && ring->sector_turn - head.turn < ring->sector_count &&
        before(head.message, oldest)) {
      oldest = head.message;
    }
  }
  return oldest;
}

static void count_lost(uh_ring* ring) {
  const uint32_t oldest = oldest_kept(ring);
  if (before(ring->first, oldest)) {
    ring->lost += oldest - ring->first;
    ring->first = oldest;
  }
}

uh_status uh_ring_open(uh_ring* ring, const uh_flash* flash, uint32_t first_sector,
                       uint32_t sector_count) {
  *ring = (uh_ring){.flash = flash, .first_sector = first_sector, .sector_count = sector_count};
  if (sector_count < 2 || first_sector + sector_count > flash->sector_count) {
    return UH_STORAGE;
  }
  sector_head newest = {0};
  bool found = false;
  for (uint32_t i = 0; i < sector_count; ++i) {
    sector_head head;
    if (read_head(ring, i, &head) && (!found || before(newest.turn, head.turn))) {
      newest = head;
      ring->sector = i;
      found = true;
    }
  }
  if (!found) {
    // Nothing was ever written: the first message begins sector 0.
    ring->sector = sector_count - 1;
    ring->at = flash->sector_size;
    return UH_OK;
  }
  ring->sector_turn = newest.turn;
  resume_sector(ring, &newest);
  count_lost(ring);
  return UH_OK;
}

uint32_t uh_ring_max_message(const uh_ring* ring) {
  const uint32_t most = ring->flash->sector_size - SECTOR_HEAD - UH_FLASH_UNIT;
  return most < MAX_MESSAGE ? most : MAX_MESSAGE;
}

uint32_t uh_ring_waiting(const uh_ring* ring) {
  return ring->next - ring->first;
}

// Erases the oldest sector and begins it anew. What was not done in it is lost, and the new head
// says how many: whether the power goes before or after it is written, they are counted once.
static uh_status begin_sector(uh_ring* ring) {
  const uint32_t sector = (ring->sector + 1) % ring->sector_count;
  if (!ring->flash->erase(ring->flash->context, ring->first_sector + sector)) {
    return UH_STORAGE;
  }
  count_lost(ring);
  uint8_t state[SECTOR_STATE] = {0};
  uh_writer out = uh_write_to(state, sizeof state);
  uh_put_integer(&out, ring->next, 4);
  uh_put_integer(&out, ring->first, 4);
  uh_put_integer(&out, ring->lost, 4);
  const uh_record_header header = {
      .magic = SECTOR_MAGIC, .size = SECTOR_STATE, .sequence = ring->sector_turn + 1};
  if (!uh_record_write(ring->flash, start_of(ring, sector), header, state)) {
    return UH_STORAGE;
  }
  ring->sector = sector;
  ++ring->sector_turn;
  ring->at = SECTOR_HEAD;
  ring->seen_at = 0;
  return UH_OK;
}

static bool put_record(uh_ring* ring, uint8_t magic, uint32_t sequence, const uint8_t* data,
                       size_t size) {
  const uh_record_header header = {.magic = magic, .size = (uint16_t)size, .sequence = sequence};
  if (!uh_record_write(ring->flash, start_of(ring, ring->sector) + ring->at, header, data)) {
    ring->at = ring->flash->sector_size;
    return false;
  }
  ring->at += uh_record_span((uint32_t)size);
  return true;
}

uh_status uh_ring_append(uh_ring* ring, const uint8_t* data, size_t size) {
  if (size > uh_ring_max_message(ring)) {
    return UH_NO_SPACE;
  }
  if (uh_record_span((uint32_t)size) > ring->flash->sector_size - ring->at) {
    const uh_status status = begin_sector(ring);
    if (status != UH_OK) {
      return status;
    }
  }
  if (!put_record(ring, MESSAGE, ring->next, data, size)) {
    return UH_STORAGE;
  }
  ++ring->next;
  return UH_OK;
}

// The sector that holds a message: the last one that began with it or one before it.
static bool find_sector(const uh_ring* ring, uint32_t message, uint32_t* sector) {
  sector_head best = {0};
  bool found = false;
  for (uint32_t i = 0; i < ring->sector_count; ++i) {
    sector_head head;
    if (read_head(ring, i, &head) && ring->sector_turn - head.turn < ring->sector_count &&
        !before(message, head.message) && (!found || before(best.turn, head.turn))) {
      best = head;
      *sector = i;
      found = true;
    }
  }
  return found;
}

static bool find_message(uh_ring* ring, uint32_t message, uh_record_header* header) {
  const uint32_t size = ring->flash->sector_size;
  uint32_t at = SECTOR_HEAD;
  uint32_t sector = 0;
  const bool near = ring->seen_at != 0 && !before(message, ring->seen);
  if (near) {
    sector = ring->seen_at / size - ring->first_sector;
    at = ring->seen_at % size;
  } else if (!find_sector(ring, message, &sector)) {
    return false;
  }
  for (; next_record(ring, sector, at, header); at += uh_record_span(header->size)) {
    if (header->magic == MESSAGE && header->sequence == message) {
      ring->seen = message;
      ring->seen_at = start_of(ring, sector) + at;
      return true;
    }
  }
  // Not in the sector of the message before it: look it up.
  ring->seen_at = 0;
  return near && find_message(ring, message, header);
}

uh_status uh_ring_read(uh_ring* ring, uint32_t message, uint8_t* out, size_t capacity,
                       size_t* size) {
  if (before(message, ring->first) || !before(message, ring->next)) {
    return UH_STATE;
  }
  uh_record_header header;
  if (!find_message(ring, message, &header)) {
    return UH_CORRUPT;
  }
  if (header.size > capacity) {
    return UH_NO_SPACE;
  }
  if (header.size > 0 &&
      !ring->flash->read(ring->flash->context, ring->seen_at + UH_FLASH_UNIT, out, header.size)) {
    return UH_STORAGE;
  }
  *size = header.size;
  return UH_OK;
}

void uh_ring_done(uh_ring* ring, uint32_t message) {
  if (before(message, ring->first) || !before(message, ring->next)) {
    return;
  }
  ring->first = message + 1;
  // A mark never begins a sector, as that would cost the oldest messages; the next head has it too.
  if (UH_FLASH_UNIT <= ring->flash->sector_size - ring->at) {
    (void)put_record(ring, DONE, ring->first, NULL, 0);
  }
}

void uh_ring_drop(uh_ring* ring, uint32_t message) {
  if (!before(message, ring->first) && before(message, ring->next)) {
    ring->lost += message + 1 - ring->first;
    uh_ring_done(ring, message);
  }
}
