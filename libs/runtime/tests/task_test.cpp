#include "unhidra/runtime/task.h"

#include <thread>

#include <gtest/gtest.h>

#include "unhidra/runtime/io_threads.h"

#include "run_task.h"

namespace unhidra::runtime {
namespace {

using namespace std::chrono_literals;

Task<Result<int>> answer_after(std::chrono::milliseconds delay) {
  co_await sleep_for(delay);
  co_return 42;
}

TEST(WithTimeout, returns_the_value_of_a_task_that_is_in_time) {
  const auto result = test::run_task(with_timeout(answer_after(1ms), 10s));
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 42);
}

TEST(WithTimeout, cancels_a_task_that_is_late) {
  const auto started = std::chrono::steady_clock::now();
  const auto result = test::run_task(with_timeout(answer_after(60s), 5ms, "the database"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), unhidra::Errc::timeout);
  EXPECT_EQ(result.error().message(), "the database took too long");
  EXPECT_LT(std::chrono::steady_clock::now() - started, 30s);
}

Task<Result<int>> throws() {
  co_await yield();
  throw std::runtime_error("bug");
}

TEST(WithTimeout, lets_an_exception_of_the_task_through) {
  EXPECT_THROW(test::run_task(with_timeout(throws(), 10s)), std::runtime_error);
}

Task<std::thread::id> where() {
  co_return std::this_thread::get_id();
}

Task<void> visit(Executor other, std::thread::id& there, std::thread::id& back) {
  there = co_await run_on(other, where());
  back = co_await where();
}

TEST(RunOn, runs_on_the_other_thread_and_comes_back) {
  IoThreads threads(1, "other");
  std::thread::id there;
  std::thread::id back;
  test::run_task(visit(threads.at(0), there, back));
  EXPECT_NE(there, std::this_thread::get_id());
  EXPECT_EQ(back, std::this_thread::get_id());
}

}  // namespace
}  // namespace unhidra::runtime
