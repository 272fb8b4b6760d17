#pragma once
// The canonical record: what is hashed. README.md describes the format.

#include "unhidra/audit/chain.h"

namespace unhidra::audit {

// `metadata_json` stands for event.metadata.
ByteArray<32> record_hash(const AuditEvent& event, std::string_view metadata_json,
                          std::uint64_t position, const ByteArray<32>& prev_hash);

}  // namespace unhidra::audit
