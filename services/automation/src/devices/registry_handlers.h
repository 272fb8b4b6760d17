#pragma once
// Handlers of the device registry and of device twins, each bound under its operation's name.

#include "unhidra/access/handlers.h"

#include "enrolment/enrolment.h"

namespace unhidra::automation {

// Both outlive the handlers.
// How many messages wait in this process's broker for a device; nothing: it has no session there.
using QueueDepth = std::function<Task<std::optional<std::size_t>>(OrgId, DeviceId)>;
void bind_registry(access::Handlers& handlers, const Enrolment& enrolment, messaging::Bus& bus,
                   QueueDepth queue_depth);

}  // namespace unhidra::automation
