#include "uh/bytes.h"

#include <string.h>

uh_reader uh_read_from(const uint8_t* data, size_t size) {
  return (uh_reader){.at = data, .left = size, .failed = false};
}

const uint8_t* uh_take(uh_reader* in, size_t size) {
  if (in->failed || size > in->left) {
    in->failed = true;
    return NULL;
  }
  const uint8_t* out = in->at;
  in->at += size;
  in->left -= size;
  return out;
}

void uh_take_into(uh_reader* in, uint8_t* out, size_t size) {
  const uint8_t* from = uh_take(in, size);
  if (from == NULL) {
    memset(out, 0, size);
  } else {
    memcpy(out, from, size);
  }
}

uint64_t uh_take_integer(uh_reader* in, size_t size) {
  const uint8_t* from = uh_take(in, size);
  uint64_t value = 0;
  for (size_t i = 0; from != NULL && i < size; ++i) {
    value = value << 8 | from[i];
  }
  return value;
}

uint64_t uh_take_varint(uh_reader* in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const uint64_t byte = uh_take_integer(in, 1);
    if (in->failed) {
      return 0;
    }
    // The tenth byte holds one bit; a last byte of zero is a longer form of a shorter number.
    if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) {
      in->failed = true;
      return 0;
    }
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  in->failed = true;
  return 0;
}

bool uh_read_all(const uh_reader* in) {
  return !in->failed && in->left == 0;
}

uh_writer uh_write_to(uint8_t* data, size_t capacity) {
  return (uh_writer){.data = data, .capacity = capacity, .used = 0, .failed = false};
}

void uh_put(uh_writer* out, const void* data, size_t size) {
  if (out->failed || size > out->capacity - out->used) {
    out->failed = true;
    return;
  }
  if (size > 0) {
    memmove(out->data + out->used, data, size);
  }
  out->used += size;
}

void uh_put_integer(uh_writer* out, uint64_t value, size_t size) {
  uint8_t bytes[8];
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
  }
  uh_put(out, bytes, size);
}

void uh_put_varint(uh_writer* out, uint64_t value) {
  while (value >= 0x80) {
    uh_put_integer(out, (value & 0x7f) | 0x80, 1);
    value >>= 7;
  }
  uh_put_integer(out, value, 1);
}

void uh_put_prefixed(uh_writer* out, const void* data, size_t size) {
  uh_put_integer(out, size, 4);
  uh_put(out, data, size);
}
