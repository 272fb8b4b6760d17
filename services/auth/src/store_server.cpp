#include "store_server.h"

namespace unhidra::auth::store {

using storage::Transaction;

Status insert(Transaction& tx, const SigningKey& key) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO signing_keys (kid, algorithm, public_jwk, sealed_private, created_at, "
      "not_before, retire_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      key.kid, key.algorithm, key.public_jwk, key.sealed_private, key.created_at, key.not_before,
      key.retire_at));
  return {};
}

Result<std::vector<SigningKey>> list_signing_keys(Transaction& tx, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT kid, algorithm, public_jwk, sealed_private, created_at, not_before, "
                       "retire_at FROM signing_keys WHERE retire_at IS NULL OR retire_at > $1 "
                       "ORDER BY not_before, kid",
                       now));
  std::vector<SigningKey> out;
  for (const auto row : rows) {
    out.push_back({.kid = row.get<std::string>("kid"),
                   .algorithm = row.get<std::string>("algorithm"),
                   .public_jwk = row.get<std::string>("public_jwk"),
                   .sealed_private = row.get<Bytes>("sealed_private"),
                   .created_at = row.get<Timestamp>("created_at"),
                   .not_before = row.get<Timestamp>("not_before"),
                   .retire_at = row.get<std::optional<Timestamp>>("retire_at")});
  }
  return out;
}

Status retire_others(Transaction& tx, std::string_view kid, Timestamp when) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE signing_keys SET retire_at = $2 WHERE kid <> $1 "
                 "AND (retire_at IS NULL OR retire_at > $2)",
                 kid, when));
  return {};
}

Result<std::optional<Bytes>> get_state(Transaction& tx, std::string_view name) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT value FROM server_state WHERE name = $1", name));
  return rows.empty() ? std::nullopt : std::optional(rows.front().get<Bytes>(0));
}

Status put_state(Transaction& tx, std::string_view name, ByteView value, Timestamp now) {
  UNHIDRA_TRY_VOID(
      tx.execute("INSERT INTO server_state (name, value, updated_at) "
                 "VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET "
                 "value = excluded.value, updated_at = excluded.updated_at",
                 name, value, now));
  return {};
}

Status delete_state(Transaction& tx, std::string_view name) {
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM server_state WHERE name = $1", name));
  return {};
}

}  // namespace unhidra::auth::store
