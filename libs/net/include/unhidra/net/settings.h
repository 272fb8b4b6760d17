#pragma once
// What an operator sets for every server of the process: how long a peer may take, and which
// proxies are believed.

#include <vector>

#include "unhidra/net/server.h"
#include "unhidra/runtime/config.h"

namespace unhidra::net {

std::vector<const runtime::SettingBase*> settings();
void apply_settings(const runtime::Config& config, ServerSettings& server);

// Where to listen.
void apply_listen(const runtime::HostPort& listen, ServerSettings& server);

}  // namespace unhidra::net
