// Randomness that a program on RISC-V wants to be drawn first.
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t* port_draws;
extern size_t port_draws_left;

#endif
