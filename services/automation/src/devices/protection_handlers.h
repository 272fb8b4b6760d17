#pragma once
// Operations about which topics take sealed payloads alone.

#include "unhidra/access/handlers.h"
#include "unhidra/messaging/bus.h"

namespace unhidra::automation {

// `server_filters`: what stands where an organisation has said nothing. Both outlive the handlers.
void bind_protection(access::Handlers& handlers, const std::vector<std::string>& server_filters,
                     messaging::Bus& bus);

}  // namespace unhidra::automation
