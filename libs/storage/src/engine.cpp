#include "engine.h"

#include "answers.h"
#include "migrate.h"

namespace unhidra::storage {
namespace {

constexpr std::chrono::milliseconds kRetryAfterFull{100};

Result<std::unique_ptr<Backend>> make_backend(const Settings& settings) {
  const std::string_view url = settings.url;
  if (url.starts_with("sqlite:")) {
    return make_sqlite_backend(settings);
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return make_postgres_backend(settings);
  }
  return fail(Errc::bad_settings,
              "a database URL starts with sqlite: or postgresql:// (this one is not repeated here, "
              "as it may hold a password)");
}

void answer(Job job, Status status) {
  Answers answers;
  answers.add(std::move(job), std::move(status));
  answers.send();
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::start(const Settings& settings) {
  if (settings.max_queue == 0 || settings.max_batch == 0 || settings.write_lanes == 0) {
    return fail(Errc::bad_settings, "max_queue, max_batch and write_lanes are at least 1");
  }
  UNHIDRA_TRY(auto backend, make_backend(settings));
  UNHIDRA_TRY(auto connection, backend->connect(detail::Access::write));
  UNHIDRA_TRY_VOID(bring_up_to_date(*connection, settings));
  return std::unique_ptr<Engine>(new Engine(settings, std::move(backend), std::move(connection)));
}

Engine::Engine(const Settings& settings, std::unique_ptr<Backend> backend,
               std::unique_ptr<Connection> first)
    : shared_(settings), backend_(std::move(backend)) {
  for (std::size_t i = 0; i < backend_->write_lanes(); ++i) {
    lanes_.push_back(std::make_unique<WriteLane>(*backend_, shared_, i, std::move(first)));
  }
  readers_ = std::make_unique<ReadPool>(*backend_, shared_);
}

Engine::~Engine() {
  stop();
}

void Engine::enqueue(detail::Access access, LaneKey lane, Job job) {
  auto& queue = access == detail::Access::read ? readers_->queue()
                                               : lanes_[lane.value % lanes_.size()]->queue();
  job.queued_at = SteadyClock::now();
  switch (queue.push(job)) {
    case JobQueue::Pushed::yes:
      return;
    case JobQueue::Pushed::full:
      shared_.refused += 1;
      answer(std::move(job), fail(Error(Errc::overloaded, "too much work waits for the database")
                                      .with_retry_after(kRetryAfterFull)));
      return;
    case JobQueue::Pushed::stopped:
      answer(std::move(job), fail(Errc::stopped, "the database is closing"));
  }
}

void Engine::stop() {
  for (auto& lane : lanes_) {
    lane->stop();
  }
  readers_->stop();
}

Stats Engine::stats() const {
  Stats out;
  out.writes = shared_.writes;
  out.write_failures = shared_.write_failures;
  out.batches = shared_.batches;
  out.retries = shared_.retries;
  out.reads = shared_.reads;
  out.refused = shared_.refused;
  out.reconnects = shared_.reconnects;
  for (const auto& lane : lanes_) {
    out.write_queue += lane->queue().size();
  }
  out.read_queue = readers_->queue().size();
  return out;
}

}  // namespace unhidra::storage
