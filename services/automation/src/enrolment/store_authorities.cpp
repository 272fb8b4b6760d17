#include "enrolment/store_authorities.h"

#include <map>

namespace unhidra::automation::store {
namespace {

using storage::Row;
using storage::Transaction;

Authority read_authority(const Row& row) {
  return {.generation = row.get<std::int64_t>("generation"),
          .certificate = row.get<Bytes>("certificate"),
          .sealed_key = row.get<std::optional<Bytes>>("sealed_key"),
          .key_label = row.get<std::string>("key_label"),
          .created_at = row.get<Timestamp>("created_at"),
          .issues_from = row.get<Timestamp>("issues_from"),
          .predecessor = row.get<std::optional<std::int64_t>>("predecessor"),
          .new_with_old = row.get<std::optional<Bytes>>("new_with_old"),
          .old_with_new = row.get<std::optional<Bytes>>("old_with_new"),
          .retired_at = row.get<std::optional<Timestamp>>("retired_at")};
}

}  // namespace

Result<std::vector<AuthorityStamp>> authority_stamps(Transaction& tx) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT generation, retired_at FROM device_authorities ORDER BY generation"));
  std::vector<AuthorityStamp> out;
  for (const auto row : rows) {
    out.push_back({row.get<std::int64_t>("generation"),
                   row.get<std::optional<Timestamp>>("retired_at").has_value()});
  }
  return out;
}

Result<std::vector<Authority>> authorities(Transaction& tx) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT generation, certificate, sealed_key, key_label, created_at, "
                       "issues_from, predecessor, new_with_old, old_with_new, retired_at "
                       "FROM device_authorities ORDER BY generation"));
  std::vector<Authority> out;
  for (const auto row : rows) {
    out.push_back(read_authority(row));
  }
  return out;
}

Status insert(Transaction& tx, const Authority& row) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO device_authorities (generation, certificate, sealed_key, key_label, created_at, "
      "issues_from, predecessor, new_with_old, old_with_new) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      row.generation, row.certificate, row.sealed_key, row.key_label, row.created_at,
      row.issues_from, row.predecessor, row.new_with_old, row.old_with_new));
  return {};
}

Status retire(Transaction& tx, std::int64_t generation, Timestamp now) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE device_authorities SET retired_at = $2, sealed_key = NULL "
                 "WHERE generation = $1 AND retired_at IS NULL",
                 generation, now));
  return {};
}

Result<std::int64_t> live_certificates(Transaction& tx, std::int64_t generation, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT COUNT(*) FROM certificates c JOIN devices d ON d.org_id = c.org_id "
                       "AND d.device_id = c.device_id WHERE COALESCE(c.authority, 1) = $1 "
                       "AND c.not_after > $2 AND c.revoked_at IS NULL AND d.revoked_at IS NULL",
                       generation, now));
  return rows.front().get<std::int64_t>(0);
}

Result<std::vector<RevokedOf>> revoke_of_authority(Transaction& tx, std::int64_t generation,
                                                   Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("UPDATE certificates SET revoked_at = $2, reason = $3 WHERE "
                       "COALESCE(authority, 1) = $1 AND not_after > $2 AND revoked_at IS NULL "
                       "RETURNING org_id",
                       generation, now,
                       static_cast<std::int64_t>(pki::RevocationReason::cessation_of_operation)));
  std::map<OrgId, std::int64_t> counts;
  for (const auto row : rows) {
    ++counts[row.get<OrgId>(0)];
  }
  std::vector<RevokedOf> out;
  for (const auto& [org, count] : counts) {
    out.push_back({org, count});
  }
  return out;
}

}  // namespace unhidra::automation::store
