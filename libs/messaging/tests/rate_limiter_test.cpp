#include "unhidra/messaging/rate_limiter.h"

#include <thread>

#include <gtest/gtest.h>

#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::messaging {
namespace {

using namespace std::chrono_literals;
using testkit::FakeClock;

ByteView key(std::string_view text) {
  return as_bytes(text);
}

class RateLimiterTest : public ::testing::Test {
 protected:
  Decision take(std::string_view who, std::uint32_t n = 1) {
    return limiter_.take_now(login_, key(who), n).value();
  }
  FakeClock clock_;
  LocalRateLimiter limiter_{clock_};
  RateClass login_ = limiter_.define("login", {.limit = 10, .window = 60s});
};

TEST_F(RateLimiterTest, allows_the_burst_and_then_says_when_to_come_back) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    const auto decision = take("1.2.3.4");
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.remaining, 9 - i);
  }
  const auto refused = take("1.2.3.4");
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 6s);
  clock_.advance(refused.retry_after - 1ms);
  EXPECT_FALSE(take("1.2.3.4").allowed);
  clock_.advance(1ms);
  EXPECT_TRUE(take("1.2.3.4").allowed);
  EXPECT_FALSE(take("1.2.3.4").allowed);
}

TEST_F(RateLimiterTest, a_refusal_costs_nothing) {
  for (int i = 0; i < 1000; ++i) {
    take("a");
  }
  clock_.advance(60s);
  EXPECT_EQ(take("a").remaining, 9U);
}

TEST_F(RateLimiterTest, keys_and_classes_do_not_touch_each_other) {
  const auto other = limiter_.define("register", {.limit = 1, .window = 1h});
  for (int i = 0; i < 11; ++i) {
    take("a");
  }
  EXPECT_FALSE(take("a").allowed);
  EXPECT_TRUE(take("b").allowed);
  EXPECT_TRUE(take("").allowed);
  EXPECT_TRUE(take(std::string(5000, 'x')).allowed);
  EXPECT_TRUE(limiter_.take_now(other, key("a"))->allowed);
  EXPECT_FALSE(limiter_.take_now(other, key("a"))->allowed);
}

TEST_F(RateLimiterTest, takes_several_tokens_or_none) {
  EXPECT_TRUE(take("a", 7).allowed);
  const auto refused = take("a", 4);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 6s);
  EXPECT_EQ(refused.remaining, 3U);
  EXPECT_TRUE(take("a", 3).allowed);
  EXPECT_FALSE(take("fresh", 11).allowed) << "more than the burst is never allowed";
  EXPECT_TRUE(take("fresh", 10).allowed);
}

TEST_F(RateLimiterTest, a_burst_of_its_own_is_kept_beside_the_rate) {
  const auto messages = limiter_.define("messages", {.limit = 50, .window = 1s, .burst = 3});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(limiter_.take_now(messages, key("a"))->allowed);
  }
  EXPECT_EQ(limiter_.take_now(messages, key("a"))->retry_after, 20ms);
}

TEST_F(RateLimiterTest, civil_time_going_back_does_not_matter) {
  for (int i = 0; i < 10; ++i) {
    take("a");
  }
  clock_.set_now(clock_.now() - 24h);
  clock_.advance(6s);
  EXPECT_TRUE(take("a").allowed);
}

TEST_F(RateLimiterTest, defining_again_changes_the_limit) {
  for (int i = 0; i < 10; ++i) {
    take("a");
  }
  EXPECT_EQ(limiter_.define("login", {.limit = 1, .window = 1s}).index, login_.index);
  EXPECT_FALSE(take("a").allowed);
  EXPECT_LE(take("a").retry_after, 1s) << "no debt older than the new limit allows";
  clock_.advance(1s);
  EXPECT_TRUE(take("a").allowed);
  EXPECT_EQ(limiter_.find("login")->index, login_.index);
  EXPECT_FALSE(limiter_.find("nothing"));
}

TEST_F(RateLimiterTest, over_any_window_no_more_than_limit_and_burst_pass) {
  testkit::SeededRandom random;
  std::vector<SteadyTime> passed;
  for (int i = 0; i < 20'000; ++i) {
    clock_.advance(std::chrono::milliseconds(random.below(2000)));
    if (take("a").allowed) {
      passed.push_back(clock_.steady_now());
    }
  }
  for (std::size_t i = 20; i < passed.size(); ++i) {
    EXPECT_GE(passed[i] - passed[i - 20], 60s) << "21 within a window: limit 10 and burst 10";
  }
  EXPECT_GE(passed.size(), 3000U) << "and the rate itself is given: 10 a minute";
}

TEST(LocalRateLimiter, forgets_full_buckets) {
  FakeClock clock;
  LocalRateLimiter limiter(clock);
  const auto c = limiter.define("c", {.limit = 1, .window = 1s});
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 10'000; ++i) {
      limiter.take_now(c, key(std::to_string(round * 10'000 + i)));
    }
    clock.advance(2s);
  }
  EXPECT_LT(limiter.keys(), 60'000U);
  EXPECT_EQ(limiter.forgotten_early(), 0U);
}

TEST(LocalRateLimiter, memory_is_bounded_under_a_flood_of_keys) {
  FakeClock clock;
  LocalRateLimiter limiter(clock, 1600);
  const auto c = limiter.define("c", {.limit = 5, .window = 1h});
  // One who has spent everything is the last to be forgotten.
  for (int i = 0; i < 5; ++i) {
    limiter.take_now(c, key("victim"));
  }
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(limiter.take_now(c, key("flood" + std::to_string(i)))->allowed);
  }
  EXPECT_LE(limiter.keys(), 1600U);
  EXPECT_GT(limiter.forgotten_early(), 90'000U);
  EXPECT_FALSE(limiter.take_now(c, key("victim"))->allowed);
}

TEST(LocalRateLimiter, gives_no_token_twice_to_many_threads) {
  FakeClock clock;
  LocalRateLimiter limiter(clock);
  const auto c = limiter.define("c", {.limit = 1000, .window = 1h});
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        allowed += limiter.take_now(c, key("shared"))->allowed ? 1 : 0;
        limiter.take_now(c, key(std::to_string(t * 1000 + i)));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(allowed, 1000);
  EXPECT_EQ(limiter.stats().at(0).refused, 3000U);
}

}  // namespace
}  // namespace unhidra::messaging
