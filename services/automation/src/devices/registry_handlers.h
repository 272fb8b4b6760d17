#pragma once
// Handlers of the device registry and of device twins, each bound under its operation's name.

#include "unhidra/access/handlers.h"

#include "enrolment/enrolment.h"

namespace unhidra::automation {

// Both outlive the handlers.
void bind_registry(access::Handlers& handlers, const Enrolment& enrolment, messaging::Bus& bus);

}  // namespace unhidra::automation
