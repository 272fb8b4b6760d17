#pragma once
// Requests that come through a reverse proxy.

#include <span>

#include "unhidra/net/http.h"

namespace unhidra::net {

// Marks a request that names a client behind its peer, and believes that of a trusted proxy: the
// peer becomes the last address of X-Forwarded-For that no trusted proxy has.
void apply_forwarding(RequestHead& head, std::span<const std::string> trusted_proxies);

}  // namespace unhidra::net
