#include "unhidra/runtime/health.h"

#include <csignal>

#include <gtest/gtest.h>

#include "unhidra/runtime/signals.h"

#include "run_task.h"

namespace unhidra::runtime {
namespace {

using namespace std::chrono_literals;

Task<Status> fine() {
  co_return Status{};
}
Task<Status> hangs() {
  co_await sleep_for(1h);
  co_return Status{};
}
Task<Status> throws() {
  co_await yield();
  throw std::runtime_error("a secret detail");
}

TEST(Health, is_ready_when_every_check_passes) {
  Health health;
  health.add("database", [] { return fine(); });
  health.add_sync("bus", [] { return Status{}; });
  const auto report = test::run_task(health.ready());
  EXPECT_TRUE(report.ok);
  ASSERT_EQ(report.checks.size(), 2U);
  EXPECT_EQ(report.checks[0].name, "database");
  EXPECT_TRUE(report.checks[1].ok);
}

TEST(Health, without_checks_it_is_ready) {
  const Health health;
  EXPECT_TRUE(test::run_task(health.ready()).ok);
}

TEST(Health, names_the_dependency_that_fails_hangs_or_throws) {
  Health health;
  health.add_sync("bus", [] { return Status(fail(unhidra::Errc::unavailable, "no answer")); });
  health.add("database", [] { return hangs(); }, 10ms);
  health.add("objects", [] { return throws(); });
  health.add("keys", [] { return fine(); });
  const auto report = test::run_task(health.ready());
  EXPECT_FALSE(report.ok);
  ASSERT_EQ(report.checks.size(), 4U);
  EXPECT_EQ(report.checks[0].message, "no answer");
  EXPECT_EQ(report.checks[1].message, "database took too long");
  EXPECT_EQ(report.checks[2].message, "internal error");
  EXPECT_TRUE(report.checks[3].ok);
  EXPECT_TRUE(health.live().ok) << "a lost dependency is no reason to be killed";
}

TEST(Health, draining_is_alive_but_not_ready) {
  Health health;
  health.set_draining();
  EXPECT_TRUE(health.live().ok);
  const auto report = test::run_task(health.ready());
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(report.draining);
}

TEST(Signals, reload_and_stop_requests_reach_their_callbacks) {
  boost::asio::io_context context;
  std::vector<std::string> events;
  {
    const Signals signals(context.get_executor(),
                          {.on_stop = [&](int n) { events.push_back("stop " + std::to_string(n)); },
                           .on_reload = [&] { events.emplace_back("reload"); }});
    for (const int signal : {SIGHUP, SIGTERM, SIGINT}) {
      const auto before = events.size();
      std::raise(signal);
      while (events.size() == before) {
        context.run_one();
      }
    }
  }
  context.run();  // ends, because nobody listens any more
  EXPECT_EQ(events, (std::vector<std::string>{"reload", "stop 1", "stop 2"}));
}

}  // namespace
}  // namespace unhidra::runtime
