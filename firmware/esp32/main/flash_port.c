#include "flash_port.h"

#include <esp_partition.h>

#define SUBTYPE 0x40
#define SECTOR 4096u
#define ERASED 0xff

static bool port_read(void* context, uint32_t at, void* out, uint32_t size) {
  return esp_partition_read(context, at, out, size) == ESP_OK;
}

static bool port_write(void* context, uint32_t at, const void* data, uint32_t size) {
  return esp_partition_write(context, at, data, size) == ESP_OK;
}

static bool port_erase(void* context, uint32_t sector) {
  return esp_partition_erase_range(context, sector * SECTOR, SECTOR) == ESP_OK;
}

// What was erased reads as 0xff only without decryption.
static bool port_is_blank(void* context, uint32_t at, uint32_t size) {
  uint8_t chunk[64];
  for (uint32_t done = 0; done < size;) {
    const uint32_t part = size - done < sizeof chunk ? size - done : sizeof chunk;
    if (esp_partition_read_raw(context, at + done, chunk, part) != ESP_OK) {
      return false;
    }
    for (uint32_t i = 0; i < part; ++i) {
      if (chunk[i] != ERASED) {
        return false;
      }
    }
    done += part;
  }
  return true;
}

bool flash_port_open(uh_flash* flash) {
  const esp_partition_t* partition = esp_partition_find_first(
      ESP_PARTITION_TYPE_DATA, (esp_partition_subtype_t)SUBTYPE, "unhidra");
  if (partition == NULL) {
    return false;
  }
  *flash = (uh_flash){.context = (void*)partition,
                      .sector_size = SECTOR,
                      .sector_count = partition->size / SECTOR,
                      .read = port_read,
                      .write = port_write,
                      .erase = port_erase,
                      .is_blank = port_is_blank};
  return true;
}
