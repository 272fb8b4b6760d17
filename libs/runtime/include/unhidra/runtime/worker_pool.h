#pragma once
// Blocking work (SQL, Argon2id, files) runs here and never on an I/O thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "unhidra/runtime/errc.h"
#include "unhidra/runtime/task.h"

namespace unhidra::runtime {

namespace detail {
template <class T>
struct AsResult {
  using Type = Result<T>;
};
template <class T>
struct AsResult<Result<T>> {
  using Type = Result<T>;
};
}  // namespace detail

struct WorkerPoolOptions {
  std::string name;  // thread names and metrics
  std::size_t threads = 1;
  std::size_t max_queue = 256;  // jobs that wait; one more is refused with Errc::overloaded
};

struct WorkerPoolStats {
  std::size_t threads = 0;
  std::size_t queued = 0;
  std::size_t running = 0;
  std::uint64_t completed = 0;
  std::uint64_t refused = 0;
  double wait_seconds = 0;  // summed over all jobs
  double run_seconds = 0;
};

// Named threads behind a bounded queue, first come first served. Safe from any thread.
class WorkerPool {
 public:
  using Job = std::move_only_function<void()>;

  explicit WorkerPool(WorkerPoolOptions options);
  // stop()s. Jobs refer to the frames of the coroutines that await them, so a pool is stopped
  // before the I/O threads are.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `f` on a worker and returns its value on the awaiting coroutine's executor. `f` returns T
  // or Result<T>. Full queue: Errc::overloaded with retry_after; stopped pool: Errc::stopped;
  // exception out of `f`: logged, Errc::job_threw. Once queued it is not cancellable, so `f` may
  // refer to the caller's frame.
  template <class F>
  auto run(F f) -> Task<typename detail::AsResult<std::invoke_result_t<F&>>::Type> {
    using Returned = std::invoke_result_t<F&>;
    using Out = typename detail::AsResult<Returned>::Type;
    std::optional<Out> out;
    Job job = [&f, &out] {
      if constexpr (std::is_void_v<Returned>) {
        f();
        out.emplace();
      } else {
        out.emplace(f());
      }
    };
    auto status = co_await execute(std::move(job));
    if (!status) {
      co_return Out(std::unexpect, std::move(status).error());
    }
    co_return std::move(*out);
  }

  // For code that is no coroutine. The job reports by itself; an exception out of it is logged.
  Status post(Job job);

  WorkerPoolStats stats() const;
  const std::string& name() const;

  // Takes no more jobs, runs the queued ones, joins. Safe to call twice.
  void stop();
  // Takes no more jobs, fails the queued ones with Errc::stopped, waits for the running ones.
  void stop_now();

 private:
  struct State;
  Task<Status> execute(Job job);
  void join();

  std::shared_ptr<State> state_;
};

}  // namespace unhidra::runtime
