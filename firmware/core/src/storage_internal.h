// What the journal and the ring log share: checked records in flash.
#ifndef UH_STORAGE_INTERNAL_H
#define UH_STORAGE_INTERNAL_H

#include "uh/flash.h"

// A record's header fills one unit; its payload follows, filled up to a whole unit.
typedef struct uh_record_header {
  uint8_t magic;
  uint8_t kind;
  uint16_t size;  // of the payload
  uint32_t sequence;
  uint32_t payload_crc;
} uh_record_header;

// The size of a record with its header, in whole units.
uint32_t uh_record_span(uint32_t payload_size);
// False when there is none with this magic, or flash did not answer.
bool uh_record_read_header(const uh_flash* flash, uint32_t at, uint8_t magic,
                           uh_record_header* header);
bool uh_record_payload_is_good(const uh_flash* flash, uint32_t at, const uh_record_header* header);
// Writes and reads back. The payload's checksum is filled in here.
bool uh_record_write(const uh_flash* flash, uint32_t at, uh_record_header header,
                     const uint8_t* payload);

#endif
