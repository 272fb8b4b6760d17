// The partition `unhidra` as the core's flash. It is encrypted: units of 16 bytes, written once.
#ifndef FLASH_PORT_H
#define FLASH_PORT_H

#include "uh/flash.h"

bool flash_port_open(uh_flash* flash);

#endif
