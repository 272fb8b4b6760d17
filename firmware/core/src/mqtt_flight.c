// What is on its way to the server: messages of the ring, in order, as many as it takes at once.
#include "mqtt_internal.h"

#define LATER_TIME 10000u  // milliseconds that a message waits which the server had no room for
#define PUBLISH_HEAD 48u   // most that a PUBLISH has before its payload, beside the topic

static bool before(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) < 0;
}

static uh_flight* flight_of(uh_mqtt* mqtt, uint32_t message) {
  uh_flight* flight = &mqtt->flights[message % UH_MQTT_WINDOW];
  if (flight->state != UH_FLIGHT_FREE && flight->message != message) {
    flight->state = UH_FLIGHT_FREE;  // one that was done or overwritten
  }
  flight->message = message;
  return flight;
}

// Messages that are over make room, in order.
static void settle(uh_mqtt* mqtt) {
  while (before(mqtt->ring->first, mqtt->next_message)) {
    uh_flight* flight = flight_of(mqtt, mqtt->ring->first);
    if (flight->state != UH_FLIGHT_OVER) {
      return;
    }
    flight->state = UH_FLIGHT_FREE;
    uh_ring_done(mqtt->ring, mqtt->ring->first);
  }
}

static void give_up(uh_mqtt* mqtt, uint32_t message, uint8_t reason, uh_mqtt_event* event) {
  flight_of(mqtt, message)->state = UH_FLIGHT_OVER;
  *event = (uh_mqtt_event){.kind = UH_MQTT_REFUSED, .reason = reason, .message = message};
}

// Puts the PUBLISH of a message behind what waits to be written. The entry is read to where the
// packet will come to lie, far enough behind its beginning not to be written over.
static uh_status send_message(uh_mqtt* mqtt, uint32_t message, bool duplicate,
                              uh_mqtt_event* event) {
  const size_t room = mqtt->out_capacity - mqtt->out_size;
  if (room < PUBLISH_HEAD + ACK_ROOM) {
    return UH_BUSY;
  }
  uint8_t* entry = mqtt->out + mqtt->out_size + PUBLISH_HEAD;
  size_t size = 0;
  uh_mqtt_message content;
  uh_status status =
      uh_ring_read(mqtt->ring, message, entry, room - PUBLISH_HEAD - ACK_ROOM, &size);
  if (status == UH_NO_SPACE && mqtt->out_size > 0) {
    return UH_BUSY;
  }
  if (status == UH_OK) {
    status = uh_mqtt_read_entry(entry, size, &content);
  }
  if (status == UH_OK) {
    content.qos = content.qos > mqtt->server_max_qos ? mqtt->server_max_qos : content.qos;
    status = uh_mqtt_put_publish(mqtt, &content, uh_mqtt_id_of(message), duplicate);
  }
  if (status == UH_BUSY) {
    return UH_BUSY;
  }
  if (status == UH_OK) {
    flight_of(mqtt, message)->state = content.qos == 0 ? UH_FLIGHT_OVER : UH_FLIGHT_SENT;
  } else if (status == UH_NO_SPACE) {
    give_up(mqtt, message, REASON_PACKET_TOO_LARGE, event);
  } else {
    ++mqtt->ring->lost;  // flash does not give it back
    flight_of(mqtt, message)->state = UH_FLIGHT_OVER;
  }
  return UH_OK;
}

static uh_status send_next(uh_mqtt* mqtt, uh_mqtt_event* event) {
  const uint32_t message = mqtt->next_message;
  const uh_flight* flight = flight_of(mqtt, message);
  uh_status status = UH_OK;
  if (flight->state == UH_FLIGHT_RELEASED) {
    status = uh_mqtt_put_ack(mqtt, PUBREL, uh_mqtt_id_of(message), 0);
  } else if (flight->state != UH_FLIGHT_OVER) {
    status = send_message(mqtt, message, before(message, mqtt->maybe_sent), event);
  }
  if (status == UH_OK) {
    ++mqtt->next_message;
    if (before(mqtt->maybe_sent, mqtt->next_message)) {
      mqtt->maybe_sent = mqtt->next_message;
    }
  }
  return status;
}

static void send_again(uh_mqtt* mqtt, uint64_t now, uh_mqtt_event* event) {
  for (uint32_t message = mqtt->ring->first;
       before(message, mqtt->next_message) && event->kind == UH_MQTT_NOTHING; ++message) {
    const uh_flight* flight = flight_of(mqtt, message);
    if (flight->state == UH_FLIGHT_LATER && now >= flight->again &&
        send_message(mqtt, message, false, event) != UH_OK) {
      return;
    }
  }
}

void uh_mqtt_pump(uh_mqtt* mqtt, uint64_t now, uh_mqtt_event* event) {
  if (mqtt->ring == NULL || mqtt->state != CONNECTED) {
    return;
  }
  if (before(mqtt->next_message, mqtt->ring->first)) {
    mqtt->next_message = mqtt->ring->first;  // those before were overwritten
  }
  settle(mqtt);
  send_again(mqtt, now, event);
  while (event->kind == UH_MQTT_NOTHING && before(mqtt->next_message, mqtt->ring->next) &&
         mqtt->next_message - mqtt->ring->first < mqtt->window && send_next(mqtt, event) == UH_OK) {
    settle(mqtt);
  }
}

static uh_flight* find_flight(uh_mqtt* mqtt, uint16_t id) {
  for (uint32_t i = mqtt->ring == NULL ? mqtt->next_message : mqtt->ring->first;
       before(i, mqtt->next_message); ++i) {
    if (uh_mqtt_id_of(i) == id) {
      return flight_of(mqtt, i);
    }
  }
  return NULL;
}

uh_status uh_mqtt_on_answer(uh_mqtt* mqtt, uint8_t type, uint16_t id, uint8_t reason, uint64_t now,
                            uh_mqtt_event* event) {
  uh_flight* flight = find_flight(mqtt, id);
  const uint8_t expected = type == PUBCOMP ? UH_FLIGHT_RELEASED : UH_FLIGHT_SENT;
  if (flight == NULL || flight->state != expected) {
    // What was overwritten meanwhile may still be answered (section 4.3.3: also when unknown).
    return type == PUBREC ? uh_mqtt_put_ack(mqtt, PUBREL, id, REASON_PACKET_ID_NOT_FOUND) : UH_OK;
  }
  const uint32_t message = flight->message;
  if (type == PUBREC && reason < 0x80) {
    flight->state = UH_FLIGHT_RELEASED;
    return uh_mqtt_put_ack(mqtt, PUBREL, id, 0);
  }
  if (type != PUBCOMP && reason == REASON_QUOTA_EXCEEDED) {
    flight->state = UH_FLIGHT_LATER;
    flight->again = now + LATER_TIME;
    return UH_OK;
  }
  if (type != PUBCOMP && reason >= 0x80) {
    give_up(mqtt, message, reason, event);
  } else {
    flight->state = UH_FLIGHT_OVER;
    *event = (uh_mqtt_event){.kind = UH_MQTT_DELIVERED, .reason = reason, .message = message};
  }
  settle(mqtt);
  return UH_OK;
}
