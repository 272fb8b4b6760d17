#pragma once
// --next-free-port: where a configured port is taken, the next free one.

#include "composition.h"
#include "options.h"

namespace unhidra::server {

// The configuration with 50 further ports at every address the server listens at that names one
// port.
Result<runtime::Config> with_further_ports(const SourceOptions& sources,
                                           const runtime::Schema& schema,
                                           const runtime::Config& config);

// Says on standard output which listeners are not at the port they were to have first.
void print_moved_ports(const runtime::Schema& schema, const runtime::Config& config,
                       const Listening& listening);

}  // namespace unhidra::server
