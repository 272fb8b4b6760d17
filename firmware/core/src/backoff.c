#include "uh/backoff.h"

#include <string.h>

#include "uh/crypto.h"

#define MAX_DOUBLINGS 16

uint32_t uh_random_below(uint32_t bound) {
  uint32_t random;
  uint8_t bytes[sizeof random];
  uh_random(bytes, sizeof bytes);
  memcpy(&random, bytes, sizeof random);
  // The bias of a 32-bit number scaled down is of no importance for waiting.
  return (uint32_t)((uint64_t)random * bound >> 32);
}

uint32_t uh_backoff_next(uh_backoff* backoff) {
  uint64_t bound = (uint64_t)backoff->least << backoff->failures;
  if (bound > backoff->most) {
    bound = backoff->most;
  }
  if (backoff->failures < MAX_DOUBLINGS) {
    ++backoff->failures;
  }
  const uint32_t spread = bound > backoff->least ? (uint32_t)bound - backoff->least : 0;
  return backoff->least + uh_random_below(spread + 1);
}

void uh_backoff_reset(uh_backoff* backoff) {
  backoff->failures = 0;
}
