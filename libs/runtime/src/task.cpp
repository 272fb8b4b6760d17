#include "unhidra/runtime/task.h"

#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace unhidra::runtime {

namespace asio = boost::asio;

Task<Executor> current_executor() {
  co_return co_await asio::this_coro::executor;
}

Task<void> yield() {
  auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

Task<void> sleep_for(std::chrono::nanoseconds duration) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

namespace detail {

Task<void> run_elsewhere(Executor executor, Task<void> task) {
  co_await asio::co_spawn(std::move(executor), std::move(task), asio::use_awaitable);
}

Task<void> run_for(Task<void> task, std::chrono::nanoseconds limit) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, limit);
  // Whichever ends first cancels the other; the group completes when both have ended.
  auto group = asio::experimental::make_parallel_group(
      asio::co_spawn(executor, std::move(task), asio::deferred), timer.async_wait(asio::deferred));
  auto [order, failure, timer_result] =
      co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const bool task_was_first = order[0] == 0;
  if (failure && task_was_first) {
    std::rethrow_exception(failure);
  }
}

}  // namespace detail
}  // namespace unhidra::runtime
