#pragma once
// The append-only log: one hash chain per organisation, and one (nil id) for the system itself.
//
// event_hash = SHA-256(canonical record, which holds position and prev_hash). Position counts from
// 1 without a gap; audit_heads holds the position and hash of the newest row. libs/audit/README.md
// has the format.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "unhidra/audit/errc.h"
#include "unhidra/audit/event.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::storage {
class Database;
}

namespace unhidra::audit {

struct ChainPoint {
  std::uint64_t position = 0;  // 0: the chain is empty
  ByteArray<32> hash{};
};

// Writes the event in the caller's transaction: it is there exactly when the caller's own changes
// are. What the code chooses (types, action, keys) is checked: Errc::bad_event. What others choose
// (resource id, metadata values, address, agent) is made printable and cut, never refused: nobody
// may slip out of the log by an odd user agent. The head of the chain moves when the group of
// writes ends, so within it audit_heads lags behind.
Result<ChainPoint> append(storage::Transaction& tx, AuditEvent event);

struct StoredEvent {
  AuditEvent event;
  std::string metadata_json;  // event.metadata is left empty
  std::uint64_t position = 0;
  ByteArray<32> prev_hash{};
  ByteArray<32> event_hash{};
};

// A page of an organisation's log, newest first. `before` 0: from the newest on. With a filter one
// page looks through 20,000 positions, so it may be shorter than `limit`, or empty, before the end.
struct ListRequest {
  OrgId org_id{};
  std::uint64_t before = 0;
  std::size_t limit = 100;   // at most 1,000
  std::string event_type{};  // empty: all
  Bytes actor_id{};          // empty: all
};
struct Page {
  std::vector<StoredEvent> events;
  std::uint64_t next_before = 0;  // 0: no more
};
Result<Page> list(storage::Transaction& tx, const ListRequest& request);

// What is wrong with the first bad row, in the order of the chain.
enum class Damage : std::uint8_t {
  edited,         // the row's content does not give its hash
  missing,        // a row in the middle is gone
  inserted,       // a row that the chain does not lead to
  reordered,      // rows have changed places
  cut_tail,       // the head says that there were more rows
  head_mismatch,  // all rows are right, but the head has another hash, or is gone or behind
  rewritten,      // right in itself, but not the log that an earlier run saw
};
std::string_view to_string(Damage damage);

struct Finding {
  OrgId org_id;
  std::uint64_t position = 0;  // of the first bad row
  Damage damage = Damage::edited;
  std::string explanation;  // one sentence for an administrator
};

struct Verification {
  std::uint64_t chains = 0;
  std::uint64_t rows = 0;
  std::vector<Finding>
      findings;  // the first of each damaged chain; empty: all is as it was written
  // The verified heads, in order of org id: keep them elsewhere, and a later log that does not hold
  // them has been replaced as a whole.
  std::vector<std::pair<OrgId, ChainPoint>> heads;
};

// Reads the whole chain of one organisation, or of all when none is named, in bounded memory: each
// page is a read transaction of its own, and rows appended meanwhile are left to the next run.
// `known`: heads that an earlier run gave; the chain must still pass through them.
Result<Verification> verify(storage::Database& database, std::optional<OrgId> org = std::nullopt,
                            std::span<const std::pair<OrgId, ChainPoint>> known = {});

}  // namespace unhidra::audit
