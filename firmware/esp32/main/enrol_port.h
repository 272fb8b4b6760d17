// Keys and certificate requests on Mbed TLS. Private keys stay in encrypted NVS.
#ifndef ENROL_PORT_H
#define ENROL_PORT_H

#include "settings.h"
#include "uh/enrol.h"

// `with` outlives the port.
uh_enrol_port enrol_port_make(const settings* with);

#endif
