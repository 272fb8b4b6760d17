#include "driver_relay.h"

#include <driver/gpio.h>

#define RELAY_PIN GPIO_NUM_4

static bool state;

void relay_start(void) {
  (void)gpio_reset_pin(RELAY_PIN);
  (void)gpio_set_direction(RELAY_PIN, GPIO_MODE_OUTPUT);
  relay_set(false);
}

void relay_set(bool on) {
  state = on;
  (void)gpio_set_level(RELAY_PIN, on ? 1 : 0);
}

bool relay_is_on(void) {
  return state;
}
