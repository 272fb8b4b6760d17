#include "unhidra/access/runner.h"

#include "unhidra/audit/chain.h"
#include "unhidra/runtime/log.h"

#include "idempotency.h"
#include "recording.h"

namespace unhidra::access {
namespace {

// How an operation ended, as the metric's label says it.
constexpr std::array<std::string_view, kMetricOutcomes> kOutcomeLabels{
    "ok", "denied", "limited", "client_error", "server_error"};

std::size_t outcome_index(const Error* error) {
  if (error == nullptr) {
    return 0;
  }
  switch (error->kind()) {
    case ErrorKind::unauthenticated:
    case ErrorKind::denied:
      return 1;
    case ErrorKind::rate_limited:
      return 2;
    case ErrorKind::internal:
    case ErrorKind::corrupt:
    case ErrorKind::unavailable:
    case ErrorKind::timeout:
    case ErrorKind::cancelled:
      return 4;
    default:
      return 3;
  }
}

audit::Outcome outcome_of(const Error* error) {
  if (error == nullptr) {
    return audit::Outcome::success;
  }
  return error->kind() == ErrorKind::denied ? audit::Outcome::denied : audit::Outcome::failure;
}

const Error* error_of(const Result<Reply>& result) {
  if (!result) {
    return &result.error();
  }
  return result->failure ? &*result->failure : nullptr;
}

// The database did not answer: its own error says more than that the record is missing.
bool tells_of_database(const Error& error) {
  return error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::timeout;
}

constexpr std::size_t kMaxSeries = 512;

}  // namespace

OperationRunner::OperationRunner(storage::Database& database, LimitGuard& limits,
                                 const Handlers& handlers, const Clock& clock, RandomSource& random,
                                 runtime::Metrics& metrics, RunnerOptions options)
    : database_(database),
      limits_(limits),
      handlers_(handlers),
      clock_(clock),
      random_(random),
      options_(options),
      outcomes_(metrics.counters("operations_total", "Operations by name and how they ended.",
                                 {"operation", "outcome"}, kMaxSeries)),
      counters_(operations().size()) {}

void OperationRunner::count(const Operation& operation, const Error* error) const {
  const auto row = static_cast<std::size_t>(&operation - operations().data());
  const auto outcome = outcome_index(error);
  auto& cached = counters_[row][outcome];
  auto* counter = cached.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &outcomes_.at({operation.name, kOutcomeLabels[outcome]});
    cached.store(counter, std::memory_order_release);
  }
  counter->add();
}

Task<Status> OperationRunner::take_limits(const Operation& operation,
                                          const OperationRequest& request) {
  LimitSubject subject;
  subject.ip = request.peer.ip;
  if (request.principal.kind == PrincipalKind::user) {
    subject.user = request.principal.user_id;
  }
  if (options_.limit_connections) {
    subject.connection = request.connection_id;
  }
  co_return co_await limits_.take(operation.limit, subject);
}

namespace {

Evidence ask_roles(const Operation& operation, const OperationRequest& request, Timestamp now) {
  const Resource resource{.org_id = std::nullopt, .from_loopback = request.peer.loopback};
  return authorize(request.principal, operation, resource, now);
}

// There is somebody, whom the roles allow it.
bool is_for_policy(const Evidence& evidence) {
  return evidence.allowed &&
         (evidence.reason == Reason::own_resource || evidence.reason == Reason::granted_by_role);
}

// The policy can only take away.
void apply(PolicyVerdict verdict, Evidence& evidence) {
  evidence.policy = std::move(verdict.revision);
  if (!verdict.allowed) {
    evidence.allowed = false;
    evidence.reason = Reason::denied_by_policy;
    evidence.ground = verdict.ground;
  }
}

PolicyVerdict failed(const Operation& operation, std::string_view what) {
  log::error("operation_policy.threw", {{"operation", operation.name}, {"what", what}});
  return {.allowed = false, .revision = {}, .ground = "failed"};
}

}  // namespace

Evidence OperationRunner::decide_now(const Operation& operation,
                                     const OperationRequest& request) const {
  const auto now = clock_.now();
  auto out = ask_roles(operation, request, now);
  if (options_.policy == nullptr || !is_for_policy(out)) {
    return out;
  }
  try {
    apply(options_.policy->judge({.operation = operation, .request = request, .now = now}), out);
  } catch (const std::exception& exception) {
    apply(failed(operation, exception.what()), out);
  } catch (...) {
    apply(failed(operation, "not a std::exception"), out);
  }
  return out;
}

Task<Evidence> OperationRunner::decide_later(const Operation& operation,
                                             const OperationRequest& request) const {
  const auto now = clock_.now();
  auto out = ask_roles(operation, request, now);
  if (!is_for_policy(out)) {
    co_return out;
  }
  const OperationQuestion question{.operation = operation, .request = request, .now = now};
  try {
    auto verdict = co_await options_.policy->judge_later(question);
    apply(std::move(verdict), out);
  } catch (const std::exception& exception) {
    apply(failed(operation, exception.what()), out);
  } catch (...) {
    apply(failed(operation, "not a std::exception"), out);
  }
  co_return out;
}

Task<Result<Reply>> OperationRunner::run(const Operation& operation, OperationRequest request) {
  if (auto limited = co_await take_limits(operation, request); !limited) {
    count(operation, &limited.error());
    co_return fail(std::move(limited).error());
  }
  Evidence evidence;
  if (waits_for_policy()) {
    evidence = co_await decide_later(operation, request);
  } else {
    evidence = decide_now(operation, request);
  }
  OperationContext context(*this, operation, std::move(request), evidence);
  Result<Reply> result = fail(Errc::internal, "not run");
  if (!evidence.allowed) {
    result = co_await refuse_recorded(context, denial(evidence));
  } else {
    result = co_await run_handler(context);
    result = co_await finish(context, std::move(result));
  }
  count(operation, error_of(result));
  co_return result;
}

Task<Result<Evidence>> OperationRunner::admit(const Operation& operation,
                                              const OperationRequest& request) {
  if (auto limited = co_await take_limits(operation, request); !limited) {
    count(operation, &limited.error());
    co_return fail(std::move(limited).error());
  }
  Evidence evidence;
  if (waits_for_policy()) {
    evidence = co_await decide_later(operation, request);
  } else {
    evidence = decide_now(operation, request);
  }
  if (!evidence.allowed) {
    OperationContext context(*this, operation, request, evidence);
    auto refused = co_await refuse_recorded(context, denial(evidence));
    count(operation, &refused.error());
    co_return fail(std::move(refused).error());
  }
  co_return evidence;
}

Task<Error> OperationRunner::refuse(const Operation& operation, OperationRequest request,
                                    Error why) {
  request.principal = Principal();
  if (auto limited = co_await take_limits(operation, request); !limited) {
    count(operation, &limited.error());
    co_return std::move(limited).error();
  }
  const Evidence evidence{.allowed = false,
                          .operation = &operation,
                          .permission = std::nullopt,
                          .role = std::nullopt,
                          .reason = Reason::no_credentials,
                          .policy = {},
                          .ground = {}};
  OperationContext context(*this, operation, std::move(request), evidence);
  auto refused = co_await refuse_recorded(context, std::move(why));
  count(operation, &refused.error());
  co_return std::move(refused).error();
}

Task<Result<Reply>> OperationRunner::refuse_recorded(OperationContext& context, Error why) {
  if (context.operation_.audit == AuditPolicy::always) {
    if (auto status = co_await record(context, audit::Outcome::denied, &why); !status) {
      co_return fail(std::move(status).error());
    }
  }
  co_return fail(std::move(why));
}

Task<Result<Reply>> OperationRunner::run_handler(OperationContext& context) {
  const auto& request = context.request_;
  if (request.defect) {
    co_return fail(*request.defect);
  }
  const auto* handler = handlers_.find(context.operation_);
  if (handler == nullptr) {
    co_return fail(Errc::internal, "the operation has no handler here");
  }
  if (idempotency::applies(context.operation_, request)) {
    auto kept = co_await context.read([&](storage::Transaction& tx) {
      return idempotency::look_up(tx, context.operation_, request, clock_.now());
    });
    if (!kept) {
      co_return fail(std::move(kept).error());
    }
    if (*kept) {
      context.draft_.note("replayed", "true");
      co_return std::move(**kept);
    }
  }
  std::string thrown;
  try {
    co_return co_await (*handler)(context);
  } catch (const std::exception& exception) {
    thrown = exception.what();
  } catch (...) {
    thrown = "not a std::exception";
  }
  log::error("operation.threw", {{"operation", context.operation_.name},
                                 log::request_id(request.request_id),
                                 {"what", thrown}});
  co_return fail(Errc::internal, "the operation failed");
}

Task<Result<Reply>> OperationRunner::finish(OperationContext& context, Result<Reply> result) {
  if (context.operation_.audit == AuditPolicy::never) {
    co_return result;
  }
  if (context.recorded_) {
    co_await keep_answer(context, result);
    co_return result;
  }
  const auto* error = error_of(result);
  auto status = co_await record(context, outcome_of(error), error);
  if (!status && !(error != nullptr && tells_of_database(*error))) {
    co_return fail(std::move(status).error());
  }
  co_return result;
}

Task<void> OperationRunner::keep_answer(OperationContext& context, const Result<Reply>& result) {
  if (!result || context.operation_.secret_answer ||
      !idempotency::applies(context.operation_, context.request_)) {
    co_return;
  }
  const auto kept = co_await database_.write(
      [&](storage::Transaction& tx) { return idempotency::keep(tx, context.request_, *result); },
      context.lane());
  if (!kept) {
    // The change is made and answered; only a repetition will get no answer.
    log::warn("idempotency.answer_lost", {{"operation", context.operation_.name},
                                          log::request_id(context.request_.request_id),
                                          {"error", kept.error()}});
  }
}

Task<Status> OperationRunner::record(OperationContext& context, audit::Outcome outcome,
                                     const Error* error) {
  auto event = context.event(context.draft_, outcome);
  if (error != nullptr) {
    event.metadata.emplace_back("error", error->code().name);
  }
  const auto write = [&](storage::Transaction& tx) -> Status {
    if (context.outcome_unknown_) {
      return append_unless_recorded(tx, event);
    }
    UNHIDRA_TRY_VOID(audit::append(tx, event));
    return {};
  };
  auto status = co_await database_.write(write, context.lane());
  if (!status) {
    log::error("audit.not_written", {{"operation", context.operation_.name},
                                     log::request_id(context.request_.request_id),
                                     {"error", status.error()}});
    co_return fail(Errc::audit_unavailable, "the audit record could not be written");
  }
  context.recorded_ = true;
  co_return Status();
}

}  // namespace unhidra::access
