#include "enrolment/approval.h"

#include "unhidra/automation/errc.h"

#include "devices/store_certificates.h"

namespace unhidra::automation {
namespace {

using storage::Row;
using storage::Transaction;

#define UNHIDRA_ENROLMENT_REQUESTS                                                               \
  "SELECT q.device_id, q.org_id, d.name, q.code_hash, q.fingerprint, q.ip_address, "             \
  "q.created_at, q.expires_at, q.approved FROM enrolment_requests q JOIN devices d ON d.org_id " \
  "= q.org_id AND d.device_id = q.device_id WHERE q.org_id = $1 "

EnrolmentRequest read(const Row& row) {
  return {.identity = {row.get<OrgId>("org_id"), row.get<DeviceId>("device_id")},
          .device_name = row.get<std::string>("name"),
          .code_hash = row.get<ByteArray<32>>("code_hash"),
          .fingerprint = row.get<KeyFingerprint>("fingerprint"),
          .ip_address = row.get<std::string>("ip_address"),
          .created_at = row.get<Timestamp>("created_at"),
          .expires_at = row.get<Timestamp>("expires_at"),
          .approved = row.get<std::optional<bool>>("approved")};
}

// One that has expired is not there.
Result<std::optional<EnrolmentRequest>> find(Transaction& tx, const pki::DeviceIdentity& who,
                                             Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query(UNHIDRA_ENROLMENT_REQUESTS "AND q.device_id = $2 AND q.expires_at > $3",
                       who.org, who.device, now));
  return rows.empty() ? std::nullopt : std::optional(read(rows.front()));
}

Status insert(Transaction& tx, const EnrolmentRequest& request) {
  UNHIDRA_TRY_VOID(drop_request(tx, request.identity));
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO enrolment_requests (device_id, org_id, code_hash, fingerprint, ip_address, "
      "created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      request.identity.device, request.identity.org, request.code_hash, request.fingerprint,
      request.ip_address, request.created_at, request.expires_at));
  return {};
}

std::unexpected<Error> refused() {
  return fail(Errc::bad_credentials, "a good enrolment code or certificate is needed");
}

}  // namespace

Result<Verdict> judge(Transaction& tx, const EnrolmentRequest& request) {
  const auto now = request.created_at;
  UNHIDRA_TRY(const auto found, find(tx, request.identity, now));
  if (!found || found->code_hash != request.code_hash) {
    UNHIDRA_TRY(const auto used, store::use_code(tx, request.identity.org, request.identity.device,
                                                 request.code_hash, now));
    if (!used) {
      return refused();
    }
    UNHIDRA_TRY_VOID(insert(tx, request));
    return Verdict::waits;
  }
  if (found->fingerprint != request.fingerprint) {
    return refused();
  }
  if (!found->approved) {
    return Verdict::waits;
  }
  if (!*found->approved) {
    return fail(Errc::denied, "the enrolment was denied");
  }
  UNHIDRA_TRY_VOID(drop_request(tx, request.identity));
  return Verdict::approved;
}

Result<std::vector<EnrolmentRequest>> waiting(Transaction& tx, OrgId org, DeviceId after,
                                              std::size_t limit, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query(UNHIDRA_ENROLMENT_REQUESTS
                       "AND q.device_id > $2 AND q.expires_at > $3 AND q.approved IS NULL AND "
                       "d.revoked_at IS NULL ORDER BY q.device_id LIMIT $4",
                       org, after, now, limit));
  std::vector<EnrolmentRequest> out;
  for (const auto row : rows) {
    out.push_back(read(row));
  }
  return out;
}

Status decide(Transaction& tx, const pki::DeviceIdentity& who, bool approved,
              const std::optional<KeyFingerprint>& fingerprint, Timestamp now) {
  UNHIDRA_TRY(const auto found, find(tx, who, now));
  if (!found || found->approved) {
    return fail(Errc::not_found, "nothing waits for approval there");
  }
  if (fingerprint && found->fingerprint != *fingerprint) {
    return fail(Errc::conflict, "another key waits for approval than the one that was looked at");
  }
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE enrolment_requests SET approved = $3 WHERE org_id = $1 AND "
                         "device_id = $2 AND approved IS NULL",
                         who.org, who.device, approved));
  if (changed != 1) {
    return fail(Errc::conflict, "it was decided meanwhile");
  }
  return {};
}

Status drop_request(Transaction& tx, const pki::DeviceIdentity& who) {
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM enrolment_requests WHERE org_id = $1 AND device_id = $2",
                              who.org, who.device));
  return {};
}

}  // namespace unhidra::automation
