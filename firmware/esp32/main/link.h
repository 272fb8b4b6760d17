// The MQTT session over TLS with the device's certificate.
#ifndef LINK_H
#define LINK_H

#include "settings.h"
#include "uh/enrol.h"
#include "uh/mqtt.h"

// Answers whether the server may forget the message.
typedef bool (*link_on_message)(void* context, const uh_mqtt_event* event);

typedef struct link_state link_state;

// All of it is there once; nothing is allocated but by TLS itself.
link_state* link_make(const settings* with, const uh_mqtt_settings* mqtt, uh_ring* ring,
                      link_on_message on_message, void* context);
// What can be done within a second. `uptime` in milliseconds.
void link_step(link_state* link, const uh_enrol* enrol, uint64_t uptime);
bool link_is_connected(const link_state* link);
// The broker did not accept this device since the last call.
bool link_take_rejection(link_state* link);
void link_close(link_state* link);

#endif
