#include "unhidra/runtime/io_threads.h"

#include <pthread.h>
#include <set>
#include <thread>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "unhidra/runtime/log.h"

namespace unhidra::runtime {
namespace {

namespace asio = boost::asio;

TEST(IoThreads, gives_its_loops_in_turn_and_names_their_threads) {
  IoThreads threads(3, "loop");
  std::mutex mutex;
  std::set<std::string> names;
  for (int i = 0; i < 6; ++i) {
    asio::post(threads.next(), [&] {
      char name[16] = {};
      pthread_getname_np(pthread_self(), name, sizeof(name));
      const std::lock_guard lock(mutex);
      names.insert(name);
    });
  }
  threads.drain();
  EXPECT_EQ(names, (std::set<std::string>{"loop-0", "loop-1", "loop-2"}));
}

TEST(IoThreads, drain_runs_what_was_posted) {
  IoThreads threads(1);
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) {
    asio::post(threads.at(0), [&] { ++ran; });
  }
  threads.drain();
  EXPECT_EQ(ran, 100);
}

TEST(IoThreads, stop_leaves_pending_work_unrun) {
  IoThreads threads(1);
  std::atomic<bool> entered{false};
  std::atomic<bool> leave{false};
  std::atomic<bool> second{false};
  asio::post(threads.at(0), [&] {
    entered = true;
    while (!leave) {
      std::this_thread::yield();
    }
  });
  asio::post(threads.at(0), [&] { second = true; });
  while (!entered) {
    std::this_thread::yield();
  }
  std::thread stopper([&] { threads.stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  leave = true;
  stopper.join();
  EXPECT_FALSE(second);
}

TEST(IoThreadsDeathTest, an_exception_at_the_root_is_logged_and_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        IoThreads threads(1, "doomed");
        asio::post(threads.at(0), [] { throw std::runtime_error("a bug"); });
        threads.drain();
      },
      "io_thread.exception.*doomed-0.*a bug");
}

}  // namespace
}  // namespace unhidra::runtime
