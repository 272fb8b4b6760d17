#pragma once
// --next-free-port: where a configured port is taken, the next free one.

#include "options.h"

namespace unhidra::server {

// The configuration with ports that could be bound a moment ago; says on standard output which were
// moved. Errc::cannot_listen when 50 further ports are taken too.
Result<runtime::Config> with_free_ports(const SourceOptions& sources, const runtime::Schema& schema,
                                        const runtime::Config& config);

}  // namespace unhidra::server
