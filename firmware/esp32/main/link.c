#include "link.h"

#include <esp_log.h>
#include <esp_tls.h>
#include <string.h>

#include <sys/select.h>

#include "uh/backoff.h"
#include "uh/crypto.h"

#define MAX_IN 4096
#define MAX_OUT 4096
#define CONNECT_MS 15000
#define SETTLED_MS 5000
#define NOT_AUTHORIZED 0x87
#define ADMINISTRATIVE 0x98

static const char kTag[] = "link";

struct link_state {
  const settings* with;
  const uh_mqtt_settings* settings;
  link_on_message on_message;
  void* context;
  uh_mqtt mqtt;
  esp_tls_t* tls;
  uh_backoff backoff;
  uint64_t retry_at;
  uint64_t connected_at;
  bool rejected;
  uint8_t in[MAX_IN];
  uint8_t out[MAX_OUT];
};

static link_state the_link;

link_state* link_make(const settings* with, const uh_mqtt_settings* mqtt, uh_ring* ring,
                      link_on_message on_message, void* context) {
  the_link = (link_state){.with = with,
                          .settings = mqtt,
                          .on_message = on_message,
                          .context = context,
                          .backoff = {.least = 1000, .most = 300000}};
  uh_mqtt_init(&the_link.mqtt, mqtt, ring, the_link.in, sizeof the_link.in, the_link.out,
               sizeof the_link.out);
  return &the_link;
}

bool link_is_connected(const link_state* link) {
  return uh_mqtt_is_connected(&link->mqtt);
}

bool link_take_rejection(link_state* link) {
  const bool rejected = link->rejected;
  link->rejected = false;
  return rejected;
}

static bool write_out(link_state* link, uint64_t uptime) {
  const uint8_t* data;
  size_t size;
  while (uh_mqtt_output(&link->mqtt, &data, &size)) {
    const ssize_t done = esp_tls_conn_write(link->tls, data, size);
    if (done == ESP_TLS_ERR_SSL_WANT_READ || done == ESP_TLS_ERR_SSL_WANT_WRITE) {
      return true;
    }
    if (done <= 0) {
      return false;
    }
    uh_mqtt_sent(&link->mqtt, (size_t)done, uptime);
  }
  return true;
}

static void drop(link_state* link, uint64_t uptime) {
  if (link->tls != NULL) {
    (void)write_out(link, uptime);
    (void)esp_tls_conn_destroy(link->tls);
    link->tls = NULL;
  }
  uh_mqtt_disconnected(&link->mqtt);
  if (uptime - link->connected_at > SETTLED_MS) {
    uh_backoff_reset(&link->backoff);
  }
  link->retry_at = uptime + uh_backoff_next(&link->backoff);
}

void link_close(link_state* link) {
  if (link->tls != NULL) {
    uh_mqtt_disconnect(&link->mqtt);
    drop(link, link->connected_at);
  }
}

static void connect_now(link_state* link, const uh_enrol* enrol, uint64_t uptime) {
  static const char* kProtocols[] = {"mqtt", NULL};
  uint8_t key[MAX_KEY];
  size_t key_size = 0;
  if (!settings_read_key(enrol->slot, key, sizeof key, &key_size)) {
    link->retry_at = uptime + uh_backoff_next(&link->backoff);
    return;
  }
  const esp_tls_cfg_t config = {.alpn_protos = kProtocols,
                                .cacert_buf = link->with->ca,
                                .cacert_bytes = link->with->ca_size,
                                .clientcert_buf = enrol->certificate.der,
                                .clientcert_bytes = enrol->certificate.size,
                                .clientkey_buf = key,
                                .clientkey_bytes = key_size,
                                .timeout_ms = CONNECT_MS};
  link->tls = esp_tls_init();
  const bool connected = link->tls != NULL &&
                         esp_tls_conn_new_sync(link->with->broker, (int)strlen(link->with->broker),
                                               link->with->broker_port, &config, link->tls) == 1;
  uh_wipe(key, sizeof key);
  link->connected_at = uptime;
  if (!connected || uh_mqtt_connect(&link->mqtt, uptime) != UH_OK) {
    ESP_LOGW(kTag, "the broker is not reached");
    drop(link, uptime);
  }
}

static bool on_event(link_state* link, const uh_mqtt_event* event) {
  if (event->kind == UH_MQTT_MESSAGE) {
    return link->on_message(link->context, event) && uh_mqtt_acknowledge(&link->mqtt) == UH_OK;
  }
  if (event->kind == UH_MQTT_CLOSED) {
    link->rejected = event->reason == NOT_AUTHORIZED || event->reason == ADMINISTRATIVE;
    ESP_LOGW(kTag, "closed by the server: 0x%02x", event->reason);
  } else if (event->kind == UH_MQTT_REFUSED) {
    ESP_LOGW(kTag, "publication %u refused: 0x%02x", (unsigned)event->message, event->reason);
  }
  return true;
}

static bool take(link_state* link, const uint8_t* data, size_t size, uint64_t uptime) {
  for (;;) {
    uh_mqtt_event event;
    const uh_status status = uh_mqtt_receive(&link->mqtt, &data, &size, uptime, &event);
    if (status == UH_BUSY) {
      if (!write_out(link, uptime)) {
        return false;
      }
      continue;
    }
    if (status != UH_OK || !on_event(link, &event)) {
      return false;
    }
    if (event.kind == UH_MQTT_NOTHING) {
      return true;
    }
  }
}

// Waits for at most a second for something to read, unless TLS holds some already.
static bool is_readable(link_state* link) {
  int descriptor = -1;
  if (esp_tls_get_bytes_avail(link->tls) > 0) {
    return true;
  }
  if (esp_tls_get_conn_sockfd(link->tls, &descriptor) != ESP_OK) {
    return false;
  }
  fd_set descriptors;
  struct timeval second = {.tv_sec = 1};
  FD_ZERO(&descriptors);
  FD_SET(descriptor, &descriptors);
  return select(descriptor + 1, &descriptors, NULL, NULL, &second) > 0;
}

static bool exchange(link_state* link, uint64_t uptime) {
  uint8_t chunk[512];
  if (is_readable(link)) {
    const ssize_t got = esp_tls_conn_read(link->tls, chunk, sizeof chunk);
    const bool waits = got == ESP_TLS_ERR_SSL_WANT_READ || got == ESP_TLS_ERR_SSL_WANT_WRITE;
    if ((got <= 0 && !waits) || (got > 0 && !take(link, chunk, (size_t)got, uptime))) {
      return false;
    }
  }
  uh_mqtt_event event;
  do {
    if (uh_mqtt_tick(&link->mqtt, uptime, &event) != UH_OK || !on_event(link, &event)) {
      return false;
    }
  } while (event.kind != UH_MQTT_NOTHING);
  return write_out(link, uptime);
}

void link_step(link_state* link, const uh_enrol* enrol, uint64_t uptime) {
  if (link->tls == NULL && uptime >= link->retry_at) {
    connect_now(link, enrol, uptime);
  }
  if (link->tls != NULL && (!write_out(link, uptime) || !exchange(link, uptime))) {
    drop(link, uptime);
  }
}
