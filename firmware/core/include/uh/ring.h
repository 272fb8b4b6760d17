// A queue of messages in flash, for what is measured while nobody listens: it survives a loss of
// power at any moment, and when it is full the oldest make room and are counted.
//
// A message that uh_ring_append() answered for is there until it is done or overwritten. What was
// done may come back after a loss of power (at least once), never the other way round.
#ifndef UH_RING_H
#define UH_RING_H

#include "uh/flash.h"
#include "uh/status.h"

typedef struct uh_ring {
  const uh_flash* flash;
  uint32_t first_sector;
  uint32_t sector_count;
  uint32_t sector;       // the one that is written, as an index of the ring
  uint32_t sector_turn;  // its number: each sector that is begun has the next one
  uint32_t at;           // where in it the next record goes; sector_size: in the next sector
  uint32_t first;        // the oldest message that is not done
  uint32_t next;         // the number of the next message
  uint32_t lost;  // messages that were overwritten before they were done, since the beginning
  uint32_t seen;  // a message that was read lately, and where it is
  uint32_t seen_at;
} uh_ring;

// Takes sector_count sectors (at least 2) from first_sector on. UH_STORAGE.
uh_status uh_ring_open(uh_ring* ring, const uh_flash* flash, uint32_t first_sector,
                       uint32_t sector_count);
// The largest message that fits.
uint32_t uh_ring_max_message(const uh_ring* ring);
// UH_NO_SPACE when it can never fit, UH_STORAGE.
uh_status uh_ring_append(uh_ring* ring, const uint8_t* data, size_t size);
// Messages first .. next - 1 wait. UH_STATE when this one does not, UH_NO_SPACE, UH_CORRUPT.
uh_status uh_ring_read(uh_ring* ring, uint32_t message, uint8_t* out, size_t capacity,
                       size_t* size);
// This message and all before it are done.
void uh_ring_done(uh_ring* ring, uint32_t message);
// The same for messages that flash does not give back: they count as lost.
void uh_ring_drop(uh_ring* ring, uint32_t message);
uint32_t uh_ring_waiting(const uh_ring* ring);

#endif
