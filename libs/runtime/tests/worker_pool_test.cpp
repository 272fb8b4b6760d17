#include "unhidra/runtime/worker_pool.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "run_task.h"

namespace unhidra::runtime {
namespace {

using namespace std::chrono_literals;

// Holds workers until it is opened.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void await_waiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

Task<void> observe_threads(WorkerPool& pool, std::thread::id& worker, std::thread::id& after,
                           int& value) {
  auto job = [&worker] {
    worker = std::this_thread::get_id();
    return 7;
  };
  auto result = co_await pool.run(job);
  after = std::this_thread::get_id();
  value = result.value();
}

TEST(WorkerPool, runs_on_a_worker_and_resumes_on_the_callers_thread) {
  WorkerPool pool({.name = "work", .threads = 2});
  std::thread::id worker;
  std::thread::id after;
  int value = 0;
  test::run_task(observe_threads(pool, worker, after, value));
  EXPECT_EQ(value, 7);
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(after, std::this_thread::get_id());
}

TEST(WorkerPool, hands_on_the_error_that_a_job_returns) {
  WorkerPool pool({.name = "work"});
  auto job = []() -> Result<int> { return fail(unhidra::Errc::invalid, "no"); };
  const auto result = test::run_task(pool.run(job));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), unhidra::Errc::invalid);
}

TEST(WorkerPool, runs_jobs_without_a_value) {
  WorkerPool pool({.name = "work"});
  bool ran = false;
  const auto result = test::run_task(pool.run([&] { ran = true; }));
  EXPECT_TRUE(result);
  EXPECT_TRUE(ran);
}

TEST(WorkerPool, turns_an_exception_into_an_error_and_logs_it) {
  const test::CapturedLog captured;
  WorkerPool pool({.name = "work"});
  auto job = []() -> int { throw std::runtime_error("the bug's text"); };
  const auto result = test::run_task(pool.run(job));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), Errc::job_threw);
  EXPECT_EQ(result.error().message().find("bug"), std::string::npos);
  EXPECT_TRUE(captured.contains("the bug's text"));
}

TEST(WorkerPool, refuses_with_a_retry_hint_when_the_queue_is_full) {
  WorkerPool pool({.name = "work", .threads = 1, .max_queue = 2});
  Gate gate;
  ASSERT_TRUE(pool.post([&] { gate.wait(); }));
  gate.await_waiting(1);
  ASSERT_TRUE(pool.post([] {}));
  ASSERT_TRUE(pool.post([] {}));
  const auto result = test::run_task(pool.run([] { return 1; }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), Errc::overloaded);
  EXPECT_EQ(result.error().kind(), ErrorKind::unavailable);
  ASSERT_TRUE(result.error().retry_after());
  EXPECT_GT(result.error().retry_after()->count(), 0);
  EXPECT_EQ(pool.stats().refused, 1U);
  EXPECT_EQ(pool.stats().queued, 2U);
  gate.open();
  pool.stop();
  EXPECT_EQ(pool.stats().completed, 3U);
}

TEST(WorkerPool, stop_runs_what_is_queued_and_takes_no_more) {
  WorkerPool pool({.name = "work"});
  Gate gate;
  std::atomic<int> ran{0};
  ASSERT_TRUE(pool.post([&] { gate.wait(); }));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(pool.post([&] { ++ran; }));
  }
  gate.open();
  pool.stop();
  EXPECT_EQ(ran, 10);
  const auto late = pool.post([] {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error(), Errc::stopped);
}

TEST(WorkerPool, stop_now_fails_what_is_queued) {
  WorkerPool pool({.name = "work"});
  Gate gate;
  ASSERT_TRUE(pool.post([&] { gate.wait(); }));
  gate.await_waiting(1);
  boost::asio::io_context context;
  std::optional<Result<int>> out;
  bool ran = false;
  auto job = [&ran] {
    ran = true;
    return 1;
  };
  boost::asio::co_spawn(context, detail::store(pool.run(job), out),
                        [](const std::exception_ptr&) {});
  context.poll();
  std::thread stopper([&] { pool.stop_now(); });
  context.run();  // ends when the queued job was failed, though the worker is still held
  gate.open();
  stopper.join();
  ASSERT_TRUE(out && !*out);
  EXPECT_EQ(out->error(), Errc::stopped);
  EXPECT_FALSE(ran);
}

TEST(WorkerPool, completes_every_job_of_many_callers) {
  WorkerPool pool({.name = "work", .threads = 4, .max_queue = 1000});
  std::vector<std::thread> callers;
  std::atomic<int> sum{0};
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        sum += test::run_task(pool.run([] { return 1; })).value();
      }
    });
  }
  for (auto& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(sum, 800);
  EXPECT_EQ(pool.stats().completed, 800U);
}

}  // namespace
}  // namespace unhidra::runtime
