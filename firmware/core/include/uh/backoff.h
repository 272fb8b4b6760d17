// How long to wait before trying again: a random part of a bound that doubles, so that a thousand
// devices do not come back in the same second after their server did.
#ifndef UH_BACKOFF_H
#define UH_BACKOFF_H

#include <stdint.h>

typedef struct uh_backoff {
  uint32_t least;  // milliseconds
  uint32_t most;   // milliseconds
  uint8_t failures;
} uh_backoff;

// The time to wait after one more failure, in milliseconds: least .. most.
uint32_t uh_backoff_next(uh_backoff* backoff);
// It worked: begin anew.
void uh_backoff_reset(uh_backoff* backoff);
// Evenly spread over 0 .. bound - 1; 0 for a bound of 0.
uint32_t uh_random_below(uint32_t bound);

#endif
