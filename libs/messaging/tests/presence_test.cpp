#include "unhidra/messaging/presence.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "unhidra/testkit/fake_clock.h"

namespace unhidra::messaging {
namespace {

using namespace std::chrono_literals;
using State = PresenceState;

template <class I>
I id(Byte n) {
  return I(Uuid{n});
}
const UserId kAlice = id<UserId>(1);
const UserId kBob = id<UserId>(2);

PresenceLease lease(UserId user, Byte connection) {
  return {user, id<DeviceId>(connection), id<ConnectionId>(connection)};
}

class PresenceTest : public ::testing::Test {
 protected:
  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    boost::asio::co_spawn(context_, runtime::detail::store(std::move(task), out),
                          [](const std::exception_ptr&) {});
    context_.restart();
    context_.run();
    return std::move(out).value();
  }
  void set(UserId user, Byte connection, State state) {
    EXPECT_TRUE(run(table_.set(lease(user, connection), state)));
  }
  void remove(UserId user, Byte connection) {
    EXPECT_TRUE(run(table_.remove(lease(user, connection))));
  }
  void pass(std::chrono::milliseconds time) {
    clock_.advance(time);
    table_.sweep();
    context_.restart();
    context_.run();
  }
  State look(UserId user) { return run(table_.look_up({user})).value().at(0).state; }
  std::unique_ptr<Presence::Watch> watch(std::vector<UserId> users) {
    auto out = table_.watch(context_.get_executor(), [this](const auto& changes) {
      seen_.insert(seen_.end(), changes.begin(), changes.end());
    });
    EXPECT_TRUE(run(out->replace(std::move(users))));
    return out;
  }
  std::vector<State> seen_of(UserId user) const {
    std::vector<State> out;
    for (const auto& change : seen_) {
      if (change.user == user) {
        out.push_back(change.state);
      }
    }
    return out;
  }

  boost::asio::io_context context_;
  testkit::FakeClock clock_;
  PresenceTable table_{{.lease = 90s, .offline_delay = 10s, .min_interval = 2s}, clock_};
  std::vector<PresenceChange> seen_;
};

TEST_F(PresenceTest, a_watcher_hears_of_watched_users_only) {
  const auto w = watch({kAlice});
  const auto since = clock_.now();
  set(kAlice, 1, State::online);
  set(kBob, 2, State::online);
  EXPECT_EQ(seen_, (std::vector<PresenceChange>{{kAlice, State::online, since}}));
  EXPECT_EQ(look(kBob), State::online);
}

TEST_F(PresenceTest, watching_answers_with_the_present_state) {
  const auto since = clock_.now();
  set(kAlice, 1, State::away);
  const auto w = table_.watch(context_.get_executor(), [](const auto&) {});
  const auto snapshot = run(w->replace({kAlice, kBob, kAlice})).value();
  ASSERT_EQ(snapshot.size(), 2U);
  for (const auto& entry : snapshot) {
    EXPECT_EQ(entry, entry.user == kAlice ? (PresenceChange{kAlice, State::away, since})
                                          : (PresenceChange{kBob, State::offline, {}}));
  }
}

TEST_F(PresenceTest, a_user_is_as_present_as_the_most_present_connection) {
  const auto w = watch({kAlice});
  set(kAlice, 1, State::online);
  set(kAlice, 2, State::away);
  pass(60s);
  set(kAlice, 1, State::away);
  pass(3s);
  EXPECT_EQ(seen_of(kAlice), (std::vector{State::online, State::away}));
  remove(kAlice, 1);
  pass(20s);
  EXPECT_EQ(seen_of(kAlice), (std::vector{State::online, State::away}));
  remove(kAlice, 2);
  pass(20s);
  EXPECT_EQ(seen_of(kAlice), (std::vector{State::online, State::away, State::offline}));
}

TEST_F(PresenceTest, a_quick_reconnect_is_invisible) {
  const auto w = watch({kAlice});
  set(kAlice, 1, State::online);
  for (Byte i = 2; i < 50; ++i) {
    pass(3s);
    remove(kAlice, static_cast<Byte>(i - 1));
    pass(3s);
    set(kAlice, i, State::online);
  }
  pass(60s);
  EXPECT_EQ(seen_of(kAlice), std::vector{State::online});
}

TEST_F(PresenceTest, going_offline_is_told_after_the_delay_with_the_time_it_happened) {
  const auto w = watch({kAlice});
  set(kAlice, 1, State::online);
  pass(5s);
  const auto left = clock_.now();
  remove(kAlice, 1);
  pass(9s);
  EXPECT_EQ(seen_of(kAlice), std::vector{State::online});
  EXPECT_EQ(look(kAlice), State::online);
  pass(1s);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[1], (PresenceChange{kAlice, State::offline, left}));
}

TEST_F(PresenceTest, flapping_is_told_at_most_once_per_interval_and_ends_at_the_truth) {
  const auto w = watch({kAlice});
  for (int i = 0; i < 100; ++i) {
    set(kAlice, 1, i % 2 == 0 ? State::online : State::away);
    pass(100ms);
  }
  EXPECT_LE(seen_.size(), 6U);
  pass(3s);
  EXPECT_EQ(look(kAlice), State::away);
  EXPECT_EQ(seen_of(kAlice).back(), State::away);
}

TEST_F(PresenceTest, a_lease_that_is_not_refreshed_runs_out) {
  const auto w = watch({kAlice, kBob});
  set(kAlice, 1, State::online);
  set(kBob, 2, State::online);
  pass(80s);
  EXPECT_TRUE(run(table_.refresh({lease(kBob, 2), lease(kBob, 9)})));
  pass(10s);
  EXPECT_EQ(table_.connections(), 1U);
  pass(10s);
  EXPECT_EQ(look(kAlice), State::offline);
  EXPECT_EQ(look(kBob), State::online);
}

TEST_F(PresenceTest, a_slow_watcher_gets_the_latest_state_once) {
  const auto w = watch({kAlice});
  // Its executor does not run meanwhile.
  const auto set_now = [&](State state) {
    boost::asio::io_context mine;
    boost::asio::co_spawn(mine, table_.set(lease(kAlice, 1), state),
                          [](const std::exception_ptr&, const Status&) {});
    mine.run();
    clock_.advance(5s);
    table_.sweep();
  };
  set_now(State::online);
  set_now(State::away);
  set_now(State::online);
  set_now(State::away);
  EXPECT_TRUE(seen_.empty());
  context_.restart();
  EXPECT_EQ(context_.run(), 1U);
  EXPECT_EQ(seen_of(kAlice), std::vector{State::away});
}

TEST_F(PresenceTest, a_watch_that_has_gone_hears_nothing) {
  auto w = watch({kAlice});
  w.reset();
  set(kAlice, 1, State::online);
  EXPECT_TRUE(seen_.empty());
}

TEST_F(PresenceTest, replacing_the_watched_set_ends_the_old_one) {
  const auto w = watch({kAlice});
  EXPECT_TRUE(run(w->replace({kBob})));
  set(kAlice, 1, State::online);
  set(kBob, 2, State::online);
  EXPECT_TRUE(seen_of(kAlice).empty());
  EXPECT_EQ(seen_of(kBob), std::vector{State::online});
}

TEST_F(PresenceTest, the_watched_set_is_bounded) {
  PresenceTable small({.max_watched = 2}, clock_);
  const auto w = small.watch(context_.get_executor(), [](const auto&) {});
  EXPECT_TRUE(run(w->replace({kAlice, kBob, kAlice})));
  const auto refused = run(w->replace({kAlice, kBob, id<UserId>(3)}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::too_many_watched);
}

TEST_F(PresenceTest, nothing_is_kept_of_users_who_have_left) {
  for (int round = 0; round < 3; ++round) {
    for (Byte i = 1; i < 200; ++i) {
      set(id<UserId>(i), i, State::online);
      if (i % 3 == 0) {
        set(id<UserId>(i), i, State::away);
      }
      remove(id<UserId>(i), i);
    }
    pass(20s);
  }
  EXPECT_EQ(table_.connections(), 0U);
  EXPECT_EQ(table_.known_users(), 0U);
}

TEST(PresenceTable, many_threads_leave_a_consistent_table) {
  const testkit::FakeClock clock;
  PresenceTable table({.offline_delay = 0ms, .min_interval = 0ms}, clock);
  boost::asio::io_context watching;
  std::atomic<int> told{0};
  auto w = table.watch(watching.get_executor(),
                       [&](const auto& changes) { told += static_cast<int>(changes.size()); });
  const auto run = [](auto task) {
    boost::asio::io_context context;
    boost::asio::co_spawn(context, std::move(task), [](const std::exception_ptr&, const auto&) {});
    context.run();
  };
  run(w->replace({kAlice, kBob}));
  std::vector<std::thread> threads;
  for (Byte t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        run(table.set(lease(i % 2 == 0 ? kAlice : kBob, t), State::online));
        run(table.remove(lease(i % 2 == 0 ? kAlice : kBob, t)));
        table.sweep();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  table.sweep();
  watching.run();
  EXPECT_EQ(table.connections(), 0U);
  EXPECT_GT(told, 0);
}

}  // namespace
}  // namespace unhidra::messaging
