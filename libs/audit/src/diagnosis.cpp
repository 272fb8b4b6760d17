#include "diagnosis.h"

#include <algorithm>

#include "unhidra/storage/database.h"

#include "record.h"

namespace unhidra::audit {
namespace {

using storage::Transaction;

// How far a row is sought that was moved; each position costs one hash.
constexpr std::uint64_t kMaxSearch = 2'000'000;

// Where another row of the chain holds this value; a scan of the chain, done once for a damage.
Result<std::optional<std::uint64_t>> find_row(storage::Database& database, std::string_view column,
                                              const OrgId& org, const ByteArray<32>& value,
                                              std::uint64_t not_at) {
  const auto sql = "SELECT position FROM audit_log WHERE org_id = $1 AND " + std::string(column) +
                   " = $2 AND position <> $3 ORDER BY position LIMIT 1";
  using Found = std::optional<std::uint64_t>;
  return database.read_sync([&](Transaction& tx) -> Result<Found> {
    UNHIDRA_TRY(const auto rows, tx.query(sql, org, value, not_at));
    return rows.empty() ? Found() : Found(rows.front().get<std::uint64_t>(0));
  });
}

// The position at which the row's content gives its hash, if it was written at another one.
std::optional<std::uint64_t> original_position(const StoredEvent& row, std::uint64_t rows) {
  const auto last = std::min(rows + 1, kMaxSearch);
  for (std::uint64_t position = 1; position <= last; ++position) {
    if (position != row.position && hash_of(row, position) == row.event_hash) {
      return position;
    }
  }
  return std::nullopt;
}

std::string row_name(std::uint64_t position) {
  return "row " + std::to_string(position);
}

struct Evidence {
  std::optional<std::uint64_t> written_at;   // another position at which it gives its hash
  std::optional<std::uint64_t> true_row_at;  // where the row stands that does follow
  bool is_copy = false;                      // the row still stands where it was written, too
};

Finding judge(const OrgId& org, std::uint64_t position, const Evidence& evidence) {
  const auto name = row_name(position);
  if (evidence.true_row_at && (!evidence.written_at || evidence.is_copy)) {
    return {org, position, Damage::inserted,
            name + " does not belong to the chain; the one that does now stands at " +
                std::to_string(*evidence.true_row_at)};
  }
  if (evidence.true_row_at) {
    return {org, position, Damage::reordered,
            name + " was written as " + row_name(*evidence.written_at) +
                "; the one that belongs here stands at " + std::to_string(*evidence.true_row_at)};
  }
  if (evidence.written_at) {
    return {org, position, Damage::missing,
            name + " is gone; what stands there was written as " + row_name(*evidence.written_at)};
  }
  return {org, position, Damage::edited, name + " was changed: its content does not give its hash"};
}

// The row is right in itself but follows another one than stands before it.
Result<Finding> judge_link(storage::Database& database, const OrgId& org, const ChainPoint& good,
                           const StoredEvent& bad) {
  UNHIDRA_TRY(const auto successor,
              find_row(database, "prev_hash", org, bad.event_hash, bad.position));
  if (good.position > 0 && successor == bad.position + 1) {
    // The rows after it confirm it, so the one before it was replaced, hash and all.
    return Finding{org, good.position, Damage::edited,
                   row_name(good.position) + " was replaced: " + row_name(bad.position) +
                       " was written after another one"};
  }
  UNHIDRA_TRY(const auto true_row, find_row(database, "prev_hash", org, good.hash, bad.position));
  return Finding{org, bad.position, true_row ? Damage::inserted : Damage::edited,
                 row_name(bad.position) + " is not the one that the chain leads to"};
}

}  // namespace

ByteArray<32> hash_of(const StoredEvent& row, std::uint64_t position) {
  return record_hash(row.event, row.metadata_json, position, row.prev_hash);
}

Result<std::optional<Finding>> diagnose(storage::Database& database, const OrgId& org,
                                        const ChainPoint& good, const StoredEvent& bad,
                                        std::uint64_t rows) {
  const auto expected = good.position + 1;
  if (bad.position != expected) {
    return Finding{org, expected, Damage::missing,
                   "after " + row_name(good.position) + " comes " + row_name(bad.position)};
  }
  if (hash_of(bad, bad.position) == bad.event_hash) {
    UNHIDRA_TRY(auto found, judge_link(database, org, good, bad));
    return found;
  }
  Evidence evidence;
  evidence.written_at = original_position(bad, std::max(rows, bad.position));
  UNHIDRA_TRY(evidence.true_row_at, find_row(database, "prev_hash", org, good.hash, bad.position));
  if (evidence.written_at) {
    UNHIDRA_TRY(const auto twin,
                find_row(database, "event_hash", org, bad.event_hash, bad.position));
    evidence.is_copy = twin == evidence.written_at;
  }
  return judge(org, bad.position, evidence);
}

}  // namespace unhidra::audit
