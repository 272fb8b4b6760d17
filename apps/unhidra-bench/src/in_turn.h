#pragma once
// The same thing for many, so many at a time, on one loop.

#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "unhidra/runtime/task.h"

namespace unhidra::bench {

// Runs the loop on this thread until the task has ended. Answers what it answers.
template <class T>
T run_here(boost::asio::io_context& loop, Task<T> task) {
  std::optional<T> out;
  std::exception_ptr thrown;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e, T value) {
    thrown = e;
    out.emplace(std::move(value));
  });
  loop.restart();
  while (!out) {
    loop.run_one();
  }
  if (thrown) {
    std::rethrow_exception(thrown);
  }
  return std::move(*out);
}

// Calls `one(number)`, a coroutine, for all numbers below `count`, and runs the loop on this thread
// until all have ended. `one` outlives the call.
template <class One>
void run_in_turn(boost::asio::io_context& loop, std::size_t count, std::size_t at_a_time,
                 One& one) {
  struct Turns {
    std::size_t count;
    std::size_t next = 0;
    std::size_t running = 0;
  };
  Turns turns{.count = count};
  const auto lane = [](Turns& t, One& what) -> Task<void> {
    while (t.next < t.count) {
      co_await what(t.next++);
    }
  };
  std::exception_ptr thrown;
  for (std::size_t i = 0; i < std::min(at_a_time, count); ++i) {
    ++turns.running;
    boost::asio::co_spawn(loop, lane(turns, one), [&](std::exception_ptr e) {
      thrown = thrown ? thrown : e;
      --turns.running;
    });
  }
  loop.restart();
  while (turns.running > 0) {
    loop.run_one();
  }
  if (thrown) {
    std::rethrow_exception(thrown);
  }
}

}  // namespace unhidra::bench
