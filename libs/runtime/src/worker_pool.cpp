#include "unhidra/runtime/worker_pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "unhidra/runtime/log.h"

#include "thread_name.h"

namespace unhidra::runtime {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

namespace {

double seconds_between(SteadyClock::time_point from, SteadyClock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

Status run_guarded(WorkerPool::Job& job, const std::string& pool) {
  try {
    job();
    return {};
  } catch (const std::exception& e) {
    log::error("worker.exception", {{"pool", pool}, {"what", e.what()}});
  } catch (...) {
    log::error("worker.exception", {{"pool", pool}});
  }
  return fail(Errc::job_threw, "internal error");
}

}  // namespace

struct WorkerPool::State {
  struct Queued {
    Job job;
    std::move_only_function<void(Status)> done;  // may be empty
    SteadyClock::time_point since;
  };

  explicit State(WorkerPoolOptions o) : options(std::move(o)) {}

  Status submit(Queued entry);
  void work();
  Error overloaded() const;

  const WorkerPoolOptions options;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Queued> queue;
  std::size_t running = 0;
  std::uint64_t completed = 0;
  std::uint64_t refused = 0;
  double wait_seconds = 0;
  double run_seconds = 0;
  bool stopping = false;

  std::mutex join_mutex;
  std::vector<std::thread> threads;
};

// When the queue will have emptied at the pace seen so far, within sane bounds.
Error WorkerPool::State::overloaded() const {
  const double job = completed == 0 ? 0.01 : run_seconds / static_cast<double>(completed);
  const double drain =
      job * static_cast<double>(queue.size()) / static_cast<double>(options.threads);
  const auto delay = std::chrono::milliseconds(static_cast<long>(drain * 1000));
  return Error(Errc::overloaded, "too busy, try again later")
      .with_retry_after(
          std::clamp(delay, std::chrono::milliseconds(50), std::chrono::milliseconds(5000)));
}

Status WorkerPool::State::submit(Queued entry) {
  {
    const std::lock_guard lock(mutex);
    if (stopping) {
      return fail(Errc::stopped, "the server is stopping");
    }
    if (queue.size() >= options.max_queue) {
      ++refused;
      return fail(overloaded());
    }
    queue.push_back(std::move(entry));
  }
  wake.notify_one();
  return {};
}

void WorkerPool::State::work() {
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait(lock, [this] { return stopping || !queue.empty(); });
    if (queue.empty()) {
      return;
    }
    auto entry = std::move(queue.front());
    queue.pop_front();
    ++running;
    lock.unlock();

    const auto started = SteadyClock::now();
    auto status = run_guarded(entry.job, options.name);
    entry.job = nullptr;  // what it holds goes before its awaiter runs on
    const auto ended = SteadyClock::now();

    lock.lock();
    --running;
    ++completed;
    wait_seconds += seconds_between(entry.since, started);
    run_seconds += seconds_between(started, ended);
    lock.unlock();
    if (entry.done) {
      entry.done(std::move(status));
    }
    entry.done = nullptr;
    lock.lock();
  }
}

WorkerPool::WorkerPool(WorkerPoolOptions options)
    : state_(std::make_shared<State>(std::move(options))) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, state_->options.threads); ++i) {
    state_->threads.emplace_back([state = state_, i] {
      set_thread_name(state->options.name + "-" + std::to_string(i));
      state->work();
    });
  }
}

WorkerPool::~WorkerPool() {
  stop();
}

namespace {

// Wraps a completion handler so that it runs on its own executor, which is kept alive until then.
template <class Handler>
std::move_only_function<void(Status)> on_own_executor(Handler handler) {
  auto executor = asio::prefer(asio::get_associated_executor(handler),
                               asio::execution::outstanding_work.tracked);
  return [executor, handler = std::move(handler)](Status status) mutable {
    asio::post(executor, [handler = std::move(handler), status = std::move(status)]() mutable {
      std::move(handler)(std::move(status));
    });
  };
}

}  // namespace

Task<Status> WorkerPool::execute(Job job) {
  auto start = [state = state_](auto handler, Job work) {
    auto done = std::make_shared<std::move_only_function<void(Status)>>(
        on_own_executor(std::move(handler)));
    auto status = state->submit(
        {std::move(work), [done](Status s) { (*done)(std::move(s)); }, SteadyClock::now()});
    if (!status) {
      (*done)(std::move(status));
    }
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Status)>(
      start, asio::use_awaitable, std::move(job));
}

Status WorkerPool::post(Job job) {
  return state_->submit({std::move(job), nullptr, SteadyClock::now()});
}

WorkerPoolStats WorkerPool::stats() const {
  const std::lock_guard lock(state_->mutex);
  return {.threads = state_->threads.size(),
          .queued = state_->queue.size(),
          .running = state_->running,
          .completed = state_->completed,
          .refused = state_->refused,
          .wait_seconds = state_->wait_seconds,
          .run_seconds = state_->run_seconds};
}

const std::string& WorkerPool::name() const {
  return state_->options.name;
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  join();
}

void WorkerPool::stop_now() {
  std::deque<State::Queued> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    dropped.swap(state_->queue);
  }
  state_->wake.notify_all();
  for (auto& entry : dropped) {
    entry.job = nullptr;
    if (entry.done) {
      entry.done(fail(Errc::stopped, "the server is stopping"));
    }
  }
  dropped.clear();  // each entry keeps its caller's loop alive
  join();
}

void WorkerPool::join() {
  const std::lock_guard lock(state_->join_mutex);
  for (auto& thread : state_->threads) {
    if (thread.joinable()) {
      thread.join();
    }
  }
}

}  // namespace unhidra::runtime
