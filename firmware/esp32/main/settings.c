#include "settings.h"

#include <esp_log.h>
#include <nvs.h>
#include <nvs_flash.h>
#include <stdio.h>
#include <string.h>

#include "uh/crypto.h"

#define SPACE "unhidra"
#define DEFAULT_BROKER_PORT 8883

static nvs_handle_t store;

static bool read_text(const char* name, char* out, size_t capacity) {
  size_t size = capacity;
  out[0] = 0;
  return nvs_get_str(store, name, out, &size) == ESP_OK && out[0] != 0;
}

bool settings_read_blob(const char* name, uint8_t* out, size_t capacity, size_t* size) {
  *size = capacity;
  return nvs_get_blob(store, name, out, size) == ESP_OK;
}

// Made on the device, after the radio is on: before that its generator gives no randomness.
static bool make_seed(const char* name, uint8_t seed[32]) {
  size_t size = 0;
  if (settings_read_blob(name, seed, 32, &size) && size == 32) {
    return true;
  }
  uh_random(seed, 32);
  return nvs_set_blob(store, name, seed, 32) == ESP_OK && nvs_commit(store) == ESP_OK;
}

bool settings_load(settings* out) {
  memset(out, 0, sizeof *out);
  // With CONFIG_NVS_ENCRYPTION this makes or reads the keys in `nvs_keys`, too.
  if (nvs_flash_init() != ESP_OK || nvs_open(SPACE, NVS_READWRITE, &store) != ESP_OK) {
    return false;
  }
  int32_t port = DEFAULT_BROKER_PORT;
  (void)nvs_get_i32(store, "broker_port", &port);
  out->broker_port = (int)port;
  (void)read_text("code", out->code, sizeof out->code);
  (void)read_text("password", out->password, sizeof out->password);
  return read_text("ssid", out->ssid, sizeof out->ssid) &&
         read_text("device", out->device, sizeof out->device) &&
         read_text("enrolment", out->enrolment, sizeof out->enrolment) &&
         read_text("broker", out->broker, sizeof out->broker) &&
         settings_read_blob("ca", out->ca, sizeof out->ca, &out->ca_size);
}

static void print_hex(const uint8_t key[32]) {
  for (size_t i = 0; i < 32; ++i) {
    (void)printf("%02x", key[i]);
  }
}

bool settings_make_keys(settings* with) {
  uint8_t identity[32];
  uint8_t signing[32];
  if (!make_seed("signing", with->signing_seed) || !make_seed("identity", with->identity_key)) {
    return false;
  }
  // For the owner, who makes the device a member with them; the line that `unhidra-device keys`
  // has.
  uh_x25519_base(identity, with->identity_key);
  uh_ed25519_public(signing, with->signing_seed);
  (void)printf("{\"device\":\"%s\",\"identity\":\"", with->device);
  print_hex(identity);
  (void)printf("\",\"signing\":\"");
  print_hex(signing);
  (void)printf("\"}\n");
  return true;
}

void settings_forget_code(void) {
  (void)nvs_erase_key(store, "code");
  (void)nvs_commit(store);
}

static const char* key_name(uint8_t slot) {
  return slot == 0 ? "key.0" : "key.1";
}

bool settings_write_key(uint8_t slot, const uint8_t* der, size_t size) {
  return nvs_set_blob(store, key_name(slot), der, size) == ESP_OK && nvs_commit(store) == ESP_OK;
}

bool settings_read_key(uint8_t slot, uint8_t* der, size_t capacity, size_t* size) {
  return settings_read_blob(key_name(slot), der, capacity, size);
}

void settings_forget_delivery(void) {
  (void)nvs_erase_key(store, "delivery");
  (void)nvs_commit(store);
}
