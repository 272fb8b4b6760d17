#include "idempotency.h"

#include "unhidra/access/runner.h"
#include "unhidra/base/codec.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::access {
namespace idempotency {
namespace {

constexpr auto kLifetime = std::chrono::hours(24);
// Values of the column `status` below any HTTP status.
constexpr int kClaimed = 0;
constexpr std::size_t kMaxReply = 1 << 20;
constexpr std::uint32_t kMaxHeaders = 32;

ByteArray<32> request_hash(const Operation& operation, const OperationRequest& request) {
  ByteWriter out;
  out.text(operation.name);
  for (const auto* values : {&request.path_parameters, &request.query}) {
    out.u32(static_cast<std::uint32_t>(values->size()));
    for (const auto& [name, value] : *values) {
      out.text(name).text(value);
    }
  }
  // A hash of a body that holds a password would let a reader of the database guess it.
  out.bytes(operation.secret_body ? ByteView() : ByteView(request.body));
  return crypto::native_provider().sha256(out.view());
}

Bytes encode(const Reply& reply) {
  ByteWriter out;
  out.text(reply.content_type).u32(static_cast<std::uint32_t>(reply.headers.size()));
  for (const auto& [name, value] : reply.headers) {
    out.text(name).text(value);
  }
  out.bytes(reply.body);
  return std::move(out).take();
}

Result<Reply> decode(int status, ByteView bytes) {
  ByteReader in(bytes);
  Reply out;
  out.status = status;
  out.content_type = in.text(kMaxReply);
  const auto headers = in.u32();
  for (std::uint32_t i = 0; i < headers && i < kMaxHeaders && !in.failed(); ++i) {
    std::string name(in.text(kMaxReply));
    out.headers.emplace_back(std::move(name), std::string(in.text(kMaxReply)));
  }
  out.body = to_bytes(in.bytes(kMaxReply));
  UNHIDRA_TRY_VOID(in.finish("the kept answer"));
  return out;
}

}  // namespace

bool applies(const Operation& operation, const OperationRequest& request) {
  return operation.mutates && !request.idempotency_key.empty() &&
         request.principal.kind == PrincipalKind::user;
}

Result<std::optional<Reply>> look_up(storage::Transaction& tx, const Operation& operation,
                                     const OperationRequest& request, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT operation, request_hash, status, response FROM idempotency_keys "
                       "WHERE user_id = $1 AND idempotency_key = $2 AND expires_at > $3",
                       request.principal.user_id, request.idempotency_key, now));
  if (rows.empty()) {
    return std::nullopt;
  }
  const auto row = rows.front();
  if (row.get<std::string_view>(0) != operation.name ||
      row.get<ByteArray<32>>(1) != request_hash(operation, request)) {
    return fail(Errc::idempotency_mismatch, "this Idempotency-Key was used for another request");
  }
  const auto status = row.get<int>(2);
  if (status == kClaimed) {
    return fail(Errc::idempotency_conflict,
                operation.secret_answer
                    ? "this request was carried out; its answer held a secret and was not kept"
                    : "this request was carried out, or is under way; its answer is not known");
  }
  UNHIDRA_TRY(auto reply, decode(status, row.get<ByteView>(3)));
  return reply;
}

Status claim(storage::Transaction& tx, const Operation& operation, const OperationRequest& request,
             Timestamp now) {
  const auto& principal = request.principal;
  UNHIDRA_TRY_VOID(
      tx.execute("DELETE FROM idempotency_keys WHERE user_id = $1 AND "
                 "idempotency_key = $2 AND expires_at <= $3",
                 principal.user_id, request.idempotency_key, now));
  UNHIDRA_TRY(
      const auto inserted,
      tx.execute("INSERT INTO idempotency_keys (org_id, user_id, idempotency_key, operation, "
                 "request_hash, status, response, created_at, expires_at) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                 principal.org_id, principal.user_id, request.idempotency_key, operation.name,
                 request_hash(operation, request), kClaimed, Bytes{}, now,
                 Timestamp(now + kLifetime)));
  if (inserted == 0) {
    return fail(Errc::idempotency_conflict, "a request with this Idempotency-Key is under way");
  }
  return {};
}

Status keep(storage::Transaction& tx, const OperationRequest& request, const Reply& reply) {
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE idempotency_keys SET status = $1, response = $2 WHERE user_id = $3 AND "
      "idempotency_key = $4 AND status = $5",
      reply.status, encode(reply), request.principal.user_id, request.idempotency_key, kClaimed));
  return {};
}

}  // namespace idempotency

Result<std::uint64_t> forget_idempotency_keys(storage::Transaction& tx, Timestamp now) {
  return tx.execute("DELETE FROM idempotency_keys WHERE expires_at <= $1", now);
}

}  // namespace unhidra::access
