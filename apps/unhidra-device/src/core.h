#pragma once
// The device core (firmware/) and what hosts give it.

extern "C" {
#include "uh/agent.h"
#include "uh/enrol.h"
}
#include "uh_enrol_openssl.h"
#include "uh_flash_file.h"
#include "uh_tls_openssl.h"
