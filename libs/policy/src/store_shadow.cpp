// Shadows in the database: which version is asked beside, and what it would have decided otherwise.
#include "unhidra/storage/rows.h"

#include "store_parts.h"

namespace unhidra::policy::store {

using storage::Transaction;

namespace {

// Of the version `version` from now on; 0: none.
Status set_shadow(Transaction& tx, const OrgId& org, std::int64_t version, Timestamp now) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO policy_shadows (org_id, number, version, started_at, asked, differing) "
      "VALUES ($1, 1, $2, $3, 0, 0) ON CONFLICT (org_id) DO UPDATE SET "
      "number = policy_shadows.number + 1, version = EXCLUDED.version, "
      "started_at = EXCLUDED.started_at, asked = 0, differing = 0",
      org, version, now));
  return {};
}

Result<std::int64_t> count_differences(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT COUNT(*) FROM policy_differences WHERE org_id = $1", org));
  std::int64_t out = 0;
  for (const auto row : rows) {
    out = row.get<std::int64_t>(0);
  }
  return out;
}

// True: it was there already.
Result<bool> count_again(Transaction& tx, const OrgId& org, const Difference& one) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE policy_differences SET times = times + $3, last_at = $4, "
                         "revision = $5, was_allowed = $6, ground = $7 "
                         "WHERE org_id = $1 AND input_digest = $2",
                         org, one.input_digest, one.times, one.last_at, one.revision,
                         one.was_allowed, one.ground));
  return changed != 0;
}

Status list(Transaction& tx, const OrgId& org, const Difference& one) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO policy_differences (org_id, input_digest, input, revision, was_allowed, "
      "ground, times, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      org, one.input_digest, rego::value_to_json(one.input), one.revision, one.was_allowed,
      one.ground, one.times, one.first_at, one.last_at));
  return {};
}

}  // namespace

Status start_shadow(Transaction& tx, const OrgId& org, std::int64_t version, Timestamp now) {
  UNHIDRA_TRY_VOID(expect(tx, org, version));
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM policy_differences WHERE org_id = $1", org));
  return set_shadow(tx, org, version, now);
}

Result<std::int64_t> end_shadow(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto present, shadow(tx, org));
  if (!present || present->version == 0) {
    return fail(Errc::no_policy, "no version is asked as a shadow");
  }
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE policy_shadows SET number = number + 1, version = 0 WHERE org_id = $1", org));
  return present->version;
}

Result<std::optional<Shadow>> shadow(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT version, started_at, asked, differing "
                                        "FROM policy_shadows WHERE org_id = $1",
                                        org));
  std::optional<Shadow> out;
  for (const auto row : rows) {
    out = {.version = row.get<std::int64_t>(0),
           .started_at = row.get<Timestamp>(1),
           .asked = row.get<std::uint64_t>(2),
           .differing = row.get<std::uint64_t>(3)};
  }
  return out;
}

Status note_differences(Transaction& tx, const OrgId& org, std::int64_t version,
                        std::uint64_t asked, std::span<const Difference> differences) {
  std::uint64_t differing = 0;
  for (const auto& one : differences) {
    differing += one.times;
  }
  UNHIDRA_TRY(const auto counted,
              tx.execute("UPDATE policy_shadows SET asked = asked + $3, "
                         "differing = differing + $4 WHERE org_id = $1 AND version = $2",
                         org, version, asked, differing));
  if (counted == 0) {
    return {};
  }
  UNHIDRA_TRY(auto room, count_differences(tx, org));
  for (const auto& one : differences) {
    UNHIDRA_TRY(const bool known, count_again(tx, org, one));
    if (!known && room < static_cast<std::int64_t>(kMaxDifferences)) {
      UNHIDRA_TRY_VOID(list(tx, org, one));
      ++room;
    }
  }
  return {};
}

Result<std::vector<Difference>> differences(Transaction& tx, const OrgId& org, std::size_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT input_digest, input, revision, was_allowed, ground, times, "
                       "first_at, last_at FROM policy_differences WHERE org_id = $1 "
                       "ORDER BY last_at DESC, input_digest LIMIT $2",
                       org, limit));
  std::vector<Difference> out;
  for (const auto row : rows) {
    UNHIDRA_TRY(auto input, rego::value_from_json(row.get<std::string>(1)));
    out.push_back({.input_digest = row.get<Bytes>(0),
                   .input = std::move(input),
                   .revision = row.get<std::string>(2),
                   .was_allowed = row.get<std::int64_t>(3) != 0,
                   .ground = row.get<std::string>(4),
                   .times = row.get<std::uint64_t>(5),
                   .first_at = row.get<Timestamp>(6),
                   .last_at = row.get<Timestamp>(7)});
  }
  return out;
}

}  // namespace unhidra::policy::store
