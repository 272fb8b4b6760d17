#include "unhidra/base/timer_wheel.h"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace unhidra {
namespace {

using std::chrono::milliseconds;
constexpr SteadyTime kStart{std::chrono::hours(5)};

struct Entry : WheelEntry {
  int fired = 0;
  std::function<void()> on_fire;
  void on_deadline() override {
    ++fired;
    if (on_fire) {
      on_fire();
    }
  }
};

TEST(TimerWheel, FiresOnceNotEarlyAndAtMostTwoTicksLate) {
  for (const int delay : {0, 1, 49, 50, 51, 1000, 51'200, 51'250, 300'000}) {
    TimerWheel wheel;
    Entry entry;
    wheel.set(entry, kStart, milliseconds(delay));
    auto now = kStart;
    while (entry.fired == 0) {
      now += milliseconds(5);
      wheel.advance(now);
      ASSERT_LE(now - kStart, milliseconds(delay) + 2 * kWheelTick + milliseconds(5)) << delay;
    }
    EXPECT_GE(now - kStart, milliseconds(delay)) << delay;
    wheel.advance(now + std::chrono::hours(1));
    EXPECT_EQ(entry.fired, 1);
  }
}

TEST(TimerWheel, MovesADeadlineBothWays) {
  TimerWheel wheel;
  Entry entry;
  wheel.set(entry, kStart, milliseconds(1000));
  wheel.set(entry, kStart, milliseconds(3000));
  wheel.advance(kStart + milliseconds(2900));
  EXPECT_EQ(entry.fired, 0);
  wheel.set(entry, kStart + milliseconds(2900), milliseconds(10));
  wheel.advance(kStart + milliseconds(3020));
  EXPECT_EQ(entry.fired, 1);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, ForgetsTheClearedAndTheDestroyed) {
  TimerWheel wheel;
  Entry cleared;
  auto destroyed = std::make_unique<Entry>();
  wheel.set(cleared, kStart, milliseconds(100));
  wheel.set(*destroyed, kStart, milliseconds(100));
  wheel.clear(cleared);
  destroyed.reset();
  EXPECT_EQ(wheel.size(), 0U);
  wheel.advance(kStart + std::chrono::seconds(1));
  EXPECT_EQ(cleared.fired, 0);
}

TEST(TimerWheel, LetsAHandlerDropOthersAndSetItselfAgain) {
  TimerWheel wheel;
  Entry first;
  auto second = std::make_unique<Entry>();
  first.on_fire = [&] {
    second.reset();
    wheel.set(first, kStart + milliseconds(200), milliseconds(50));
  };
  wheel.set(first, kStart, milliseconds(100));
  wheel.set(*second, kStart, milliseconds(100));
  wheel.advance(kStart + milliseconds(200));
  EXPECT_EQ(first.fired, 1);
  first.on_fire = nullptr;
  wheel.advance(kStart + milliseconds(400));
  EXPECT_EQ(first.fired, 2);
}

TEST(TimerWheel, AgreesWithASimpleModel) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  TimerWheel wheel;
  std::vector<std::unique_ptr<Entry>> entries;
  std::map<Entry*, SteadyTime> model;
  for (int i = 0; i < 200; ++i) {
    entries.push_back(std::make_unique<Entry>());
    auto* entry = entries.back().get();
    entry->on_fire = [&model, entry] { model.erase(entry); };
  }
  auto now = kStart;
  for (int step = 0; step < 5000; ++step) {
    auto* entry = entries[random() % entries.size()].get();
    if (random() % 5 == 0) {
      wheel.clear(*entry);
      model.erase(entry);
    } else {
      const milliseconds delay(random() % 120'000);
      wheel.set(*entry, now, delay);
      model[entry] = now + delay;
    }
    now += milliseconds(random() % 300);
    wheel.advance(now);
    for (const auto& [pending, due] : model) {
      ASSERT_GE(due + 2 * kWheelTick, now) << "overdue";
    }
    ASSERT_EQ(wheel.size(), model.size());
  }
}

}  // namespace
}  // namespace unhidra
