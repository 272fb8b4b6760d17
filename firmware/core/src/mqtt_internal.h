// Packets of MQTT 5.0 and 3.1.1 as a client writes and reads them. Sections are those of the MQTT
// Version 5.0 standard.
#ifndef UH_MQTT_INTERNAL_H
#define UH_MQTT_INTERNAL_H

#include "uh/bytes.h"
#include "uh/mqtt.h"

enum {
  CONNECT = 1,
  CONNACK = 2,
  PUBLISH = 3,
  PUBACK = 4,
  PUBREC = 5,
  PUBREL = 6,
  PUBCOMP = 7,
  SUBSCRIBE = 8,
  SUBACK = 9,
  PINGREQ = 12,
  PINGRESP = 13,
  DISCONNECT = 14
};

// The states of a session.
enum { CLOSED, CONNECTING, CONNECTED, ENDING };

#define ACK_ROOM 16u  // bytes, for the answers to one packet

#define REASON_PACKET_ID_NOT_FOUND 0x92
#define REASON_PROTOCOL_ERROR 0x82
#define REASON_UNSUPPORTED_VERSION 0x84
#define REASON_QUOTA_EXCEEDED 0x97
#define REASON_PACKET_TOO_LARGE 0x95

// Packet identifiers of publications follow from the number of the message, so that a message keeps
// its own when the device starts anew; those above are for subscriptions.
#define PUBLISH_IDS 60000u
#define SUBSCRIBE_ID 60001u
uint16_t uh_mqtt_id_of(uint32_t message);

// The remaining length (section 2.1.4): UH_BUSY when more bytes are needed, UH_MALFORMED.
uh_status uh_mqtt_read_length(const uint8_t* data, size_t size, uint32_t* length, size_t* used);
void uh_mqtt_put_length(uh_writer* out, uint32_t length);
size_t uh_mqtt_length_size(uint32_t length);
void uh_mqtt_put_text(uh_writer* out, const void* text, size_t size);

typedef struct uh_connack {
  bool session_present;
  uint8_t reason;
  uint8_t max_qos;
  uint16_t receive_maximum;
  uint32_t max_packet;
  bool has_keep_alive;
  uint16_t keep_alive;
} uh_connack;
// Each reads the body of a packet, behind its remaining length. UH_MALFORMED.
uh_status uh_mqtt_read_connack(uint8_t version, uh_reader body, uh_connack* out);
typedef struct uh_incoming {
  uint16_t id;  // 0 for QoS 0
  uint8_t qos;
  bool duplicate;
  bool retained;
  const char* topic;
  size_t topic_size;
  const uint8_t* payload;
  size_t payload_size;
} uh_incoming;
uh_status uh_mqtt_read_publish(uint8_t version, uint8_t flags, uh_reader body, uh_incoming* out);
// PUBACK, PUBREC, PUBREL, PUBCOMP: identifier and reason.
uh_status uh_mqtt_read_ack(uint8_t version, uh_reader body, uint16_t* id, uint8_t* reason);
uh_status uh_mqtt_read_suback(uint8_t version, uh_reader body, uint16_t* id, uint8_t filter_count,
                              uint8_t* refused);
uh_status uh_mqtt_read_disconnect(uint8_t version, uh_reader body, uint8_t* reason);

// Each appends one whole packet, or nothing: UH_BUSY when there is no room behind what waits to be
// written, UH_NO_SPACE when there never will be.
uh_status uh_mqtt_put_connect(uh_mqtt* mqtt);
uh_status uh_mqtt_put_subscribe(uh_mqtt* mqtt);
uh_status uh_mqtt_put_publish(uh_mqtt* mqtt, const uh_mqtt_message* message, uint16_t id,
                              bool duplicate);
uh_status uh_mqtt_put_ack(uh_mqtt* mqtt, uint8_t type, uint16_t id, uint8_t reason);
uh_status uh_mqtt_put_empty(uh_mqtt* mqtt, uint8_t type);
uh_status uh_mqtt_put_disconnect(uh_mqtt* mqtt, uint8_t reason);

// Sends what the ring holds and the server takes; at most one event.
void uh_mqtt_pump(uh_mqtt* mqtt, uint64_t now, uh_mqtt_event* event);
// PUBACK, PUBREC and PUBCOMP of a message of ours.
uh_status uh_mqtt_on_answer(uh_mqtt* mqtt, uint8_t type, uint16_t id, uint8_t reason, uint64_t now,
                            uh_mqtt_event* event);

uh_status uh_mqtt_read_entry(const uint8_t* entry, size_t size, uh_mqtt_message* message);

#endif
