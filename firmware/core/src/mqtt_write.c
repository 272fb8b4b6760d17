#include <string.h>

#include "mqtt_internal.h"

#define CONTENT_TYPE "application/unhidra-udg"
#define FLAG_RETAINED 0x04
#define FLAG_SEALED 0x08

#define SESSION_EXPIRY 0x11
#define RECEIVE_MAXIMUM 0x21
#define MAXIMUM_PACKET 0x27
#define CONTENT_TYPE_PROPERTY 0x03

void uh_mqtt_put_length(uh_writer* out, uint32_t length) {
  do {
    const uint32_t more = length > 0x7f ? 0x80 : 0;
    uh_put_integer(out, (length & 0x7f) | more, 1);
    length >>= 7;
  } while (length > 0);
}

size_t uh_mqtt_length_size(uint32_t length) {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : 4;
}

void uh_mqtt_put_text(uh_writer* out, const void* text, size_t size) {
  uh_put_integer(out, size, 2);
  uh_put(out, text, size);
}

// Begins a packet behind what waits to be written.
static uh_status begin(uh_mqtt* mqtt, uint8_t first, size_t body_size, uh_writer* out) {
  if (body_size > 0xfffffff ||
      1 + uh_mqtt_length_size((uint32_t)body_size) + body_size > mqtt->out_capacity) {
    return UH_NO_SPACE;
  }
  const size_t size = 1 + uh_mqtt_length_size((uint32_t)body_size) + body_size;
  if (size > mqtt->out_capacity - mqtt->out_size) {
    return UH_BUSY;
  }
  *out = uh_write_to(mqtt->out + mqtt->out_size, size);
  uh_put_integer(out, first, 1);
  uh_mqtt_put_length(out, (uint32_t)body_size);
  return UH_OK;
}

static uh_status end(uh_mqtt* mqtt, const uh_writer* out) {
  mqtt->out_size += out->used;
  return UH_OK;
}

static size_t text_size(const char* text) {
  return text == NULL ? 0 : 2 + strlen(text);
}

// Section 3.1.
uh_status uh_mqtt_put_connect(uh_mqtt* mqtt) {
  const uh_mqtt_settings* with = mqtt->settings;
  const bool five = mqtt->version >= 5;
  const uint32_t properties = 5 + 3 + 5;
  const bool has_will = with->will_topic != NULL;
  size_t size = 6 + 1 + 1 + 2 + text_size(with->client_id) + text_size(with->user) +
                text_size(with->password) + (five ? 1 + properties : 0);
  if (has_will) {
    size += (five ? 1 : 0) + text_size(with->will_topic) + 2 + with->will_size;
  }
  uh_writer out;
  const uh_status status = begin(mqtt, CONNECT << 4, size, &out);
  if (status != UH_OK) {
    return status;
  }
  const unsigned flags = (with->user != NULL ? 0x80u : 0u) | (with->password != NULL ? 0x40u : 0u) |
                         (has_will ? 0x04u | 1u << 3 : 0u) |
                         (has_will && with->will_is_retained ? 0x20u : 0u);
  uh_mqtt_put_text(&out, "MQTT", 4);
  uh_put_integer(&out, mqtt->version, 1);
  uh_put_integer(&out, flags, 1);
  uh_put_integer(&out, with->keep_alive, 2);
  if (five) {
    uh_mqtt_put_length(&out, properties);
    uh_put_integer(&out, SESSION_EXPIRY, 1);
    uh_put_integer(&out, with->session_expiry, 4);
    uh_put_integer(&out, RECEIVE_MAXIMUM, 1);
    uh_put_integer(&out, UH_MQTT_WINDOW, 2);
    uh_put_integer(&out, MAXIMUM_PACKET, 1);
    uh_put_integer(&out, mqtt->in_capacity, 4);
  }
  uh_mqtt_put_text(&out, with->client_id, strlen(with->client_id));
  if (has_will) {
    if (five) {
      uh_mqtt_put_length(&out, 0);
    }
    uh_mqtt_put_text(&out, with->will_topic, strlen(with->will_topic));
    uh_mqtt_put_text(&out, with->will, with->will_size);
  }
  if (with->user != NULL) {
    uh_mqtt_put_text(&out, with->user, strlen(with->user));
  }
  if (with->password != NULL) {
    uh_mqtt_put_text(&out, with->password, strlen(with->password));
  }
  return end(mqtt, &out);
}

// Section 3.8: retained messages come with a subscription that is new, not with each connection.
uh_status uh_mqtt_put_subscribe(uh_mqtt* mqtt) {
  const uh_mqtt_settings* with = mqtt->settings;
  const bool five = mqtt->version >= 5;
  size_t size = 2 + (five ? 1 : 0);
  for (uint8_t i = 0; i < with->filter_count; ++i) {
    size += text_size(with->filters[i].filter) + 1;
  }
  uh_writer out;
  const uh_status status = begin(mqtt, SUBSCRIBE << 4 | 2, size, &out);
  if (status != UH_OK) {
    return status;
  }
  uh_put_integer(&out, SUBSCRIBE_ID, 2);
  if (five) {
    uh_mqtt_put_length(&out, 0);
  }
  for (uint8_t i = 0; i < with->filter_count; ++i) {
    const uh_mqtt_filter* one = &with->filters[i];
    uh_mqtt_put_text(&out, one->filter, strlen(one->filter));
    // Version 3.1.1 has no bound on QoS 2 under way that the server would keep to.
    uh_put_integer(&out, five ? one->qos | 1u << 4 : one->qos != 0, 1);
  }
  return end(mqtt, &out);
}

// Section 3.3.
uh_status uh_mqtt_put_publish(uh_mqtt* mqtt, const uh_mqtt_message* message, uint16_t id,
                              bool duplicate) {
  const bool five = mqtt->version >= 5;
  const size_t type_size = sizeof CONTENT_TYPE - 1;
  const size_t properties = five && message->sealed ? 1 + 2 + type_size : 0;
  const size_t size = 2 + message->topic_size + (message->qos > 0 ? 2 : 0) +
                      (five ? 1 + properties : 0) + message->payload_size;
  const size_t packet = 1 + 4 + size;
  if (packet > mqtt->server_max_packet) {
    return UH_NO_SPACE;
  }
  const unsigned first = PUBLISH << 4 | (duplicate ? 8u : 0u) | (unsigned)message->qos << 1 |
                         (message->retained ? 1u : 0u);
  uh_writer out;
  const uh_status status = begin(mqtt, (uint8_t)first, size, &out);
  if (status != UH_OK) {
    return status;
  }
  uh_mqtt_put_text(&out, message->topic, message->topic_size);
  if (message->qos > 0) {
    uh_put_integer(&out, id, 2);
  }
  if (five) {
    uh_mqtt_put_length(&out, (uint32_t)properties);
    if (properties > 0) {
      uh_put_integer(&out, CONTENT_TYPE_PROPERTY, 1);
      uh_mqtt_put_text(&out, CONTENT_TYPE, type_size);
    }
  }
  uh_put(&out, message->payload, message->payload_size);
  return end(mqtt, &out);
}

uh_status uh_mqtt_put_ack(uh_mqtt* mqtt, uint8_t type, uint16_t id, uint8_t reason) {
  const bool says_why = mqtt->version >= 5 && reason != 0;
  uh_writer out;
  const uh_status status =
      begin(mqtt, (uint8_t)(type << 4 | (type == PUBREL ? 2 : 0)), says_why ? 3 : 2, &out);
  if (status != UH_OK) {
    return status;
  }
  uh_put_integer(&out, id, 2);
  if (says_why) {
    uh_put_integer(&out, reason, 1);
  }
  return end(mqtt, &out);
}

uh_status uh_mqtt_put_empty(uh_mqtt* mqtt, uint8_t type) {
  uh_writer out;
  const uh_status status = begin(mqtt, (uint8_t)(type << 4), 0, &out);
  return status == UH_OK ? end(mqtt, &out) : status;
}

uh_status uh_mqtt_put_disconnect(uh_mqtt* mqtt, uint8_t reason) {
  if (mqtt->version < 5 || reason == 0) {
    return uh_mqtt_put_empty(mqtt, DISCONNECT);
  }
  uh_writer out;
  const uh_status status = begin(mqtt, DISCONNECT << 4, 1, &out);
  if (status != UH_OK) {
    return status;
  }
  uh_put_integer(&out, reason, 1);
  return end(mqtt, &out);
}

// ---- entries of the ring ----

uh_status uh_mqtt_write_entry(const uh_mqtt_message* message, uint8_t* out, size_t capacity,
                              size_t* size) {
  if (message->topic_size == 0 || message->topic_size > 0xffff || message->qos == 0 ||
      message->qos > 2 || memchr(message->topic, '+', message->topic_size) != NULL ||
      memchr(message->topic, '#', message->topic_size) != NULL) {
    return UH_MALFORMED;
  }
  uh_writer writer = uh_write_to(out, capacity);
  uh_put_integer(&writer,
                 message->qos | (message->retained ? FLAG_RETAINED : 0u) |
                     (message->sealed ? FLAG_SEALED : 0u),
                 1);
  uh_mqtt_put_text(&writer, message->topic, message->topic_size);
  uh_put(&writer, message->payload, message->payload_size);
  *size = writer.used;
  return writer.failed ? UH_NO_SPACE : UH_OK;
}

uh_status uh_mqtt_read_entry(const uint8_t* entry, size_t size, uh_mqtt_message* message) {
  uh_reader in = uh_read_from(entry, size);
  const uint8_t flags = (uint8_t)uh_take_integer(&in, 1);
  message->qos = flags & 3;
  message->retained = (flags & FLAG_RETAINED) != 0;
  message->sealed = (flags & FLAG_SEALED) != 0;
  message->topic_size = (size_t)uh_take_integer(&in, 2);
  message->topic = (const char*)uh_take(&in, message->topic_size);
  message->payload = in.at;
  message->payload_size = in.left;
  return in.failed || message->qos == 0 || message->qos > 2 ? UH_CORRUPT : UH_OK;
}

uh_status uh_mqtt_enqueue(uh_ring* ring, const uh_mqtt_message* message, uint8_t* work,
                          size_t capacity) {
  size_t size = 0;
  const uh_status status = uh_mqtt_write_entry(message, work, capacity, &size);
  return status == UH_OK ? uh_ring_append(ring, work, size) : status;
}
