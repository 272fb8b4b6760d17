#pragma once
// A row that does not fit its chain: what was done to it.

#include "unhidra/audit/chain.h"

namespace unhidra::audit {

// The hash that the row would have at a position, with the previous hash that it names.
ByteArray<32> hash_of(const StoredEvent& row, std::uint64_t position);

// `good`: the last row that fits; `bad`: the next one in the table. `rows`: how long the chain was.
Result<std::optional<Finding>> diagnose(storage::Database& database, const OrgId& org,
                                        const ChainPoint& good, const StoredEvent& bad,
                                        std::uint64_t rows);

}  // namespace unhidra::audit
