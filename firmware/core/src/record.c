#include <string.h>

#include "storage_internal.h"
#include "uh/bytes.h"

#define CHUNK (4 * UH_FLASH_UNIT)

uint32_t uh_record_span(uint32_t payload_size) {
  return UH_FLASH_UNIT + (payload_size + UH_FLASH_UNIT - 1) / UH_FLASH_UNIT * UH_FLASH_UNIT;
}

static void encode(const uh_record_header* header, uint8_t out[UH_FLASH_UNIT]) {
  uh_writer writer = uh_write_to(out, UH_FLASH_UNIT);
  uh_put_integer(&writer, header->magic, 1);
  uh_put_integer(&writer, header->kind, 1);
  uh_put_integer(&writer, header->size, 2);
  uh_put_integer(&writer, header->sequence, 4);
  uh_put_integer(&writer, header->payload_crc, 4);
  uh_put_integer(&writer, uh_crc32(0, out, writer.used), 4);
}

bool uh_record_read_header(const uh_flash* flash, uint32_t at, uint8_t magic,
                           uh_record_header* header) {
  uint8_t bytes[UH_FLASH_UNIT];
  if (!flash->read(flash->context, at, bytes, sizeof bytes)) {
    return false;
  }
  uh_reader in = uh_read_from(bytes, sizeof bytes);
  header->magic = (uint8_t)uh_take_integer(&in, 1);
  header->kind = (uint8_t)uh_take_integer(&in, 1);
  header->size = (uint16_t)uh_take_integer(&in, 2);
  header->sequence = (uint32_t)uh_take_integer(&in, 4);
  header->payload_crc = (uint32_t)uh_take_integer(&in, 4);
  return header->magic == magic && uh_take_integer(&in, 4) == uh_crc32(0, bytes, 12);
}

bool uh_record_payload_is_good(const uh_flash* flash, uint32_t at, const uh_record_header* header) {
  uint8_t chunk[CHUNK];
  uint32_t crc = 0;
  for (uint32_t done = 0; done < header->size;) {
    const uint32_t size = header->size - done < CHUNK ? header->size - done : CHUNK;
    if (!flash->read(flash->context, at + UH_FLASH_UNIT + done, chunk, size)) {
      return false;
    }
    crc = uh_crc32(crc, chunk, size);
    done += size;
  }
  return crc == header->payload_crc;
}

bool uh_record_write(const uh_flash* flash, uint32_t at, uh_record_header header,
                     const uint8_t* payload) {
  uint8_t unit[UH_FLASH_UNIT];
  header.payload_crc = uh_crc32(0, payload, header.size);
  encode(&header, unit);
  const uint32_t whole = header.size / UH_FLASH_UNIT * UH_FLASH_UNIT;
  const uint32_t rest = header.size - whole;
  if (!flash->write(flash->context, at, unit, sizeof unit) ||
      (whole > 0 && !flash->write(flash->context, at + UH_FLASH_UNIT, payload, whole))) {
    return false;
  }
  if (rest > 0) {
    memset(unit, 0, sizeof unit);
    memcpy(unit, payload + whole, rest);
    if (!flash->write(flash->context, at + UH_FLASH_UNIT + whole, unit, sizeof unit)) {
      return false;
    }
  }
  uh_record_header written;
  return uh_record_read_header(flash, at, header.magic, &written) &&
         written.sequence == header.sequence && written.payload_crc == header.payload_crc &&
         uh_record_payload_is_good(flash, at, &written);
}
