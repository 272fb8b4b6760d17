// Reading and writing of the product's canonical encoding (docs/security.md, "Notation") in memory
// that the caller owns. A reader or writer that ran out stays failed: ask once, at the end.
#ifndef UH_BYTES_H
#define UH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct uh_reader {
  const uint8_t* at;
  size_t left;
  bool failed;
} uh_reader;

uh_reader uh_read_from(const uint8_t* data, size_t size);
// Null when it failed.
const uint8_t* uh_take(uh_reader* in, size_t size);
void uh_take_into(uh_reader* in, uint8_t* out, size_t size);  // zeros when it failed
uint64_t uh_take_integer(uh_reader* in, size_t size);         // network byte order, size <= 8
uint64_t uh_take_varint(uh_reader* in);                       // at most ten bytes, minimal
bool uh_read_all(const uh_reader* in);                        // nothing failed, nothing is left

typedef struct uh_writer {
  uint8_t* data;
  size_t capacity;
  size_t used;
  bool failed;
} uh_writer;

uh_writer uh_write_to(uint8_t* data, size_t capacity);
void uh_put(uh_writer* out, const void* data, size_t size);
void uh_put_integer(uh_writer* out, uint64_t value, size_t size);
void uh_put_varint(uh_writer* out, uint64_t value);
// A 32-bit length, then the bytes.
void uh_put_prefixed(uh_writer* out, const void* data, size_t size);

#endif
