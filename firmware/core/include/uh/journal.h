// One record that survives a loss of power at any moment: either the last one that was written
// completely, or, when the power went during a write, that one or the one before. Two halves of
// flash; records are appended to one until it is full, then the other is erased and goes on.
#ifndef UH_JOURNAL_H
#define UH_JOURNAL_H

#include "uh/flash.h"
#include "uh/status.h"

typedef struct uh_journal {
  const uh_flash* flash;
  uint32_t first_sector;
  uint32_t half_size;  // bytes
  uint32_t generation;
  uint32_t next;  // where the next record goes in the active half; half_size: nowhere
  uint8_t half;   // the active one
  bool has_record;
  uint32_t record_at;
  uint32_t record_size;
} uh_journal;

// The largest record that fits.
#define UH_JOURNAL_OVERHEAD 16u

// Takes 2 * sectors_each sectors from first_sector on. UH_STORAGE when flash cannot be read.
uh_status uh_journal_open(uh_journal* journal, const uh_flash* flash, uint32_t first_sector,
                          uint32_t sectors_each);
// UH_STATE when there is none, UH_NO_SPACE.
uh_status uh_journal_read(const uh_journal* journal, uint8_t* out, size_t capacity, size_t* size);
// UH_NO_SPACE when it can never fit, UH_STORAGE; the record before then still stands.
uh_status uh_journal_write(uh_journal* journal, const uint8_t* data, size_t size);

#endif
