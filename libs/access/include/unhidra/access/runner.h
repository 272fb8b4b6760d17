#pragma once
// The single path of every operation: rate limit, authorisation (roles, then policy), handler,
// audit. By its
// construction an operation with audit policy `always` leaves exactly one event: the success event
// is written in the handler's own transaction; when that did not happen the runner writes one
// failure or denied event. When no event can be written the operation answers
// Errc::audit_unavailable.

#include <array>
#include <atomic>
#include <vector>

#include "unhidra/access/handlers.h"
#include "unhidra/access/limits.h"
#include "unhidra/access/operation_policy.h"
#include "unhidra/runtime/metrics.h"

namespace unhidra::access {

inline constexpr std::size_t kMetricOutcomes = 5;

struct RunnerOptions {
  // The connection's own limits; false where the gateway has taken them already.
  bool limit_connections = true;
  OperationPolicy* policy = nullptr;  // asked after the roles; null: none. Outlives the runner
};

// All references outlive the runner; `random` is safe from any thread. The runner itself is safe
// from any thread once its handlers are bound.
class OperationRunner {
 public:
  OperationRunner(storage::Database& database, LimitGuard& limits, const Handlers& handlers,
                  const Clock& clock, RandomSource& random, runtime::Metrics& metrics,
                  RunnerOptions options = {});

  // Runs the operation to its end. Never throws: an exception of a handler is logged and answered
  // with Errc::internal.
  Task<Result<Reply>> run(const Operation& operation, OperationRequest request);

  // Limits and authorisation alone, for upgrades and for frames that are served elsewhere. A denial
  // of an audited operation is recorded.
  Task<Result<Evidence>> admit(const Operation& operation, const OperationRequest& request);

  // Who asks could not be established: records the denial and gives the error to answer with.
  Task<Error> refuse(const Operation& operation, OperationRequest request, Error why);

 private:
  friend class OperationContext;
  bool waits_for_policy() const {
    return options_.policy != nullptr && options_.policy->answers_later();
  }
  // The roles, then the policy: one that answers at once, or none; one that does not.
  Evidence decide_now(const Operation& operation, const OperationRequest& request) const;
  Task<Evidence> decide_later(const Operation& operation, const OperationRequest& request) const;
  Task<Status> take_limits(const Operation& operation, const OperationRequest& request);
  Task<Result<Reply>> run_handler(OperationContext& context);
  Task<Result<Reply>> finish(OperationContext& context, Result<Reply> result);
  Task<Result<Reply>> refuse_recorded(OperationContext& context, Error why);
  Task<Status> record(OperationContext& context, audit::Outcome outcome, const Error* error);
  Task<void> keep_answer(OperationContext& context, const Result<Reply>& result);
  void count(const Operation& operation, const Error* error) const;

  storage::Database& database_;
  LimitGuard& limits_;
  const Handlers& handlers_;
  const Clock& clock_;
  RandomSource& random_;
  RunnerOptions options_;
  runtime::Family<runtime::Counter> outcomes_;
  // Looked up once for each operation and outcome.
  using Counters = std::array<std::atomic<runtime::Counter*>, kMetricOutcomes>;
  mutable std::vector<Counters> counters_;
};

// Drops answers kept for Idempotency-Key that are a day old: housekeeping, in any transaction.
Result<std::uint64_t> forget_idempotency_keys(storage::Transaction& tx, Timestamp now);

}  // namespace unhidra::access
