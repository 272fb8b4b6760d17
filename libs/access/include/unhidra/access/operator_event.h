#pragma once
// What the audit log hears of operations that are done from the machine itself, without a token.

#include <string>
#include <string_view>

#include "unhidra/audit/event.h"
#include "unhidra/base/random.h"

namespace unhidra::access {

// By the actor "system", with the process's user id. Type, resource and action are left to the
// caller.
audit::AuditEvent operator_event(OrgId org, std::string resource_id, const Clock& clock,
                                 RandomSource& random);
// The success of an operation of the table; an unknown one is a bug and aborts.
audit::AuditEvent operator_event(std::string_view operation, OrgId org, std::string resource_id,
                                 const Clock& clock, RandomSource& random);

}  // namespace unhidra::access
