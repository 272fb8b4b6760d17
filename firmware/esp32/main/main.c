// Starts, and goes round once a second: Wi-Fi, certificate, session, measurements, watchdog.
#include <esp_log.h>
#include <esp_system.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>

#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

#include "device.h"
#include "driver_relay.h"
#include "exchange.h"
#include "link.h"
#include "settings.h"
#include "update.h"
#include "wifi.h"

#define ROUND_MS 100
#define RESTART_AFTER_MS 3000
// An update that leaves the device without its broker: it starts anew, and with that rolls back.
#define TRIAL_MS (15u * 60u * 1000u)

static const char kTag[] = "unhidra";

static settings the_settings;

static uint64_t uptime_now(void) {
  return (uint64_t)esp_timer_get_time() / 1000;
}

// One exchange with the server, when one is due.
static void enrol_step(uh_enrol* enrol) {
  static uint8_t body[4096];
  uh_enrol_exchange wanted;
  const bool has_code = the_settings.code[0] != 0;
  if (uh_enrol_next(enrol, has_code, uptime_now(), &wanted) != UH_OK ||
      wanted.wish == UH_WISH_NOTHING) {
    return;
  }
  if (wanted.wish == UH_WISH_CODE) {
    ESP_LOGE(kTag, "a new one-time code is needed");
    enrol->wait_until = uptime_now() + 60000;
    return;
  }
  const exchange_answer answer = exchange_do(&the_settings, enrol, &wanted, body, sizeof body);
  if (answer.status == 0) {
    uh_enrol_failed(enrol, uptime_now());
    return;
  }
  const uh_status status = uh_enrol_answer(enrol, (uint16_t)answer.status, answer.retry_after, body,
                                           answer.size, uptime_now());
  ESP_LOGW(kTag, "%s: HTTP %d, status %d", wanted.path, answer.status, status);
  if (enrol->phase == UH_ENROL_HOLDS && has_code) {
    the_settings.code[0] = 0;
    settings_forget_code();
  }
}

static void run(device* self, link_state* link) {
  bool confirmed = false;
  for (;;) {
    (void)esp_task_wdt_reset();
    device_step(self, uptime_now());
    if (wifi_is_up()) {
      enrol_step(device_enrol(self));
      if (uh_enrol_has_certificate(device_enrol(self), uptime_now())) {
        link_step(link, device_enrol(self), uptime_now());
      }
    }
    if (link_take_rejection(link)) {
      // Perhaps a policy, perhaps for ever: the certificate is shown again, with growing pauses.
      ESP_LOGW(kTag, "the broker does not accept this device");
    }
    if (!confirmed && link_is_connected(link)) {
      update_confirm();
      confirmed = true;
    }
    if (!confirmed && update_is_on_trial() && uptime_now() > TRIAL_MS) {
      ESP_LOGE(kTag, "no broker with this update: rolling back");
      esp_restart();
    }
    if (device_wants_restart(self)) {
      vTaskDelay(pdMS_TO_TICKS(RESTART_AFTER_MS));
      link_close(link);
      esp_restart();
    }
    vTaskDelay(pdMS_TO_TICKS(ROUND_MS));
  }
}

void app_main(void) {
  relay_start();
  if (!settings_load(&the_settings)) {
    ESP_LOGE(kTag, "this device was not commissioned");
    return;
  }
  // The radio first: keys need its noise.
  if (!wifi_start(&the_settings) || !settings_make_keys(&the_settings)) {
    ESP_LOGE(kTag, "Wi-Fi or storage does not start");
    esp_restart();
  }
  device* self = device_open(&the_settings);
  if (self == NULL) {
    ESP_LOGE(kTag, "what is in flash is damaged");
    return;
  }
  link_state* link =
      link_make(&the_settings, device_mqtt(self), device_ring(self), device_on_message, self);
  (void)esp_task_wdt_add(NULL);
  run(self, link);
}
