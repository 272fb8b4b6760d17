// HTTPS with the device's server: EST and nothing else.
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "settings.h"
#include "uh/enrol.h"

typedef struct exchange_answer {
  int status;            // 0: there was none
  uint32_t retry_after;  // seconds
  size_t size;           // of the body
} exchange_answer;

// Blocks for at most half a minute.
exchange_answer exchange_do(const settings* with, uh_enrol* enrol, const uh_enrol_exchange* wanted,
                            uint8_t* body, size_t capacity);

#endif
