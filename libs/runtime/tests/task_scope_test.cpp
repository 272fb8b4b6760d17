#include "unhidra/runtime/task_scope.h"

#include <atomic>

#include <gtest/gtest.h>

#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/worker_pool.h"

#include "captured_log.h"
#include "run_task.h"

namespace unhidra::runtime {
namespace {

using namespace std::chrono_literals;

Task<void> sleep_long(std::atomic<int>& ended) {
  struct AtEnd {
    std::atomic<int>& count;
    ~AtEnd() { ++count; }
  };
  const AtEnd at_end{ended};
  co_await sleep_for(1h);
}

TEST(TaskScope, request_stop_cancels_every_task_and_join_waits_for_them) {
  const test::CapturedLog captured;
  IoThreads threads(2);
  std::atomic<int> ended{0};
  TaskScope scope(threads.at(0), "service");
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(scope.spawn("sleeper", sleep_long(ended)));
    EXPECT_TRUE(scope.spawn_on(threads.at(1), "sleeper", sleep_long(ended)));
  }
  EXPECT_EQ(scope.active(), 100U);
  scope.request_stop();
  const auto joined = test::run_task(scope.join(30s));
  EXPECT_TRUE(joined);
  EXPECT_EQ(ended, 100);
  EXPECT_EQ(scope.active(), 0U);
  EXPECT_TRUE(captured.lines().empty()) << "being cancelled in a stop is no failure";
}

TEST(TaskScope, starts_nothing_after_request_stop) {
  IoThreads threads(1);
  std::atomic<int> ended{0};
  TaskScope scope(threads.at(0), "service");
  scope.request_stop();
  EXPECT_FALSE(scope.spawn("late", sleep_long(ended)));
  EXPECT_TRUE(test::run_task(scope.join(1s)));
}

Task<Status> fail_with_status() {
  co_return fail(Errc::overloaded, "no room");
}
Task<void> fail_with_exception() {
  co_await yield();
  throw std::runtime_error("unexpected");
}

TEST(TaskScope, logs_tasks_that_fail) {
  const test::CapturedLog captured;
  IoThreads threads(1);
  TaskScope scope(threads.at(0), "service");
  scope.spawn("first", fail_with_status());
  scope.spawn("second", fail_with_exception());
  EXPECT_TRUE(test::run_task(scope.join(30s)));
  EXPECT_TRUE(captured.contains(R"("task":"first","code":"runtime.overloaded")"));
  EXPECT_TRUE(captured.contains(R"("task":"second","code":"exception","error":"unexpected")"));
}

Task<void> work(WorkerPool& pool, std::atomic<bool>& release) {
  auto job = [&release] {
    while (!release) {
      std::this_thread::yield();
    }
  };
  co_await pool.run(job);
}

TEST(TaskScope, join_names_the_task_that_does_not_end) {
  IoThreads threads(1);
  WorkerPool pool({.name = "work"});
  std::atomic<bool> release{false};
  TaskScope scope(threads.at(0), "service");
  scope.spawn("stubborn", work(pool, release));
  scope.request_stop();
  const auto joined = test::run_task(scope.join(10ms));
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error(), unhidra::Errc::timeout);
  EXPECT_NE(joined.error().message().find("stubborn"), std::string::npos);
  release = true;
  EXPECT_TRUE(test::run_task(scope.join(30s)));
}

TEST(TaskScope, tasks_that_start_and_stop_on_many_threads_are_all_accounted_for) {
  IoThreads threads(2);
  std::atomic<int> ended{0};
  TaskScope scope(threads.at(0), "service");
  std::atomic<int> started{0};
  std::vector<std::thread> spawners;
  for (int t = 0; t < 2; ++t) {
    spawners.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        if (scope.spawn_on(threads.next(), "sleeper", sleep_long(ended))) {
          ++started;
        }
      }
    });
  }
  std::this_thread::sleep_for(1ms);
  scope.request_stop();
  for (auto& spawner : spawners) {
    spawner.join();
  }
  EXPECT_TRUE(test::run_task(scope.join(30s)));
  EXPECT_EQ(ended, started);
}

}  // namespace
}  // namespace unhidra::runtime
