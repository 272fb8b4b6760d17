#include "devices/store_certificates.h"

namespace unhidra::automation::store {
namespace {

using storage::Row;
using storage::Transaction;

#define UNHIDRA_CERTIFICATE_COLUMNS                                                 \
  "c.serial_number, c.org_id, c.device_id, COALESCE(c.authority, 1) AS authority, " \
  "c.not_before, c.not_after, c.replaces, "                                         \
  "c.first_seen_at, c.revoked_at, c.reason, d.revoked_at AS device_revoked_at "     \
  "FROM certificates c JOIN devices d ON d.org_id = c.org_id AND d.device_id = c.device_id "

DeviceCertificate read(const Row& row) {
  return {.serial_number = row.get<Bytes>("serial_number"),
          .org_id = row.get<OrgId>("org_id"),
          .device_id = row.get<DeviceId>("device_id"),
          .authority = row.get<std::int64_t>("authority"),
          .not_before = row.get<Timestamp>("not_before"),
          .not_after = row.get<Timestamp>("not_after"),
          .replaces = row.get<std::optional<Bytes>>("replaces"),
          .first_seen_at = row.get<std::optional<Timestamp>>("first_seen_at"),
          .revoked_at = row.get<std::optional<Timestamp>>("revoked_at"),
          .reason = row.get<std::optional<std::int64_t>>("reason"),
          .device_revoked_at = row.get<std::optional<Timestamp>>("device_revoked_at")};
}

}  // namespace

Status insert(Transaction& tx, const DeviceCertificate& row, ByteView der) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO certificates (serial_number, org_id, device_id, certificate, not_before, "
      "not_after, replaces, authority) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      row.serial_number, row.org_id, row.device_id, der, row.not_before, row.not_after,
      row.replaces, row.authority));
  return {};
}

Result<std::optional<DeviceCertificate>> find(Transaction& tx, const Bytes& serial_number) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT " UNHIDRA_CERTIFICATE_COLUMNS "WHERE c.serial_number = $1", serial_number));
  return rows.empty() ? std::nullopt : std::optional(read(rows.front()));
}

Result<std::vector<DeviceCertificate>> list(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT " UNHIDRA_CERTIFICATE_COLUMNS
                                        "WHERE c.org_id = $1 AND c.device_id = $2 "
                                        "ORDER BY c.not_before DESC, c.serial_number LIMIT 200",
                                        org, device));
  std::vector<DeviceCertificate> out;
  for (const auto row : rows) {
    out.push_back(read(row));
  }
  return out;
}

Result<std::vector<pki::Revocation>> revoked(Transaction& tx, std::int64_t authority,
                                             Timestamp now) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT " UNHIDRA_CERTIFICATE_COLUMNS
               "WHERE COALESCE(c.authority, 1) = $1 AND c.not_after > $2 AND (c.revoked_at IS "
               "NOT NULL OR d.revoked_at IS NOT NULL) ORDER BY c.serial_number",
               authority, now));
  std::vector<pki::Revocation> out;
  for (const auto row : rows) {
    const auto one = read(row);
    out.push_back({.serial_number = one.serial_number,
                   .at = *one.ended_at(),
                   .reason = static_cast<pki::RevocationReason>(one.reason.value_or(0))});
  }
  return out;
}

Result<bool> note_seen(Transaction& tx, const Bytes& serial_number, Timestamp now) {
  UNHIDRA_TRY(const auto changed, tx.execute("UPDATE certificates SET first_seen_at = $2 "
                                             "WHERE serial_number = $1 AND first_seen_at IS NULL",
                                             serial_number, now));
  return changed == 1;
}

Result<bool> revoke(Transaction& tx, OrgId org, const Bytes& serial_number,
                    pki::RevocationReason reason, Timestamp now) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE certificates SET revoked_at = $3, reason = $4 WHERE org_id = $1 "
                         "AND serial_number = $2 AND revoked_at IS NULL",
                         org, serial_number, now, static_cast<std::int64_t>(reason)));
  return changed == 1;
}

Result<std::vector<Bytes>> revoke_all(Transaction& tx, OrgId org, DeviceId device,
                                      pki::RevocationReason reason, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("UPDATE certificates SET revoked_at = $3, reason = $4 WHERE org_id = $1 "
                       "AND device_id = $2 AND revoked_at IS NULL RETURNING serial_number",
                       org, device, now, static_cast<std::int64_t>(reason)));
  std::vector<Bytes> out;
  for (const auto row : rows) {
    out.push_back(row.get<Bytes>(0));
  }
  return out;
}

Result<bool> device_lives(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT 1 FROM devices WHERE org_id = $1 AND device_id = $2 AND kind = 'iot' "
               "AND revoked_at IS NULL",
               org, device));
  return !rows.empty();
}

Result<std::optional<OrgId>> organization_of(Transaction& tx, DeviceId device) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT org_id FROM devices WHERE device_id = $1 AND kind = 'iot'", device));
  return rows.empty() ? std::nullopt : std::optional(rows.front().get<OrgId>(0));
}

Status replace_code(Transaction& tx, const Code& code) {
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM enrolment_codes WHERE org_id = $1 AND device_id = $2",
                              code.org_id, code.device_id));
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO enrolment_codes (code_hash, org_id, device_id, created_at, expires_at, sealed) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      code.hash, code.org_id, code.device_id, code.created_at, code.expires_at, code.sealed));
  return {};
}

Result<Bytes> sealed_code(Transaction& tx, OrgId org, DeviceId device, Timestamp now) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT sealed FROM enrolment_codes WHERE org_id = $1 AND device_id = $2 AND "
               "sealed IS NOT NULL AND (used_at IS NOT NULL OR expires_at > $3)",
               org, device, now));
  return rows.empty() ? Bytes() : rows.front().get<Bytes>(0);
}

Status forget_codes(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE enrolment_codes SET sealed = NULL WHERE org_id = $1 AND "
                 "device_id = $2 AND used_at IS NOT NULL",
                 org, device));
  return {};
}

Result<bool> use_code(Transaction& tx, OrgId org, DeviceId device, const ByteArray<32>& hash,
                      Timestamp now) {
  UNHIDRA_TRY(
      const auto changed,
      tx.execute("UPDATE enrolment_codes SET used_at = $4 WHERE code_hash = $3 AND org_id = "
                 "$1 AND device_id = $2 AND used_at IS NULL AND expires_at > $4",
                 org, device, hash, now));
  return changed == 1;
}

}  // namespace unhidra::automation::store
