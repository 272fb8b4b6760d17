#include "uh/journal.h"

#include "storage_internal.h"

#define MAGIC 0x4a
#define MAX_RECORD 0xffffu

static uint32_t start_of(const uh_journal* journal, uint8_t half) {
  return journal->first_sector * journal->flash->sector_size + half * journal->half_size;
}

// Takes over the newest good record of a half. The records of a half end where no header is.
static void scan(uh_journal* journal, uint8_t half) {
  const uint32_t start = start_of(journal, half);
  uint32_t at = 0;
  bool is_newest = false;
  uh_record_header header;
  while (at + UH_FLASH_UNIT <= journal->half_size &&
         uh_record_read_header(journal->flash, start + at, MAGIC, &header)) {
    const uint32_t span = uh_record_span(header.size);
    if (span > journal->half_size - at) {
      break;
    }
    if (uh_record_payload_is_good(journal->flash, start + at, &header) &&
        (!journal->has_record || (int32_t)(header.sequence - journal->generation) > 0)) {
      journal->has_record = true;
      journal->generation = header.sequence;
      journal->half = half;
      journal->record_at = start + at;
      journal->record_size = header.size;
      is_newest = true;
    }
    at += span;
  }
  if (is_newest) {
    // Behind a torn record nothing may be written.
    const uh_flash* flash = journal->flash;
    const bool goes_on = at < journal->half_size &&
                         flash->is_blank(flash->context, start + at, journal->half_size - at);
    journal->next = goes_on ? at : journal->half_size;
  }
}

uh_status uh_journal_open(uh_journal* journal, const uh_flash* flash, uint32_t first_sector,
                          uint32_t sectors_each) {
  *journal = (uh_journal){.flash = flash,
                          .first_sector = first_sector,
                          .half_size = sectors_each * flash->sector_size,
                          .half = 1};
  journal->next = journal->half_size;
  if (sectors_each == 0 || first_sector + 2 * sectors_each > flash->sector_count) {
    return UH_STORAGE;
  }
  scan(journal, 0);
  scan(journal, 1);
  return UH_OK;
}

uh_status uh_journal_read(const uh_journal* journal, uint8_t* out, size_t capacity, size_t* size) {
  if (!journal->has_record) {
    return UH_STATE;
  }
  if (journal->record_size > capacity) {
    return UH_NO_SPACE;
  }
  const uh_flash* flash = journal->flash;
  if (!flash->read(flash->context, journal->record_at + UH_FLASH_UNIT, out, journal->record_size)) {
    return UH_STORAGE;
  }
  *size = journal->record_size;
  return UH_OK;
}

static bool begin_other_half(uh_journal* journal) {
  const uh_flash* flash = journal->flash;
  const uint8_t other = journal->half ^ 1;
  const uint32_t first = start_of(journal, other) / flash->sector_size;
  for (uint32_t i = 0; i < journal->half_size / flash->sector_size; ++i) {
    if (!flash->erase(flash->context, first + i)) {
      return false;
    }
  }
  journal->half = other;
  journal->next = 0;
  return true;
}

uh_status uh_journal_write(uh_journal* journal, const uint8_t* data, size_t size) {
  if (size > MAX_RECORD || uh_record_span((uint32_t)size) > journal->half_size) {
    return UH_NO_SPACE;
  }
  const uint32_t span = uh_record_span((uint32_t)size);
  const uint8_t half = journal->half;
  if (span > journal->half_size - journal->next && !begin_other_half(journal)) {
    return UH_STORAGE;
  }
  const uint32_t at = start_of(journal, journal->half) + journal->next;
  const uh_record_header header = {
      .magic = MAGIC, .size = (uint16_t)size, .sequence = journal->generation + 1};
  if (!uh_record_write(journal->flash, at, header, data)) {
    // What was half written is erased before anything else is written; the half with the record
    // that stands is not touched.
    journal->half = half;
    journal->next = journal->half_size;
    return UH_STORAGE;
  }
  ++journal->generation;
  journal->has_record = true;
  journal->record_at = at;
  journal->record_size = (uint32_t)size;
  journal->next += span;
  return UH_OK;
}
