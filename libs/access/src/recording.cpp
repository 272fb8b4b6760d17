#include "recording.h"

#include "unhidra/audit/chain.h"

namespace unhidra::access {
namespace {

// How far back the lost commit can be: it was sent a moment ago.
constexpr std::int64_t kRecentEvents = 100'000;

}  // namespace

Status append_unless_recorded(storage::Transaction& tx, const audit::AuditEvent& event) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM audit_log WHERE org_id = $1 AND event_id = $2 AND "
                       "position > (SELECT position FROM audit_heads WHERE org_id = $1) - $3",
                       event.org_id, event.event_id, kRecentEvents));
  if (rows.empty()) {
    UNHIDRA_TRY_VOID(audit::append(tx, event));
  }
  return {};
}

}  // namespace unhidra::access
