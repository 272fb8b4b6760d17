#pragma once
// Rows of audit_log as structs.

#include <optional>

#include "unhidra/audit/chain.h"

namespace unhidra::audit {

#define UNHIDRA_AUDIT_COLUMNS                                                                  \
  "org_id, position, event_id, event_type, actor_id, actor_type, resource_type, resource_id, " \
  "action, outcome, metadata, ip_address, user_agent, timestamp, prev_hash, event_hash"

// No event is written with it: it stands for a word or form that append() does not produce, so that
// the row's hash cannot fit.
inline constexpr auto kNoOutcome = static_cast<Outcome>(0);

StoredEvent read_stored(const storage::Row& row);
Result<std::optional<ChainPoint>> read_head(storage::Transaction& tx, const OrgId& org);

}  // namespace unhidra::audit
