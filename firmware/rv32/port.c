// What a board would give: randomness (here a fixed sequence, as this program makes no keys that
// matter) and an end for what cannot go on.
#include "port.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

const uint8_t* port_draws;
size_t port_draws_left;

void randombytes_buf(void* const out, const size_t size) {
  if (port_draws_left >= size) {
    memcpy(out, port_draws, size);
    port_draws += size;
    port_draws_left -= size;
    return;
  }
  static uint32_t state = 0x2545f491;
  for (size_t i = 0; i < size; ++i) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    ((uint8_t*)out)[i] = (uint8_t)state;
  }
}

void sodium_misuse(void) {
  abort();
}
