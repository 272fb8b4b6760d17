// The device: its state in flash, what it measures and what it does.
#ifndef DEVICE_H
#define DEVICE_H

#include "settings.h"
#include "uh/enrol.h"
#include "uh/mqtt.h"

typedef struct device device;

// Null when flash is damaged. There is one.
device* device_open(const settings* with);
uh_enrol* device_enrol(device* self);
uh_ring* device_ring(device* self);
const uh_mqtt_settings* device_mqtt(const device* self);
bool device_on_message(void* self, const uh_mqtt_event* event);
// Measures when it is time to.
void device_step(device* self, uint64_t uptime);
// Whether a command asked for a new start.
bool device_wants_restart(const device* self);

#endif
