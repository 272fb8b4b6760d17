#pragma once
// The one definition of a coroutine in the server.
//
// Rules:
// - A Task does not start until it is awaited or spawned, and is awaited or spawned once.
// - It stays on the executor it was spawned on: one I/O thread (io_threads.h). What it shares with
//   nothing but tasks of the same executor needs no lock.
// - Spawn through a TaskScope (task_scope.h), so that somebody waits for it and sees its failure.
// - Parameters of a coroutine are taken by value, unless the caller awaits it in the same
//   expression. A lambda with captures is no coroutine: its captures die before its frame.
// - With g++ 12, name brace-initialised arguments before the `co_await` expression: temporaries
//   inside one may be destroyed twice (GCC PR 98401 and relatives).

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "unhidra/base/error.h"

namespace unhidra {

template <class T>
using Task = boost::asio::awaitable<T>;
using Executor = boost::asio::any_io_executor;

namespace runtime {

// The executor of the running coroutine.
Task<Executor> current_executor();
// Gives other work of this executor a turn.
Task<void> yield();
// Waits in real time. Ends early, by an exception, only when the task is cancelled.
Task<void> sleep_for(std::chrono::nanoseconds duration);

namespace detail {
Task<void> run_elsewhere(Executor executor, Task<void> task);
// Runs `task` as a child; cancels it after `limit`. Returns when the child has ended.
Task<void> run_for(Task<void> task, std::chrono::nanoseconds limit);

template <class T>
Task<void> store(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await std::move(task));
}
}  // namespace detail

// Runs `task` on another executor and comes back to this one with its value.
template <class T>
Task<T> run_on(Executor executor, Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    co_await detail::run_elsewhere(std::move(executor), std::move(task));
  } else {
    std::optional<T> out;
    co_await detail::run_elsewhere(std::move(executor), detail::store(std::move(task), out));
    co_return std::move(*out);
  }
}

// Cancels `task` when it takes longer than `limit`, and answers Errc::timeout then. It returns only
// after the task has unwound: one that waits for something that cannot be cancelled (a job on a
// worker pool) is waited for, and its own late result is returned.
template <class T>
Task<Result<T>> with_timeout(Task<Result<T>> task, std::chrono::nanoseconds limit,
                             std::string what = "the operation") {
  std::optional<Result<T>> out;
  co_await detail::run_for(detail::store(std::move(task), out), limit);
  if (out) {
    co_return std::move(*out);
  }
  co_return fail(unhidra::Errc::timeout, what + " took too long");
}

}  // namespace runtime
}  // namespace unhidra
