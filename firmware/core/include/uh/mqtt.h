// The device's side of MQTT 5.0, and of 3.1.1 where a server knows no other, without I/O and in
// fixed memory. Bytes go in and out, time is told, events come back. What is to be published waits
// in a ring log (uh/ring.h): it outlives connections and losses of power.
//
// A connection:
//   uh_mqtt_connect()            after TLS is up
//   uh_mqtt_output(), _sent()    whenever there is something to write
//   uh_mqtt_receive()            with what was read, until it is used up; each event is acted on
//                                before the next call, a message is answered by
//                                uh_mqtt_acknowledge()
//   uh_mqtt_tick()               at least each second, and after each uh_ring_append()
//   uh_mqtt_disconnected()       when the connection is gone, for whatever reason
// UH_BUSY means: write what there is to write, then go on. Any other status but UH_OK: write it,
// and close.
#ifndef UH_MQTT_H
#define UH_MQTT_H

#include "uh/ring.h"

// Messages of our own under way at once, and QoS 2 messages of the server whose release is awaited.
#define UH_MQTT_WINDOW 8u
#define UH_MQTT_MAX_FILTERS 8u

typedef struct uh_mqtt_filter {
  const char* filter;
  uint8_t qos;
} uh_mqtt_filter;

// Texts and filters belong to the caller and stay as long as the session.
typedef struct uh_mqtt_settings {
  const char* client_id;
  const char* user;         // null: none
  const char* password;     // null: none
  uint16_t keep_alive;      // seconds
  uint32_t session_expiry;  // seconds that the server keeps what comes while we are away
  const char* will_topic;   // null: none
  const uint8_t* will;
  uint16_t will_size;
  bool will_is_retained;
  const uh_mqtt_filter* filters;  // subscribed to with each connection
  uint8_t filter_count;
} uh_mqtt_settings;

typedef enum uh_mqtt_event_kind {
  UH_MQTT_NOTHING,     // all bytes were taken
  UH_MQTT_CONNECTED,   // `reason` is 0; `session_present`
  UH_MQTT_SUBSCRIBED,  // `refused`: bit i for filter i
  UH_MQTT_MESSAGE,    // topic, payload; they lie in the receive buffer and may be overwritten there
  UH_MQTT_DELIVERED,  // the server has taken message `message` of the ring
  UH_MQTT_REFUSED,    // it will not take it, for `reason`; the message is gone
  UH_MQTT_CLOSED,     // the server ends the connection for `reason`, or does not accept it
} uh_mqtt_event_kind;

typedef struct uh_mqtt_event {
  uh_mqtt_event_kind kind;
  uint8_t reason;
  bool session_present;
  uint8_t refused;
  uint32_t message;
  const char* topic;
  size_t topic_size;
  uint8_t* payload;
  size_t payload_size;
  uint8_t qos;
  bool retained;
} uh_mqtt_event;

typedef enum uh_flight_state {
  UH_FLIGHT_FREE = 0,
  UH_FLIGHT_SENT,      // awaits PUBACK or PUBREC
  UH_FLIGHT_RELEASED,  // awaits PUBCOMP
  UH_FLIGHT_OVER,      // waits for those before it
  UH_FLIGHT_LATER      // the server has no room now: sent again from `again` on
} uh_flight_state;

typedef struct uh_flight {
  uint8_t state;
  uint32_t message;
  uint64_t again;
} uh_flight;

typedef struct uh_mqtt {
  const uh_mqtt_settings* settings;
  uh_ring* ring;
  uint8_t* in;
  size_t in_capacity;
  size_t in_size;
  uint8_t* out;
  size_t out_capacity;
  size_t out_size;
  uint8_t state;
  uint8_t version;     // 5 or 4
  bool holds_message;  // until it is acknowledged
  uint8_t held_qos;
  uint16_t held_id;
  uint16_t keep_alive;
  uint64_t written_at;
  uint64_t read_at;
  uint64_t asked_at;  // when an answer began to be awaited; 0: none is
  uint32_t server_max_packet;
  uint16_t window;
  uint8_t server_max_qos;
  uint32_t next_message;  // of the ring, not sent on this connection
  uint32_t maybe_sent;    // messages below it may have been sent before
  uh_flight flights[UH_MQTT_WINDOW];
  uint16_t unreleased[UH_MQTT_WINDOW];  // packet identifiers of QoS 2; 0: free
} uh_mqtt;

// Buffers belong to the caller: `in` takes the largest packet that is accepted, `out` the largest
// that is sent. The ring may be null: then only uh_mqtt_publish_now() publishes.
void uh_mqtt_init(uh_mqtt* mqtt, const uh_mqtt_settings* settings, uh_ring* ring, uint8_t* in,
                  size_t in_capacity, uint8_t* out, size_t out_capacity);

// `now` is milliseconds since the device started. UH_NO_SPACE when CONNECT does not fit.
uh_status uh_mqtt_connect(uh_mqtt* mqtt, uint64_t now);
// Takes as many bytes as lead to one event; `data` and `size` move on. UH_MALFORMED, UH_NO_SPACE (a
// packet is larger than the buffer), UH_STATE (a packet that does not belong there, or a message
// was not acknowledged), UH_BUSY.
uh_status uh_mqtt_receive(uh_mqtt* mqtt, const uint8_t** data, size_t* size, uint64_t now,
                          uh_mqtt_event* event);
// The message of the last event has been acted on, or is refused for good: the server forgets it.
uh_status uh_mqtt_acknowledge(uh_mqtt* mqtt);
// Sends what the ring holds, and what keeps the connection alive. UH_STALE: the server is silent.
uh_status uh_mqtt_tick(uh_mqtt* mqtt, uint64_t now, uh_mqtt_event* event);
bool uh_mqtt_output(const uh_mqtt* mqtt, const uint8_t** data, size_t* size);
void uh_mqtt_sent(uh_mqtt* mqtt, size_t size, uint64_t now);
// QoS 0, past the ring. UH_STATE when there is no connection, UH_BUSY, UH_NO_SPACE.
uh_status uh_mqtt_publish_now(uh_mqtt* mqtt, const char* topic, const uint8_t* payload, size_t size,
                              bool retained);
// A last packet; the server does not send the will.
void uh_mqtt_disconnect(uh_mqtt* mqtt);
void uh_mqtt_disconnected(uh_mqtt* mqtt);
bool uh_mqtt_is_connected(const uh_mqtt* mqtt);

// What the ring holds for a publication: how, where, what.
typedef struct uh_mqtt_message {
  uint8_t qos;  // 1 or 2
  bool retained;
  bool sealed;  // for a device group: MQTT 5 says so as content type
  const char* topic;
  size_t topic_size;
  const uint8_t* payload;
  size_t payload_size;
} uh_mqtt_message;
#define UH_MQTT_ENTRY_OVERHEAD 3u
// UH_MALFORMED (topic with wildcards or without bytes), UH_NO_SPACE.
uh_status uh_mqtt_write_entry(const uh_mqtt_message* message, uint8_t* out, size_t capacity,
                              size_t* size);
// Writes and appends; `work` holds one entry.
uh_status uh_mqtt_enqueue(uh_ring* ring, const uh_mqtt_message* message, uint8_t* work,
                          size_t capacity);

#endif
