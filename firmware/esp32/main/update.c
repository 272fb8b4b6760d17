#include "update.h"

#include <esp_http_client.h>
#include <esp_https_ota.h>
#include <esp_ota_ops.h>
#include <esp_task_wdt.h>
#include <stdio.h>

#define TIMEOUT_MS 30000

bool update_fetch(const settings* with, const char* path) {
  char url[MAX_TEXT + 160];
  const int size = snprintf(url, sizeof url, "https://%s%s", with->enrolment, path);
  if (path[0] != '/' || size < 0 || (size_t)size >= sizeof url) {
    return false;
  }
  const esp_http_client_config_t http = {.url = url,
                                         .cert_pem = (const char*)with->ca,
                                         .cert_len = with->ca_size,
                                         .timeout_ms = TIMEOUT_MS,
                                         .disable_auto_redirect = true};
  const esp_https_ota_config_t config = {.http_config = &http};
  esp_https_ota_handle_t update = NULL;
  if (esp_https_ota_begin(&config, &update) != ESP_OK) {
    return false;
  }
  esp_err_t status;
  while ((status = esp_https_ota_perform(update)) == ESP_ERR_HTTPS_OTA_IN_PROGRESS) {
    (void)esp_task_wdt_reset();
  }
  if (status != ESP_OK || !esp_https_ota_is_complete_data_received(update)) {
    (void)esp_https_ota_abort(update);
    return false;
  }
  // Checks the signature, and that the image is not older than what is burnt into the fuses.
  return esp_https_ota_finish(update) == ESP_OK;
}

bool update_is_on_trial(void) {
  esp_ota_img_states_t state;
  return esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) == ESP_OK &&
         state == ESP_OTA_IMG_PENDING_VERIFY;
}

void update_confirm(void) {
  (void)esp_ota_mark_app_valid_cancel_rollback();
}
