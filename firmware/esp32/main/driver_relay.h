// What this application switches. Another product replaces these two files.
#ifndef DRIVER_RELAY_H
#define DRIVER_RELAY_H

#include <stdbool.h>

void relay_start(void);
void relay_set(bool on);
bool relay_is_on(void);

#endif
