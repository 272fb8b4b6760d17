#include "write_lane.h"

#include <exception>
#include <pthread.h>

namespace unhidra::storage {
namespace {

// A group that loses against another lane or process is run again as a whole a few times; then its
// closures go one by one, which always makes progress: of two that conflict one commits.
constexpr int kGroupAttempts = 4;
constexpr int kSingleAttempts = 100;  // some five seconds
constexpr int kGuardedGroups = 64;
constexpr std::chrono::microseconds kFirstBackoff{500};
constexpr std::chrono::microseconds kLastBackoff{50'000};
// Beyond a page of every index it would touch; tells a full file from one with room for a row.
constexpr std::size_t kProbeSize = 65'536;

class Stopwatch {
 public:
  explicit Stopwatch(std::chrono::nanoseconds& total) : total_(total) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { total_ += SteadyClock::now() - start_; }

 private:
  std::chrono::nanoseconds& total_;
  SteadyClock::time_point start_ = SteadyClock::now();
};

}  // namespace

void name_thread(const std::string& name) {
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
}

Status run_guarded(detail::Work& work, Connection& connection) {
  Transaction tx(connection);
  Status status;
  try {
    status = work.run(tx);
  } catch (const std::exception& thrown) {
    status = fail(Errc::closure_threw, thrown.what());
  } catch (...) {
    status = fail(Errc::closure_threw, "not a std::exception");
  }
  // A failed statement dooms the closure even when it went on as if nothing had happened.
  if (auto fault = tx.status(); !fault && (status || is_retryable(fault.error()))) {
    return fault;
  }
  return status;
}

WriteLane::WriteLane(Backend& backend, Shared& shared, std::size_t number,
                     std::unique_ptr<Connection> connection)
    : shared_(shared),
      concurrent_(backend.is_remote()),
      queue_(shared.settings.max_queue),
      session_(backend, shared, detail::Access::write, std::move(connection)),
      jitter_(number * 0x9E3779B97F4A7C15U + 1),
      thread_([this, number] { loop(number); }) {}

WriteLane::~WriteLane() {
  stop();
}

void WriteLane::stop() {
  queue_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void WriteLane::loop(std::size_t number) {
  name_thread("sql-write-" + std::to_string(number));
  std::vector<Job> jobs;
  jobs.reserve(shared_.settings.max_batch);
  while (queue_.take(jobs, shared_.settings.max_batch, shared_.settings.probe_interval)) {
    if (jobs.empty()) {
      idle();
    } else {
      run_batch(jobs);
      jobs.clear();
    }
  }
}

// Nothing to do: finds out whether a database that failed works again.
void WriteLane::idle() {
  auto connection = session_.get();
  if (!connection) {
    return;
  }
  const auto status = session_.healthy() ? (*connection)->ping() : probe(**connection);
  session_.set_healthy(status.has_value());
}

// Writes for real, because only that shows that writes work: much inside the transaction, which is
// taken back, and a little that is committed.
Status WriteLane::probe(Connection& connection) {
  static const Bytes kFiller(kProbeSize);
  UNHIDRA_TRY_VOID(connection.begin_write());
  const auto write = [&]() -> Status {
    UNHIDRA_TRY_VOID(connection.savepoint());
    const Param filler[] = {Param(kFiller)};
    UNHIDRA_TRY_VOID(connection.execute(
        "INSERT INTO storage_probe (id, count, filler) VALUES (2, 0, $1)", filler));
    UNHIDRA_TRY_VOID(connection.rollback_to_savepoint());
    UNHIDRA_TRY_VOID(
        connection.execute("UPDATE storage_probe SET count = count + 1 WHERE id = 1", {}));
    return {};
  };
  if (auto status = write(); !status) {
    connection.rollback();
    return status;
  }
  return connection.commit();
}

void WriteLane::run_batch(std::span<Job> jobs) {
  report_ = BatchReport();
  report_.size = jobs.size();
  report_.attempts = 0;
  report_.waited = SteadyClock::now() - jobs.front().queued_at;
  outcomes_.assign(jobs.size(), Status{});
  const Outcomes outcomes(outcomes_);
  auto status =
      run_with_retries(jobs, outcomes, jobs.size() == 1 ? kSingleAttempts : kGroupAttempts);
  const bool divisible = jobs.size() > 1 && !status &&
                         status.error().code().kind != ErrorKind::timeout &&
                         !(status.error() == Errc::unavailable) && !(status.error() == Errc::busy);
  if (divisible) {
    // One of them is to blame, or they are too much together: the others need not suffer.
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      shared_.retries += 1;
      if (auto single =
              run_with_retries(jobs.subspan(i, 1), outcomes.subspan(i, 1), kSingleAttempts);
          !single) {
        outcomes[i] = std::move(single);
      }
    }
  } else if (!status) {
    for (auto& outcome : outcomes) {
      outcome = status;
    }
  }
  answer(jobs, outcomes);
  report_batch();
  guard_groups_ = std::max(0, guard_groups_ - 1);
}

Status WriteLane::run_with_retries(std::span<Job> jobs, Outcomes outcomes, int attempts) {
  auto backoff = kFirstBackoff;
  bool reconnected = false;
  for (int i = 1;; ++i) {
    auto status = attempt(jobs, outcomes);
    if (!status && status.error() == Errc::unavailable && session_.lost() && !reconnected) {
      // Nothing took effect. The session may have been dead for long; a new one may do.
      reconnected = true;
      shared_.retries += 1;
      continue;
    }
    if (!status && is_retryable(status.error()) && !guarded_ && guard_groups_ > 0) {
      continue;  // no conflict: it only has to run again with savepoints
    }
    if (status || !is_retryable(status.error()) || i >= attempts || queue_.stopped()) {
      return status;
    }
    shared_.retries += 1;
    // Half fixed, half random, so that two that collided do not meet again.
    jitter_ ^= jitter_ << 13U;
    jitter_ ^= jitter_ >> 7U;
    jitter_ ^= jitter_ << 17U;
    const auto half = backoff / 2;
    queue_.pause(half + std::chrono::microseconds(static_cast<std::int64_t>(
                            jitter_ % static_cast<std::uint64_t>(half.count()))));
    backoff = std::min(backoff * 2, kLastBackoff);
  }
}

// One transaction. Success: committed, and `outcomes` holds each closure's own result. Failure:
// nothing took effect, or, with Errc::unknown_outcome, nobody knows.
Status WriteLane::attempt(std::span<Job> jobs, Outcomes outcomes) {
  report_.attempts += 1;
  guarded_ = guard_groups_ > 0;
  UNHIDRA_TRY(auto* const connection, session_.get());
  const auto changes_before = connection->changes();
  connection->group().clear();
  auto status = connection->begin_write();
  if (status) {
    status = run_closures(*connection, jobs, outcomes);
  }
  const bool wrote = connection->changes() != changes_before;
  note(status, wrote);
  report_.committed = report_.committed || status.has_value();
  return status;
}

Status WriteLane::run_closures(Connection& connection, std::span<Job> jobs, Outcomes outcomes) {
  {
    const Stopwatch watch(report_.ran);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (auto status = run_closure(connection, jobs[i], outcomes[i]); !status) {
        connection.rollback();
        return status;
      }
    }
    if (auto status = finish_group(connection); !status) {
      connection.rollback();
      if (guarded_ || is_outage(status.error()) || is_retryable(status.error())) {
        return status;
      }
      guard_groups_ = kGuardedGroups;
      return fail(Errc::contended, "the closure whose put-off statement failed has to be found");
    }
  }
  const Stopwatch watch(report_.committing);
  return connection.commit();
}

Status WriteLane::finish_group(Connection& connection) {
  Transaction tx(connection);
  UNHIDRA_TRY_VOID(connection.group().finish(tx));
  UNHIDRA_TRY_VOID(connection.settle());
  return tx.status();
}

// The closure's own failure stands in `outcome`; an error is returned only when the whole
// transaction cannot go on.
Status WriteLane::run_closure(Connection& connection, Job& job, Status& outcome) {
  if (guarded_) {
    UNHIDRA_TRY_VOID(connection.savepoint());
    group_before_ = connection.group().clone();
  }
  const auto writes_before = connection.writes();
  outcome = run_guarded(*job.work, connection);
  if (guarded_ && outcome) {
    outcome = connection.settle();  // what fails then is this closure's own
  }
  if (!connection.usable()) {
    return fail(Errc::unavailable, "the connection to the database was lost");
  }
  if (outcome) {
    return guarded_ ? connection.release_savepoint() : Status{};
  }
  if (is_retryable(outcome.error()) || !connection.in_transaction()) {
    return outcome;
  }
  if (may_be_a_race(job, outcome.error())) {
    return fail(Errc::contended, "a row was written by another transaction");
  }
  if (is_outage(outcome.error())) {
    session_.set_healthy(false);
  }
  return undo_closure(connection, writes_before);
}

Status WriteLane::undo_closure(Connection& connection, std::uint64_t writes_before) {
  if (guarded_) {
    connection.group() = std::move(group_before_);
    return connection.rollback_to_savepoint();
  }
  if (connection.writes() == writes_before && !connection.blocked()) {
    return {};
  }
  guard_groups_ = kGuardedGroups;
  return fail(Errc::contended, "a closure has to be undone alone");
}

// PostgreSQL reports a key that a concurrent transaction took as a violation, although the closure
// could not see it and, on a newer snapshot, would have acted otherwise. So each closure gets a
// second look; a violation that is still there is its own.
bool WriteLane::may_be_a_race(Job& job, const Error& error) {
  if (!concurrent_ || job.looked_again || !(error == Errc::unique_violation)) {
    return false;
  }
  job.looked_again = true;
  return true;
}

void WriteLane::note(const Status& status, bool wrote) {
  if (!status && is_outage(status.error())) {
    session_.set_healthy(false);
  } else if (status && wrote && !session_.healthy()) {
    // A closure that failed for lack of room may stand in the same group as one that found some.
    bool all_well = true;
    for (const auto& outcome : outcomes_) {
      all_well = all_well && (outcome || !is_outage(outcome.error()));
    }
    session_.set_healthy(all_well);
  }
}

void WriteLane::answer(std::span<Job> jobs, Outcomes outcomes) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto& count = outcomes[i] ? shared_.writes : shared_.write_failures;
    count.fetch_add(1, std::memory_order_relaxed);
    answers_.add(std::move(jobs[i]), std::move(outcomes[i]));
  }
  answers_.send();
}

void WriteLane::report_batch() {
  if (report_.committed) {
    shared_.batches += 1;
  }
  if (shared_.settings.observer != nullptr) {
    shared_.settings.observer->on_batch(report_);
  }
}

}  // namespace unhidra::storage
