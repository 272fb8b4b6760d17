// Time without a time service. A device knows how long it has been running, and from signed
// payloads, its certificate and the answers of its server how late it is at least. That is enough
// to renew in time; it is never enough to say that something is not valid yet, nor to keep a
// deadline: who carries a message may hold it back for days and let the device learn of no later
// time. What time it is a device knows for sure once somebody has answered a challenge of its own,
// or when its host has a clock.
#ifndef UH_CLOCK_H
#define UH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct uh_clock {
  uint64_t known;      // milliseconds since 1970: it was at least this late ...
  uint64_t known_for;  // ... when the device had been running for this many milliseconds
  bool is_sure;        // and not much later than that: deadlines can be kept
} uh_clock;

// `uptime` is milliseconds since the start, and never goes back.
uint64_t uh_clock_now(const uh_clock* clock, uint64_t uptime);
// Takes in what somebody who may be believed said. Answers whether that was news of more than an
// hour: worth storing. A clock that is sure stays as it is.
bool uh_clock_learn(uh_clock* clock, uint64_t at_least, uint64_t uptime);
// From now on `now` is the time, also when it was thought to be later: somebody's clock was wrong.
// Nothing beyond the year 9999.
void uh_clock_set(uh_clock* clock, uint64_t now, uint64_t uptime);

#endif
