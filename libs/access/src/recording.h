#pragma once
// The event of an operation whose COMMIT was sent and never answered.

#include "unhidra/audit/event.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::access {

// Appends the event unless one with its id stands in the chain already. A commit that is still on
// its way moves the same chain head, so the database lets only one of the two through and sends
// this one back to look again.
Status append_unless_recorded(storage::Transaction& tx, const audit::AuditEvent& event);

}  // namespace unhidra::access
