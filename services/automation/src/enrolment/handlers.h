#pragma once
// Handlers of the role's operations, each bound under its name.

#include "unhidra/access/handlers.h"

#include "enrolment/enrolment.h"

namespace unhidra::automation {

// Both outlive the handlers.
void bind_enrolment(access::Handlers& handlers, const Enrolment& enrolment, messaging::Bus& bus);

}  // namespace unhidra::automation
