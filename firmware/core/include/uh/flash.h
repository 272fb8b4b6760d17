// Flash as the core sees it, given by the port. Written in whole units at unit boundaries, each
// unit once after its sector was erased: that is what encrypted flash allows. The power may go in
// the middle of any call; what was being written or erased is then undefined, nothing else is.
#ifndef UH_FLASH_H
#define UH_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UH_FLASH_UNIT 16u

typedef struct uh_flash {
  void* context;
  uint32_t sector_size;  // bytes that are erased at once, a multiple of UH_FLASH_UNIT
  uint32_t sector_count;
  // Offsets are bytes from the start of this area. Each answers whether it succeeded.
  bool (*read)(void* context, uint32_t at, void* out, uint32_t size);
  bool (*write)(void* context, uint32_t at, const void* data, uint32_t size);
  bool (*erase)(void* context, uint32_t sector);
  // Whether the bytes are as an erase leaves them. (Encrypted flash does not read as 0xff then.)
  bool (*is_blank)(void* context, uint32_t at, uint32_t size);
} uh_flash;

// CRC-32 (IEEE 802.3), continued from `crc`; 0 at first.
uint32_t uh_crc32(uint32_t crc, const void* data, size_t size);

#endif
