// What a board would give: randomness (here a fixed sequence, as this program makes no keys that
// matter) and an end for what cannot go on.
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

void randombytes_buf(void* const out, const size_t size) {
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
