// A station that comes back by itself, with growing pauses.
#ifndef WIFI_H
#define WIFI_H

#include <stdbool.h>

#include "settings.h"

bool wifi_start(const settings* with);
bool wifi_is_up(void);

#endif
