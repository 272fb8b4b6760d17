#include <string.h>

#include "mqtt_internal.h"

#define MAX_PROPERTY 0x2a

// Section 2.2.2.2: how each property is written. 0: there is none of this number.
enum { NONE, BYTE, TWO_BYTES, FOUR_BYTES, VARIABLE, TEXT, PAIR };
static const uint8_t kForms[MAX_PROPERTY + 1] = {
    [0x01] = BYTE,       [0x02] = FOUR_BYTES, [0x03] = TEXT,       [0x08] = TEXT,
    [0x09] = TEXT,       [0x0b] = VARIABLE,   [0x11] = FOUR_BYTES, [0x12] = TEXT,
    [0x13] = TWO_BYTES,  [0x15] = TEXT,       [0x16] = TEXT,       [0x17] = BYTE,
    [0x18] = FOUR_BYTES, [0x19] = BYTE,       [0x1a] = TEXT,       [0x1c] = TEXT,
    [0x1f] = TEXT,       [0x21] = TWO_BYTES,  [0x22] = TWO_BYTES,  [0x23] = TWO_BYTES,
    [0x24] = BYTE,       [0x25] = BYTE,       [0x26] = PAIR,       [0x27] = FOUR_BYTES,
    [0x28] = BYTE,       [0x29] = BYTE,       [0x2a] = BYTE};

#define RECEIVE_MAXIMUM 0x21
#define TOPIC_ALIAS 0x23
#define MAXIMUM_QOS 0x24
#define MAXIMUM_PACKET 0x27
#define SERVER_KEEP_ALIVE 0x13

uint16_t uh_mqtt_id_of(uint32_t message) {
  return (uint16_t)(message % PUBLISH_IDS + 1);
}

uh_status uh_mqtt_read_length(const uint8_t* data, size_t size, uint32_t* length, size_t* used) {
  *length = 0;
  for (size_t i = 0; i < 4; ++i) {
    if (i == size) {
      return UH_BUSY;
    }
    *length |= (uint32_t)(data[i] & 0x7f) << (7 * i);
    if (data[i] < 0x80) {
      *used = i + 1;
      return i > 0 && data[i] == 0 ? UH_MALFORMED : UH_OK;
    }
  }
  return UH_MALFORMED;
}

static uint32_t take_length(uh_reader* in) {
  uint32_t length = 0;
  size_t used = 0;
  if (in->failed || uh_mqtt_read_length(in->at, in->left, &length, &used) != UH_OK) {
    in->failed = true;
    return 0;
  }
  (void)uh_take(in, used);
  return length;
}

static void skip_text(uh_reader* in) {
  (void)uh_take(in, (size_t)uh_take_integer(in, 2));
}

// One property: its number, and its value where that is a number. 0 at the end.
static uint8_t take_property(uh_reader* in, uint32_t* value) {
  *value = 0;
  if (in->failed || in->left == 0) {
    return 0;
  }
  const uint8_t number = (uint8_t)uh_take_integer(in, 1);
  switch (number <= MAX_PROPERTY ? kForms[number] : NONE) {
    case BYTE:
      *value = (uint32_t)uh_take_integer(in, 1);
      break;
    case TWO_BYTES:
      *value = (uint32_t)uh_take_integer(in, 2);
      break;
    case FOUR_BYTES:
      *value = (uint32_t)uh_take_integer(in, 4);
      break;
    case VARIABLE:
      *value = take_length(in);
      break;
    case PAIR:
      skip_text(in);
      skip_text(in);
      break;
    case TEXT:
      skip_text(in);
      break;
    default:
      in->failed = true;
  }
  return in->failed ? 0 : number;
}

static uh_reader take_properties(uh_reader* in) {
  const uint32_t size = take_length(in);
  const uint8_t* at = uh_take(in, size);
  return uh_read_from(at, at == NULL ? 0 : size);
}

static uh_status skip_properties(uh_reader* in) {
  uh_reader properties = take_properties(in);
  uint32_t value;
  while (take_property(&properties, &value) != 0) {
  }
  return in->failed || properties.failed ? UH_MALFORMED : UH_OK;
}

uh_status uh_mqtt_read_connack(uint8_t version, uh_reader body, uh_connack* out) {
  *out = (uh_connack){.max_qos = 2, .receive_maximum = 65535, .max_packet = UINT32_MAX};
  const uint64_t flags = uh_take_integer(&body, 1);
  out->session_present = flags == 1;
  out->reason = (uint8_t)uh_take_integer(&body, 1);
  if (body.failed || flags > 1) {
    return UH_MALFORMED;
  }
  // A server of 3.1.1 alone answers in its own way: without properties.
  if (version < 5 || body.left == 0) {
    return body.left == 0 ? UH_OK : UH_MALFORMED;
  }
  uh_reader properties = take_properties(&body);
  uint32_t value;
  for (uint8_t number; (number = take_property(&properties, &value)) != 0;) {
    if (number == RECEIVE_MAXIMUM) {
      out->receive_maximum = (uint16_t)value;
    } else if (number == MAXIMUM_QOS) {
      out->max_qos = (uint8_t)value;
    } else if (number == MAXIMUM_PACKET) {
      out->max_packet = value;
    } else if (number == SERVER_KEEP_ALIVE) {
      out->has_keep_alive = true;
      out->keep_alive = (uint16_t)value;
    }
  }
  const bool is_sound = uh_read_all(&body) && !properties.failed && out->receive_maximum != 0 &&
                        out->max_packet != 0 && out->max_qos <= 2;
  return is_sound ? UH_OK : UH_MALFORMED;
}

uh_status uh_mqtt_read_publish(uint8_t version, uint8_t flags, uh_reader body, uh_incoming* out) {
  *out = (uh_incoming){
      .qos = flags >> 1 & 3, .duplicate = (flags & 8) != 0, .retained = (flags & 1) != 0};
  out->topic_size = (size_t)uh_take_integer(&body, 2);
  out->topic = (const char*)uh_take(&body, out->topic_size);
  if (out->qos > 0) {
    out->id = (uint16_t)uh_take_integer(&body, 2);
  }
  if (body.failed || out->qos > 2 || (out->qos > 0 && out->id == 0) || out->topic_size == 0 ||
      (out->qos == 0 && out->duplicate) || memchr(out->topic, 0, out->topic_size) != NULL) {
    return UH_MALFORMED;
  }
  if (version >= 5) {
    uh_reader properties = take_properties(&body);
    uint32_t value;
    for (uint8_t number; (number = take_property(&properties, &value)) != 0;) {
      // None was allowed in CONNECT (section 3.1.2.11.5).
      if (number == TOPIC_ALIAS) {
        return UH_MALFORMED;
      }
    }
    if (body.failed || properties.failed) {
      return UH_MALFORMED;
    }
  }
  out->payload = body.at;
  out->payload_size = body.left;
  return UH_OK;
}

uh_status uh_mqtt_read_ack(uint8_t version, uh_reader body, uint16_t* id, uint8_t* reason) {
  *id = (uint16_t)uh_take_integer(&body, 2);
  *reason = 0;
  if (body.failed || *id == 0 || (version < 5 && body.left > 0)) {
    return UH_MALFORMED;
  }
  if (body.left > 0) {
    *reason = (uint8_t)uh_take_integer(&body, 1);
  }
  if (body.left > 0 && skip_properties(&body) != UH_OK) {
    return UH_MALFORMED;
  }
  return uh_read_all(&body) ? UH_OK : UH_MALFORMED;
}

uh_status uh_mqtt_read_suback(uint8_t version, uh_reader body, uint16_t* id, uint8_t filter_count,
                              uint8_t* refused) {
  *id = (uint16_t)uh_take_integer(&body, 2);
  *refused = 0;
  if (body.failed || (version >= 5 && skip_properties(&body) != UH_OK) ||
      body.left != filter_count) {
    return UH_MALFORMED;
  }
  for (uint8_t i = 0; i < filter_count; ++i) {
    if (uh_take_integer(&body, 1) >= 0x80) {
      *refused |= (uint8_t)(1u << i);
    }
  }
  return UH_OK;
}

uh_status uh_mqtt_read_disconnect(uint8_t version, uh_reader body, uint8_t* reason) {
  *reason = 0;
  if (version < 5) {
    return UH_MALFORMED;  // a server of 3.1.1 has no such packet
  }
  if (body.left > 0) {
    *reason = (uint8_t)uh_take_integer(&body, 1);
  }
  if (body.left > 0 && skip_properties(&body) != UH_OK) {
    return UH_MALFORMED;
  }
  return uh_read_all(&body) ? UH_OK : UH_MALFORMED;
}
