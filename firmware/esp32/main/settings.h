// What this device was given when it was commissioned, and the keys that it made, in encrypted NVS.
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_TEXT 96
#define MAX_CA 2048
#define MAX_KEY 256
#define MAX_DELIVERY 4000

typedef struct settings {
  char ssid[33];
  char password[65];
  char device[40];           // its id, a UUID as text
  char enrolment[MAX_TEXT];  // host:port of EST
  char broker[MAX_TEXT];     // host of MQTT over TLS
  int broker_port;
  char code[64];       // one-time; empty when it was used
  uint8_t ca[MAX_CA];  // the server's certificate authority, DER
  size_t ca_size;
  uint8_t signing_seed[32];
  uint8_t identity_key[32];
} settings;

// Opens NVS. False when something that is needed is missing: the device has to be commissioned.
bool settings_load(settings* out);
// Makes the keys of end-to-end encryption, or reads them, and says the public ones. Only when the
// radio is on.
bool settings_make_keys(settings* with);
void settings_forget_code(void);

// Private keys of certificates, DER, in two slots.
bool settings_write_key(uint8_t slot, const uint8_t* der, size_t size);
bool settings_read_key(uint8_t slot, uint8_t* der, size_t capacity, size_t* size);

// Other values of NVS: `owner` (whose group this device may join) and `delivery` (uh/delivery.h),
// which is removed when it was taken over. False when there is none of this name.
bool settings_read_blob(const char* name, uint8_t* out, size_t capacity, size_t* size);
void settings_forget_delivery(void);

#endif
