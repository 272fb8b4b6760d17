// How far the counters of this device's chains have been given out, in blocks: one small record of
// flash for 1,024 payloads, and none is used twice, whenever the power goes.
#ifndef UH_COUNTERS_H
#define UH_COUNTERS_H

#include "uh/group.h"
#include "uh/journal.h"

#define UH_MAX_COUNTERS 4

typedef struct uh_counter {
  uint8_t group[UH_ID_SIZE];
  uint32_t epoch;
  uint32_t horizon;  // every counter below it may have been used
} uh_counter;

typedef struct uh_counters {
  uh_journal journal;
  uint8_t count;
  uh_counter of[UH_MAX_COUNTERS];  // one for each group: its latest epoch
} uh_counters;

// UH_STORAGE, UH_CORRUPT: then nothing may be sealed until new epochs have come.
uh_status uh_counters_open(uh_counters* counters, const uh_flash* flash, uint32_t first_sector,
                           uint32_t sectors_each);
// After a start: the group goes on behind everything that may have been used in its epoch, even
// when its own stored form is older. UH_EXHAUSTED, UH_STALE (the group is one of an earlier epoch).
uh_status uh_counters_resume(const uh_counters* counters, uh_group* group);
// Makes sure that the group may seal once more: takes a block and stores it when none is left.
// UH_STORAGE, UH_EXHAUSTED, UH_NO_SPACE (more groups than there is room for): do not seal.
uh_status uh_counters_ready(uh_counters* counters, uh_group* group);

#endif
