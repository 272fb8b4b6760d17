// New firmware over HTTPS. Secure boot starts signed images alone; one that does not reach its
// broker is rolled back at the next start.
#ifndef UPDATE_H
#define UPDATE_H

#include <stdbool.h>

#include "settings.h"

// Fetches an image from the device's server into the other slot; the device has to start anew then.
// `path` begins with "/". False: the present firmware stays.
bool update_fetch(const settings* with, const char* path);
// This firmware came with an update and was not confirmed yet.
bool update_is_on_trial(void);
// This firmware works: it stays. Called when the broker was reached.
void update_confirm(void);

#endif
