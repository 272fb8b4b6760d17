#pragma once
// The operations on an organisation's versions of the topic policy.

#include "unhidra/access/handlers.h"
#include "unhidra/automation/policy_settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/runtime/worker_pool.h"

namespace unhidra::automation {

// What the handlers stand on. Outlives them.
struct PolicyDesk {
  PolicySettings settings;
  std::filesystem::path log;  // of decisions
  messaging::Bus& bus;
  const Clock& clock;
  RandomSource& random;
  // Compiling and dry runs take time.
  runtime::WorkerPool pool{{.name = "policy_desk", .threads = 1, .max_queue = 16}};
};

void bind_policies(access::Handlers& handlers, PolicyDesk& desk);

}  // namespace unhidra::automation
