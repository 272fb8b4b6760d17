#pragma once
// Runs one task to its end on a fresh loop of the test's own thread.

#include <exception>
#include <optional>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "unhidra/runtime/task.h"

namespace unhidra::test {

template <class T>
T run_task(Task<T> task) {
  boost::asio::io_context context;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e) { failure = e; });
    context.run();
    if (failure) {
      std::rethrow_exception(failure);
    }
  } else {
    std::optional<T> out;
    boost::asio::co_spawn(context, runtime::detail::store(std::move(task), out),
                          [&](std::exception_ptr e) { failure = e; });
    context.run();
    if (failure) {
      std::rethrow_exception(failure);
    }
    if (!out) {
      throw std::logic_error("the task never ended");
    }
    return std::move(*out);
  }
}

}  // namespace unhidra::test
