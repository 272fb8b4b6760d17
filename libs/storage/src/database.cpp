#include "unhidra/storage/database.h"

#include <condition_variable>
#include <mutex>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine.h"

namespace unhidra::storage {
namespace {

namespace asio = boost::asio;

// A thread that waits for its job.
class Waiter {
 public:
  std::move_only_function<void(Status)> callback() {
    return [this](Status status) {
      const std::lock_guard lock(mutex_);
      status_ = std::move(status);
      done_ = true;
      // Under the lock: the waiter may be gone the moment it is released.
      changed_.notify_one();
    };
  }
  Status wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_; });
    return std::move(status_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Status status_;
  bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const Settings& settings) {
  UNHIDRA_TRY(auto engine, Engine::start(settings));
  return std::unique_ptr<Database>(new Database(std::move(engine)));
}

Database::Database(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Database::~Database() = default;

Dialect Database::dialect() const {
  return engine_->dialect();
}
bool Database::healthy() const {
  return engine_->healthy();
}
Stats Database::stats() const {
  return engine_->stats();
}
void Database::stop() {
  engine_->stop();
}

Task<Status> Database::submit(detail::Work& work, detail::Access access, LaneKey lane) {
  auto initiate = [this, &work, access, lane](auto handler) {
    // Counted as work of the executor, so that its loop does not end while the job is away.
    auto executor = asio::prefer(asio::get_associated_executor(handler),
                                 asio::execution::outstanding_work.tracked);
    Job job;
    job.work = &work;
    job.done = [handler = std::move(handler)](Status status) mutable {
      std::move(handler)(std::move(status));
    };
    job.executor = std::move(executor);
    engine_->enqueue(access, lane, std::move(job));
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Status)>(
      initiate, asio::use_awaitable);
}

Status Database::submit_and_wait(detail::Work& work, detail::Access access, LaneKey lane) {
  Waiter waiter;
  engine_->enqueue(access, lane, Job{&work, waiter.callback(), {}, {}});
  return waiter.wait();
}

}  // namespace unhidra::storage
