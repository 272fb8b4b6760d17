#include "exchange.h"

#include <esp_http_client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "uh/crypto.h"

#define TIMEOUT_MS 15000

static esp_err_t on_event(esp_http_client_event_t* event) {
  exchange_answer* answer = event->user_data;
  if (event->event_id == HTTP_EVENT_ON_HEADER &&
      strcasecmp(event->header_key, "Retry-After") == 0) {
    answer->retry_after = (uint32_t)strtoul(event->header_value, NULL, 10);
  }
  return ESP_OK;
}

// Reads the whole body; false when it does not fit.
static bool read_body(esp_http_client_handle_t client, uint8_t* body, size_t capacity,
                      size_t* size) {
  for (;;) {
    const int got = esp_http_client_read(client, (char*)body + *size, (int)(capacity - *size));
    if (got < 0) {
      return false;
    }
    *size += (size_t)got;
    if (got == 0 || esp_http_client_is_complete_data_received(client)) {
      return true;
    }
    if (*size == capacity) {
      return false;
    }
  }
}

// Without the binding of the connection, which esp_http_client keeps to itself.
static bool send(esp_http_client_handle_t client, uh_enrol* enrol, uh_enrol_wish wish) {
  uh_enrol_body body = {0};
  if (wish != UH_WISH_GET && uh_enrol_request(enrol, NULL, &body) != UH_OK) {
    return false;
  }
  const int size = (int)body.size;
  return esp_http_client_open(client, size) == ESP_OK &&
         (size == 0 || esp_http_client_write(client, body.text, size) == size) &&
         esp_http_client_fetch_headers(client) >= 0;
}

exchange_answer exchange_do(const settings* with, uh_enrol* enrol, const uh_enrol_exchange* wanted,
                            uint8_t* body, size_t capacity) {
  exchange_answer answer = {0};
  uint8_t key[MAX_KEY];
  size_t key_size = 0;
  char url[MAX_TEXT + 64];
  (void)snprintf(url, sizeof url, "https://%s/.well-known/est/%s", with->enrolment, wanted->path);
  esp_http_client_config_t config = {
      .url = url,
      .cert_pem = (const char*)with->ca,  // DER, as its length is given
      .cert_len = with->ca_size,
      .timeout_ms = TIMEOUT_MS,
      .event_handler = on_event,
      .user_data = &answer,
      .disable_auto_redirect = true,
      .method = wanted->wish == UH_WISH_GET ? HTTP_METHOD_GET : HTTP_METHOD_POST,
  };
  if (wanted->wish == UH_WISH_POST) {
    config.username = with->device;
    config.password = with->code;
    config.auth_type = HTTP_AUTH_TYPE_BASIC;
  } else if (wanted->wish == UH_WISH_POST_WITH_CERTIFICATE &&
             settings_read_key(enrol->slot, key, sizeof key, &key_size)) {
    config.client_cert_pem = (const char*)enrol->certificate.der;
    config.client_cert_len = enrol->certificate.size;
    config.client_key_pem = (const char*)key;
    config.client_key_len = key_size;
  }
  esp_http_client_handle_t client = esp_http_client_init(&config);
  if (client != NULL) {
    (void)esp_http_client_set_header(client, "Content-Type", "application/pkcs10");
    if (send(client, enrol, wanted->wish) && read_body(client, body, capacity, &answer.size)) {
      answer.status = esp_http_client_get_status_code(client);
    }
    (void)esp_http_client_cleanup(client);
  }
  uh_wipe(key, sizeof key);
  return answer;
}
