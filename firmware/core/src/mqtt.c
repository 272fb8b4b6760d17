#include "uh/mqtt.h"

#include <string.h>

#include "mqtt_internal.h"

#define ANSWER_TIME 10000u  // milliseconds that the server has for CONNACK and PINGRESP
#define REASON_TOO_MANY 0x93

void uh_mqtt_init(uh_mqtt* mqtt, const uh_mqtt_settings* settings, uh_ring* ring, uint8_t* in,
                  size_t in_capacity, uint8_t* out, size_t out_capacity) {
  *mqtt = (uh_mqtt){.settings = settings,
                    .ring = ring,
                    .in = in,
                    .in_capacity = in_capacity,
                    .out = out,
                    .out_capacity = out_capacity,
                    .version = 5};
  if (ring != NULL) {
    // Before the last start they may have been sent: their identifiers are the same, too.
    const uint32_t waiting = uh_ring_waiting(ring);
    mqtt->maybe_sent = ring->first + (waiting < UH_MQTT_WINDOW ? waiting : UH_MQTT_WINDOW);
  }
}

bool uh_mqtt_is_connected(const uh_mqtt* mqtt) {
  return mqtt->state == CONNECTED;
}

uh_status uh_mqtt_connect(uh_mqtt* mqtt, uint64_t now) {
  uh_mqtt_disconnected(mqtt);
  mqtt->server_max_packet = UINT32_MAX;
  const uh_status status = uh_mqtt_put_connect(mqtt);
  if (status == UH_OK) {
    mqtt->state = CONNECTING;
    mqtt->keep_alive = mqtt->settings->keep_alive;
    mqtt->written_at = now;
    mqtt->read_at = now;
    mqtt->asked_at = now;
  }
  return status;
}

void uh_mqtt_disconnected(uh_mqtt* mqtt) {
  mqtt->state = CLOSED;
  mqtt->in_size = 0;
  mqtt->out_size = 0;
  mqtt->holds_message = false;
}

void uh_mqtt_disconnect(uh_mqtt* mqtt) {
  if (mqtt->state == CONNECTED && uh_mqtt_put_disconnect(mqtt, 0) == UH_OK) {
    mqtt->state = ENDING;
  }
}

bool uh_mqtt_output(const uh_mqtt* mqtt, const uint8_t** data, size_t* size) {
  *data = mqtt->out;
  *size = mqtt->out_size;
  return mqtt->out_size > 0;
}

void uh_mqtt_sent(uh_mqtt* mqtt, size_t size, uint64_t now) {
  if (size > mqtt->out_size) {
    size = mqtt->out_size;
  }
  memmove(mqtt->out, mqtt->out + size, mqtt->out_size - size);
  mqtt->out_size -= size;
  mqtt->written_at = now;
}

// ---- packets ----

static uh_status on_connack(uh_mqtt* mqtt, uh_reader body, uint64_t now, uh_mqtt_event* event) {
  uh_connack connack;
  if (mqtt->state != CONNECTING) {
    return UH_STATE;
  }
  if (uh_mqtt_read_connack(mqtt->version, body, &connack) != UH_OK) {
    return UH_MALFORMED;
  }
  mqtt->asked_at = 0;
  event->reason = connack.reason;
  if (connack.reason != 0) {
    // 1 is how servers of 3.1.1 say it.
    if (mqtt->version == 5 &&
        (connack.reason == REASON_UNSUPPORTED_VERSION || connack.reason == 1)) {
      mqtt->version = 4;
    }
    mqtt->state = ENDING;
    event->kind = UH_MQTT_CLOSED;
    return UH_OK;
  }
  mqtt->state = CONNECTED;
  mqtt->window =
      connack.receive_maximum < UH_MQTT_WINDOW ? connack.receive_maximum : UH_MQTT_WINDOW;
  mqtt->server_max_packet = connack.max_packet;
  mqtt->server_max_qos = connack.max_qos;
  mqtt->keep_alive = connack.has_keep_alive ? connack.keep_alive : mqtt->keep_alive;
  if (!connack.session_present) {
    memset(mqtt->unreleased, 0, sizeof mqtt->unreleased);
    for (size_t i = 0; i < UH_MQTT_WINDOW; ++i) {
      // What it had confirmed it has; the rest is new to it.
      uint8_t* state = &mqtt->flights[i].state;
      *state = *state >= UH_FLIGHT_RELEASED && *state != UH_FLIGHT_LATER ? UH_FLIGHT_OVER
                                                                         : UH_FLIGHT_FREE;
    }
  }
  if (mqtt->ring != NULL) {
    mqtt->next_message = mqtt->ring->first;
    mqtt->maybe_sent = connack.session_present ? mqtt->maybe_sent : mqtt->ring->first;
  }
  event->kind = UH_MQTT_CONNECTED;
  event->session_present = connack.session_present;
  mqtt->written_at = now;
  return mqtt->settings->filter_count > 0 ? uh_mqtt_put_subscribe(mqtt) : UH_OK;
}

static uint16_t* unreleased(uh_mqtt* mqtt, uint16_t id) {
  for (size_t i = 0; i < UH_MQTT_WINDOW; ++i) {
    if (mqtt->unreleased[i] == id) {
      return &mqtt->unreleased[i];
    }
  }
  return NULL;
}

static uh_status on_publish(uh_mqtt* mqtt, uint8_t flags, uh_reader body, uh_mqtt_event* event) {
  uh_incoming incoming;
  if (uh_mqtt_read_publish(mqtt->version, flags, body, &incoming) != UH_OK) {
    return UH_MALFORMED;
  }
  if (incoming.qos == 2) {
    if (unreleased(mqtt, incoming.id) != NULL) {
      return uh_mqtt_put_ack(mqtt, PUBREC, incoming.id, 0);
    }
    if (unreleased(mqtt, 0) == NULL) {
      (void)uh_mqtt_put_disconnect(mqtt, REASON_TOO_MANY);
      return UH_STATE;
    }
  }
  mqtt->holds_message = true;
  mqtt->held_qos = incoming.qos;
  mqtt->held_id = incoming.id;
  *event = (uh_mqtt_event){.kind = UH_MQTT_MESSAGE,
                           .topic = incoming.topic,
                           .topic_size = incoming.topic_size,
                           .payload = (uint8_t*)incoming.payload,
                           .payload_size = incoming.payload_size,
                           .qos = incoming.qos,
                           .retained = incoming.retained};
  return UH_OK;
}

uh_status uh_mqtt_acknowledge(uh_mqtt* mqtt) {
  if (!mqtt->holds_message) {
    return UH_STATE;
  }
  uh_status status = UH_OK;
  if (mqtt->held_qos == 1) {
    status = uh_mqtt_put_ack(mqtt, PUBACK, mqtt->held_id, 0);
  } else if (mqtt->held_qos == 2) {
    status = uh_mqtt_put_ack(mqtt, PUBREC, mqtt->held_id, 0);
    if (status == UH_OK) {
      *unreleased(mqtt, 0) = mqtt->held_id;
    }
  }
  mqtt->holds_message = status != UH_OK;
  return status;
}

static uh_status on_pubrel(uh_mqtt* mqtt, uint16_t id) {
  uint16_t* known = unreleased(mqtt, id);
  if (known != NULL) {
    *known = 0;
  }
  return uh_mqtt_put_ack(mqtt, PUBCOMP, id, known != NULL ? 0 : REASON_PACKET_ID_NOT_FOUND);
}

static uh_status on_ack(uh_mqtt* mqtt, uint8_t type, uh_reader body, uint64_t now,
                        uh_mqtt_event* event) {
  uint16_t id;
  uint8_t reason;
  if (uh_mqtt_read_ack(mqtt->version, body, &id, &reason) != UH_OK) {
    return UH_MALFORMED;
  }
  return type == PUBREL ? on_pubrel(mqtt, id)
                        : uh_mqtt_on_answer(mqtt, type, id, reason, now, event);
}

static uh_status on_suback(uh_mqtt* mqtt, uh_reader body, uh_mqtt_event* event) {
  uint16_t id;
  const uh_status status =
      uh_mqtt_read_suback(mqtt->version, body, &id, mqtt->settings->filter_count, &event->refused);
  if (status != UH_OK || id != SUBSCRIBE_ID) {
    return UH_MALFORMED;
  }
  event->kind = UH_MQTT_SUBSCRIBED;
  return UH_OK;
}

static uh_status on_packet(uh_mqtt* mqtt, uint8_t first, uh_reader body, uint64_t now,
                           uh_mqtt_event* event) {
  const uint8_t type = first >> 4;
  const uint8_t flags = first & 15;
  if (type != PUBLISH && flags != (type == PUBREL ? 2 : 0)) {
    return UH_MALFORMED;
  }
  if (type == CONNACK) {
    return on_connack(mqtt, body, now, event);
  }
  if (mqtt->state != CONNECTED && mqtt->state != ENDING) {
    return UH_STATE;
  }
  switch (type) {
    case PUBLISH:
      return on_publish(mqtt, flags, body, event);
    case PUBACK:
    case PUBREC:
    case PUBREL:
    case PUBCOMP:
      return on_ack(mqtt, type, body, now, event);
    case SUBACK:
      return on_suback(mqtt, body, event);
    case PINGRESP:
      mqtt->asked_at = 0;
      return body.left == 0 ? UH_OK : UH_MALFORMED;
    case DISCONNECT:
      event->kind = UH_MQTT_CLOSED;
      mqtt->state = ENDING;
      return uh_mqtt_read_disconnect(mqtt->version, body, &event->reason);
    default:
      return UH_STATE;
  }
}

// ---- bytes and time ----

// Moves bytes into the buffer until it holds one whole packet: UH_BUSY when it does not yet.
static uh_status gather(uh_mqtt* mqtt, const uint8_t** data, size_t* size, uh_reader* body) {
  for (;;) {
    uint32_t length = 0;
    size_t used = 0;
    size_t wanted = mqtt->in_size + 1;
    if (mqtt->in_size > 1) {
      const uh_status status = uh_mqtt_read_length(mqtt->in + 1, mqtt->in_size - 1, &length, &used);
      if (status == UH_MALFORMED) {
        return UH_MALFORMED;
      }
      wanted = status == UH_OK ? 1 + used + length : wanted;
      if (wanted > mqtt->in_capacity) {
        return UH_NO_SPACE;
      }
      if (status == UH_OK && wanted == mqtt->in_size) {
        *body = uh_read_from(mqtt->in + 1 + used, length);
        return UH_OK;
      }
    }
    const size_t more = wanted - mqtt->in_size < *size ? wanted - mqtt->in_size : *size;
    if (more == 0) {
      return UH_BUSY;
    }
    memcpy(mqtt->in + mqtt->in_size, *data, more);
    mqtt->in_size += more;
    *data += more;
    *size -= more;
  }
}

uh_status uh_mqtt_receive(uh_mqtt* mqtt, const uint8_t** data, size_t* size, uint64_t now,
                          uh_mqtt_event* event) {
  *event = (uh_mqtt_event){.kind = UH_MQTT_NOTHING};
  if (mqtt->state == CLOSED || mqtt->holds_message) {
    return UH_STATE;
  }
  while (event->kind == UH_MQTT_NOTHING) {
    if (mqtt->out_capacity - mqtt->out_size < ACK_ROOM) {
      return UH_BUSY;
    }
    uh_reader body;
    const uh_status gathered = gather(mqtt, data, size, &body);
    if (gathered == UH_BUSY) {
      return UH_OK;
    }
    const uh_status status =
        gathered == UH_OK ? on_packet(mqtt, mqtt->in[0], body, now, event) : gathered;
    mqtt->in_size = 0;
    mqtt->read_at = now;
    if (status != UH_OK) {
      if (mqtt->state == CONNECTED) {
        (void)uh_mqtt_put_disconnect(
            mqtt, status == UH_NO_SPACE ? REASON_PACKET_TOO_LARGE : REASON_PROTOCOL_ERROR);
      }
      mqtt->state = ENDING;
      return status;
    }
  }
  return UH_OK;
}

uh_status uh_mqtt_tick(uh_mqtt* mqtt, uint64_t now, uh_mqtt_event* event) {
  *event = (uh_mqtt_event){.kind = UH_MQTT_NOTHING};
  if (mqtt->state == CLOSED || mqtt->state == ENDING) {
    return mqtt->state == CLOSED ? UH_OK : UH_STATE;
  }
  if (mqtt->asked_at != 0 && now - mqtt->asked_at > ANSWER_TIME) {
    return UH_STALE;
  }
  uh_mqtt_pump(mqtt, now, event);
  const uint64_t interval = (uint64_t)mqtt->keep_alive * 1000;
  // A second early, as the packet has to arrive in time, too; and when nothing came, although we
  // wrote: a dead connection takes what is written for minutes.
  const uint64_t quiet_since = mqtt->written_at < mqtt->read_at ? mqtt->written_at : mqtt->read_at;
  if (mqtt->state == CONNECTED && interval > 0 && mqtt->asked_at == 0 &&
      now - quiet_since + 1000 >= interval && uh_mqtt_put_empty(mqtt, PINGREQ) == UH_OK) {
    mqtt->asked_at = now;
  }
  return UH_OK;
}

uh_status uh_mqtt_publish_now(uh_mqtt* mqtt, const char* topic, const uint8_t* payload, size_t size,
                              bool retained) {
  if (mqtt->state != CONNECTED) {
    return UH_STATE;
  }
  const uh_mqtt_message message = {.retained = retained,
                                   .topic = topic,
                                   .topic_size = strlen(topic),
                                   .payload = payload,
                                   .payload_size = size};
  return uh_mqtt_put_publish(mqtt, &message, 0, false);
}
