#include "unhidra/access/operator_event.h"

#include <cstdlib>
#include <unistd.h>

#include "unhidra/access/operation.h"

namespace unhidra::access {

audit::AuditEvent operator_event(OrgId org, std::string resource_id, const Clock& clock,
                                 RandomSource& random) {
  audit::AuditEvent event;
  event.event_id = EventId::make(clock, random);
  event.org_id = org;
  event.actor_type = "system";
  event.resource_id = std::move(resource_id);
  event.metadata = {{"by", "admin command"}, {"uid", std::to_string(::getuid())}};
  event.timestamp = clock.now();
  return event;
}

audit::AuditEvent operator_event(std::string_view operation, OrgId org, std::string resource_id,
                                 const Clock& clock, RandomSource& random) {
  const auto* row = find_operation(operation);
  if (row == nullptr) {
    std::abort();
  }
  auto event = operator_event(org, std::move(resource_id), clock, random);
  event.event_type = row->event_type;
  event.resource_type = row->resource_type;
  event.action = row->action;
  return event;
}

}  // namespace unhidra::access
