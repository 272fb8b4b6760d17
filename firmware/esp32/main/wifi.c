#include "wifi.h"

#include <esp_event.h>
#include <esp_netif.h>
#include <esp_timer.h>
#include <esp_wifi.h>
#include <stdatomic.h>
#include <string.h>

#include "uh/backoff.h"

static atomic_bool is_up;
static uh_backoff backoff = {.least = 500, .most = 60000};
static esp_timer_handle_t retry;

static void on_retry(void* context) {
  (void)context;
  (void)esp_wifi_connect();
}

static void on_event(void* context, esp_event_base_t base, int32_t id, void* data) {
  (void)context;
  (void)data;
  if (base == WIFI_EVENT && id == WIFI_EVENT_STA_START) {
    (void)esp_wifi_connect();
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_STA_DISCONNECTED) {
    atomic_store(&is_up, false);
    (void)esp_timer_start_once(retry, (uint64_t)uh_backoff_next(&backoff) * 1000);
  } else if (base == IP_EVENT && id == IP_EVENT_STA_GOT_IP) {
    uh_backoff_reset(&backoff);
    atomic_store(&is_up, true);
  }
}

bool wifi_is_up(void) {
  return atomic_load(&is_up);
}

bool wifi_start(const settings* with) {
  const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
  const esp_timer_create_args_t timer = {.callback = on_retry, .name = "wifi"};
  wifi_config_t config = {.sta = {.threshold.authmode = WIFI_AUTH_WPA2_PSK,
                                  .pmf_cfg = {.capable = true, .required = false}}};
  memcpy(config.sta.ssid, with->ssid, strnlen(with->ssid, sizeof config.sta.ssid));
  memcpy(config.sta.password, with->password, strnlen(with->password, sizeof config.sta.password));
  if (esp_netif_init() != ESP_OK || esp_event_loop_create_default() != ESP_OK ||
      esp_netif_create_default_wifi_sta() == NULL || esp_wifi_init(&init) != ESP_OK ||
      esp_timer_create(&timer, &retry) != ESP_OK) {
    return false;
  }
  return esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_event, NULL) == ESP_OK &&
         esp_event_handler_register(IP_EVENT, IP_EVENT_STA_GOT_IP, on_event, NULL) == ESP_OK &&
         esp_wifi_set_storage(WIFI_STORAGE_RAM) == ESP_OK &&
         esp_wifi_set_mode(WIFI_MODE_STA) == ESP_OK &&
         esp_wifi_set_config(WIFI_IF_STA, &config) == ESP_OK && esp_wifi_start() == ESP_OK;
}
