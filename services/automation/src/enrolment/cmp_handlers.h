#pragma once
// CMP (RFC 9483, over HTTP by RFC 9811): its operations. A message whose sender is not proved is an
// error of HTTP; to who is proved, everything is told by CMP.

#include "unhidra/access/handlers.h"

#include "enrolment/enrolment.h"

namespace unhidra::automation {

// Everything outlives the handlers.
void bind_cmp(access::Handlers& handlers, const Enrolment& enrolment, messaging::Bus& bus);

}  // namespace unhidra::automation
