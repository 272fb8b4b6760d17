#include "uh/clock.h"

#define HOUR 3600000u
#define LATEST 253402300799999u

uint64_t uh_clock_now(const uh_clock* clock, uint64_t uptime) {
  return clock->known + (uptime > clock->known_for ? uptime - clock->known_for : 0);
}

bool uh_clock_learn(uh_clock* clock, uint64_t at_least, uint64_t uptime) {
  const uint64_t now = uh_clock_now(clock, uptime);
  if (clock->is_sure || at_least <= now || at_least > LATEST) {
    return false;
  }
  clock->known = at_least;
  clock->known_for = uptime;
  return at_least - now > HOUR;
}

void uh_clock_set(uh_clock* clock, uint64_t now, uint64_t uptime) {
  if (now <= LATEST) {
    *clock = (uh_clock){.known = now, .known_for = uptime, .is_sure = true};
  }
}
