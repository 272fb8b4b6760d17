#include "uh/counters.h"

#include <string.h>

#include "uh/bytes.h"

#define ENTRY_SIZE (UH_ID_SIZE + 4 + 4)
#define MAX_STORED (UH_MAX_COUNTERS * ENTRY_SIZE)

static uh_counter* find(uh_counters* counters, const uint8_t group[UH_ID_SIZE]) {
  for (uint8_t i = 0; i < counters->count; ++i) {
    if (memcmp(counters->of[i].group, group, UH_ID_SIZE) == 0) {
      return &counters->of[i];
    }
  }
  return NULL;
}

uh_status uh_counters_open(uh_counters* counters, const uh_flash* flash, uint32_t first_sector,
                           uint32_t sectors_each) {
  uint8_t stored[MAX_STORED];
  size_t size = 0;
  memset(counters, 0, sizeof *counters);
  uh_status status = uh_journal_open(&counters->journal, flash, first_sector, sectors_each);
  if (status == UH_OK) {
    status = uh_journal_read(&counters->journal, stored, sizeof stored, &size);
  }
  if (status == UH_STATE) {
    return UH_OK;  // nothing was ever given out
  }
  if (status != UH_OK || size % ENTRY_SIZE != 0) {
    return status == UH_STORAGE ? UH_STORAGE : UH_CORRUPT;
  }
  uh_reader in = uh_read_from(stored, size);
  for (; in.left > 0; ++counters->count) {
    uh_counter* one = &counters->of[counters->count];
    uh_take_into(&in, one->group, UH_ID_SIZE);
    one->epoch = (uint32_t)uh_take_integer(&in, 4);
    one->horizon = (uint32_t)uh_take_integer(&in, 4);
  }
  return UH_OK;
}

uh_status uh_counters_resume(const uh_counters* counters, uh_group* group) {
  const uh_counter* one = find((uh_counters*)counters, group->id);
  if (one == NULL || one->epoch < group->current.number) {
    return UH_OK;
  }
  if (one->epoch > group->current.number) {
    return UH_STALE;
  }
  return uh_group_skip_to(group, one->horizon);
}

static uh_status store(uh_counters* counters) {
  uint8_t stored[MAX_STORED];
  uh_writer out = uh_write_to(stored, sizeof stored);
  for (uint8_t i = 0; i < counters->count; ++i) {
    uh_put(&out, counters->of[i].group, UH_ID_SIZE);
    uh_put_integer(&out, counters->of[i].epoch, 4);
    uh_put_integer(&out, counters->of[i].horizon, 4);
  }
  return uh_journal_write(&counters->journal, stored, out.used);
}

uh_status uh_counters_ready(uh_counters* counters, uh_group* group) {
  if (uh_group_reserved(group) > 0) {
    return UH_OK;
  }
  const uint32_t horizon = group->horizon;
  uh_status status = uh_group_reserve(group);
  if (status != UH_OK) {
    return status;
  }
  uh_counter* one = find(counters, group->id);
  if (one == NULL && counters->count == UH_MAX_COUNTERS) {
    group->horizon = horizon;
    return UH_NO_SPACE;
  }
  const uint8_t count = counters->count;
  if (one == NULL) {
    one = &counters->of[counters->count++];
    memset(one, 0, sizeof *one);
    memcpy(one->group, group->id, UH_ID_SIZE);
  }
  const uh_counter known = *one;
  one->epoch = group->current.number;
  one->horizon = group->horizon;
  status = store(counters);
  if (status != UH_OK) {
    *one = known;
    counters->count = count;
    group->horizon = horizon;
  }
  return status;
}
