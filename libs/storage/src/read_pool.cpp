#include "read_pool.h"

#include "answers.h"
#include "write_lane.h"

namespace unhidra::storage {
namespace {

constexpr int kAttempts = 4;

Status read_once(Connection& connection, detail::Work& work) {
  UNHIDRA_TRY_VOID(connection.begin_read());
  auto status = run_guarded(work, connection);
  // Nothing was written; rolling back is the cheapest way to let the snapshot go.
  connection.rollback();
  return status;
}

}  // namespace

ReadPool::ReadPool(Backend& backend, Shared& shared)
    : backend_(backend), shared_(shared), queue_(shared.settings.max_queue) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, shared.settings.readers); ++i) {
    threads_.emplace_back([this, i] { loop(i); });
  }
}

ReadPool::~ReadPool() {
  stop();
}

void ReadPool::stop() {
  queue_.stop();
  for (auto& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
}

void ReadPool::loop(std::size_t number) {
  name_thread("sql-read-" + std::to_string(number));
  Session session(backend_, shared_, detail::Access::read);
  std::vector<Job> jobs;
  Answers answers;
  while (queue_.take(jobs, 1, shared_.settings.probe_interval)) {
    if (jobs.empty()) {
      if (!session.healthy() || backend_.is_remote()) {
        auto connection = session.get();
        session.set_healthy(connection && (*connection)->ping());
      }
      continue;
    }
    const auto started = SteadyClock::now();
    auto status = run(session, jobs.front());
    const auto waited = started - jobs.front().queued_at;
    shared_.reads.fetch_add(1, std::memory_order_relaxed);
    answers.add(std::move(jobs.front()), std::move(status));
    answers.send();
    jobs.clear();
    if (shared_.settings.observer != nullptr) {
      shared_.settings.observer->on_read(waited, SteadyClock::now() - started);
    }
  }
}

Status ReadPool::run(Session& session, Job& job) {
  for (int i = 1;; ++i) {
    UNHIDRA_TRY(auto* const connection, session.get());
    auto status = read_once(*connection, *job.work);
    const bool lost = !connection->usable();
    session.set_healthy(!lost && (status || !is_outage(status.error())));
    // A read has no effect, so one that met a dead connection may simply run again on a new one.
    if (status || i == kAttempts || !(lost || is_retryable(status.error()))) {
      return status;
    }
    shared_.retries += 1;
  }
}

}  // namespace unhidra::storage
