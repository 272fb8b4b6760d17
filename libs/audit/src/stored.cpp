#include "stored.h"

namespace unhidra::audit {
namespace {

Outcome parse_outcome(std::string_view word) {
  for (const auto outcome : {Outcome::success, Outcome::failure, Outcome::denied}) {
    if (word == to_string(outcome)) {
      return outcome;
    }
  }
  return kNoOutcome;
}

}  // namespace

StoredEvent read_stored(const storage::Row& row) {
  StoredEvent out;
  out.event.org_id = row.get<OrgId>(0);
  out.position = row.get<std::uint64_t>(1);
  out.event.event_id = row.get<EventId>(2);
  out.event.event_type = row.get<std::string>(3);
  const auto actor = row.get<std::optional<Bytes>>(4);
  out.event.actor_id = actor.value_or(Bytes());
  out.event.actor_type = row.get<std::string>(5);
  out.event.resource_type = row.get<std::string>(6);
  out.event.resource_id = row.get<std::string>(7);
  out.event.action = row.get<std::string>(8);
  out.event.outcome = parse_outcome(row.get<std::string_view>(9));
  out.metadata_json = row.get<std::string>(10);
  out.event.ip_address = row.get<std::string>(11);
  out.event.user_agent = row.get<std::string>(12);
  out.event.timestamp = row.get<Timestamp>(13);
  out.prev_hash = row.get<ByteArray<32>>(14);
  out.event_hash = row.get<ByteArray<32>>(15);
  if (actor && actor->empty()) {
    out.event.outcome = kNoOutcome;  // nobody is written as NULL
  }
  return out;
}

Result<std::optional<ChainPoint>> read_head(storage::Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT position, hash FROM audit_heads WHERE org_id = $1", org));
  if (rows.empty()) {
    return std::nullopt;
  }
  return ChainPoint{rows.front().get<std::uint64_t>(0), rows.front().get<ByteArray<32>>(1)};
}

}  // namespace unhidra::audit
