// What write() promises: order, isolation of failures, answers only after the commit.

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "test_database.h"

namespace unhidra::storage {
namespace {

namespace asio = boost::asio;

class GroupCommit : public DatabaseTest {
 protected:
  // Runs `make(i)` for i in [0, count) at once on one thread.
  template <class F>
  void run_all(int count, F make) {
    asio::io_context context;
    for (int i = 0; i < count; ++i) {
      asio::co_spawn(context, make(i), [](const std::exception_ptr& thrown) {
        if (thrown) {
          std::rethrow_exception(thrown);
        }
      });
    }
    context.run();
  }
};
UNHIDRA_ON_BOTH_DATABASES(GroupCommit);

// Keeps the writer busy until told, so that what follows gathers into one group.
class Gate {
 public:
  void wait() { open_.wait(false); }
  void open() {
    open_ = true;
    open_.notify_all();
  }

 private:
  std::atomic<bool> open_{false};
};

Task<void> expect_put(Database& db, int id, std::atomic<int>& done) {
  auto closure = [id](Transaction& tx) { return put(tx, id, std::to_string(id)); };
  const auto status = co_await db.write(closure);
  EXPECT_TRUE(status) << status.error().message();
  ++done;
}

TEST_P(GroupCommit, CommitsManyWritesTogether) {
  const auto db = open_fresh();
  std::atomic<int> done = 0;
  const auto before = db->stats().batches;
  run_all(500, [&](int i) { return expect_put(*db, i, done); });
  EXPECT_EQ(done, 500);
  EXPECT_EQ(count_items(*db), 500);
  EXPECT_EQ(db->stats().writes, 500U);
  EXPECT_LT(db->stats().batches - before, 100U);
}

TEST_P(GroupCommit, APutOffStatementThatFailsUndoesItsOwnClosureAlone) {
  const auto db = open_fresh();
  ASSERT_TRUE(db->write_sync([](Transaction& tx) { return put(tx, 1'000, "there already"); }));
  std::atomic<int> succeeded = 0;
  auto one = [&](int i) -> Task<void> {
    auto closure = [i](Transaction& tx) -> Status {
      // Twice, so that it is prepared and the second time truly put off.
      constexpr std::string_view kInsert = "INSERT INTO items (id, value) VALUES ($1, $2)";
      UNHIDRA_TRY_VOID(tx.execute_later(kInsert, i, "first " + std::to_string(i)));
      return tx.execute_later(kInsert, i % 7 == 3 ? 1'000 : i + 500, "second " + std::to_string(i));
    };
    const auto status = co_await db->write(closure);
    succeeded += status ? 1 : 0;
    if (i % 7 == 3) {
      EXPECT_CODE(Errc::unique_violation, status);
    } else {
      EXPECT_TRUE(status) << i << ": " << status.error().message();
    }
  };
  run_all(70, one);
  EXPECT_EQ(succeeded, 60);
  EXPECT_EQ(count_items(*db), 121);
}

// Counts in memory what closures put, and writes the sum when the group ends.
class Sum final : public GroupPart {
 public:
  std::unique_ptr<GroupPart> clone() const override { return std::make_unique<Sum>(*this); }
  Status finish(Transaction& tx) override {
    return tx.execute_later(
        "UPDATE items SET value = CAST(CAST(value AS BIGINT) + $1 AS TEXT) "
        "WHERE id = 5000",
        value);
  }
  int value = 0;
};

TEST_P(GroupCommit, WhatAGroupSharesIsWrittenOnceAndForgetsUndoneClosures) {
  const auto db = open_fresh();
  ASSERT_TRUE(db->write_sync([](Transaction& tx) { return put(tx, 5'000, "0"); }));
  auto one = [&](int i) -> Task<void> {
    auto closure = [i](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(put(tx, i, "x" + std::to_string(i)));
      tx.group_part<Sum>().value += 1;
      return i % 10 == 9 ? Status(fail(unhidra::Errc::invalid, "changed its mind")) : Status();
    };
    (void)co_await db->write(closure);
  };
  run_all(200, one);
  const auto sum = db->read_sync([](Transaction& tx) -> Result<std::string> {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT value FROM items WHERE id = 5000"));
    return rows.front().get<std::string>(0);
  });
  ASSERT_TRUE(sum) << sum.error().message();
  EXPECT_EQ(*sum, "180");
}

TEST_P(GroupCommit, AFailureRollsBackItselfAlone) {
  const auto db = open_fresh();
  Gate gate;
  std::thread blocker([&] {
    EXPECT_TRUE(db->write_sync([&](Transaction&) -> Status {
      gate.wait();
      return {};
    }));
  });
  std::atomic<int> succeeded = 0;
  std::atomic<int> failed = 0;
  std::atomic<int> submitted = 0;
  auto one = [&](int i) -> Task<void> {
    auto closure = [i](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(put(tx, i, std::to_string(i)));
      switch (i % 5) {
        case 1:
          return fail(unhidra::Errc::invalid, "changed its mind");
        case 2:
          throw std::runtime_error("a bug");
        case 3:
          UNHIDRA_TRY_VOID(tx.execute("INSERT INTO nowhere (id) VALUES (1)"));
          return {};
        default:
          return {};
      }
    };
    if (++submitted == 100) {
      gate.open();
    }
    const auto status = co_await db->write(closure);
    ++(status ? succeeded : failed);
    EXPECT_EQ(status.has_value(), i % 5 == 0 || i % 5 == 4);
    if (i % 5 == 2) {
      EXPECT_CODE(Errc::closure_threw, status);
    }
  };
  run_all(100, one);
  blocker.join();
  EXPECT_EQ(succeeded, 40);
  EXPECT_EQ(failed, 60);
  EXPECT_EQ(count_items(*db), 40);
  EXPECT_TRUE(db->healthy());
}

TEST_P(GroupCommit, RunsClosuresOfALaneInTheOrderOfSubmission) {
  const auto db = open_fresh();
  std::mutex mutex;
  std::vector<int> order;
  auto one = [&](int i) -> Task<void> {
    auto closure = [&, i](Transaction&) -> Status {
      const std::lock_guard lock(mutex);
      order.push_back(i);
      return {};
    };
    EXPECT_TRUE(co_await db->write(closure, LaneKey(OrgId())));
  };
  run_all(300, one);
  EXPECT_EQ(order.size(), 300U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_P(GroupCommit, AnswersAfterTheCommitOnTheCallersThread) {
  const auto settings = fresh_settings();
  const auto db = open(settings);
  const auto observer = open(settings);
  const auto here = std::this_thread::get_id();
  auto one = [&](int i) -> Task<void> {
    auto closure = [i](Transaction& tx) { return put(tx, i, std::to_string(i)); };
    EXPECT_TRUE(co_await db->write(closure));
    EXPECT_EQ(std::this_thread::get_id(), here);
    auto look = [i](Transaction& tx) -> Result<std::size_t> {
      UNHIDRA_TRY(const auto rows, tx.query("SELECT id FROM items WHERE id = $1", i));
      return rows.size();
    };
    const auto seen = co_await observer->read(look);
    EXPECT_EQ(seen.value_or(0), 1U);
    EXPECT_EQ(std::this_thread::get_id(), here);
  };
  run_all(50, one);
}

TEST_P(GroupCommit, AFullQueueRefusesAndSaysWhenToComeBack) {
  auto settings = fresh_settings();
  settings.max_queue = 10;
  settings.write_lanes = 1;
  const auto db = open(settings);
  Gate gate;
  Gate running;
  std::thread blocker([&] {
    EXPECT_TRUE(db->write_sync([&](Transaction&) -> Status {
      running.open();
      gate.wait();
      return {};
    }));
  });
  running.wait();
  std::atomic<int> refused = 0;
  std::atomic<int> answered = 0;
  auto one = [&](int i) -> Task<void> {
    auto closure = [i](Transaction& tx) { return put(tx, i, std::to_string(i)); };
    const auto status = co_await db->write(closure);
    ++answered;
    if (!status) {
      ++refused;
      EXPECT_CODE(Errc::overloaded, status);
      EXPECT_GT(status.error().retry_after().value_or(std::chrono::milliseconds(0)).count(), 0);
    }
    if (answered == 20) {
      gate.open();
    }
  };
  run_all(30, one);
  blocker.join();
  EXPECT_EQ(refused, 20);
  EXPECT_EQ(db->stats().refused, 20U);
  EXPECT_EQ(count_items(*db), 10);
}

TEST_P(GroupCommit, StoppingFinishesWhatIsQueuedAndAnswersTheRest) {
  const auto settings = fresh_settings();
  auto db = open(settings);
  std::atomic<int> done = 0;
  asio::io_context context;
  for (int i = 0; i < 200; ++i) {
    asio::co_spawn(context, expect_put(*db, i, done), asio::detached);
  }
  context.poll();
  std::thread stopper([&] { db->stop(); });
  context.run();
  stopper.join();
  EXPECT_EQ(done, 200);
  EXPECT_CODE(Errc::stopped, db->write_sync([](Transaction& tx) { return put(tx, 999, "x"); }));
  EXPECT_CODE(Errc::stopped, db->read_sync([](Transaction&) -> Status { return {}; }));
  db.reset();
  EXPECT_EQ(count_items(*open(settings)), 200);
}

class Recorder : public Observer {
 public:
  void on_batch(const BatchReport& report) override {
    const std::lock_guard lock(mutex);
    batches.push_back(report);
  }
  void on_read(std::chrono::nanoseconds, std::chrono::nanoseconds) override { ++reads; }
  void on_health(bool) override {}
  std::mutex mutex;
  std::vector<BatchReport> batches;
  std::atomic<int> reads{0};
};

TEST_P(GroupCommit, TellsAnObserverWhatHappened) {
  Recorder recorder;
  auto settings = fresh_settings();
  settings.observer = &recorder;
  {
    const auto db = open(settings);
    ASSERT_OK(db->write_sync([](Transaction& tx) { return put(tx, 1, "one"); }));
    EXPECT_EQ(count_items(*db), 1);
  }
  ASSERT_EQ(recorder.batches.size(), 1U);
  EXPECT_EQ(recorder.batches[0].size, 1U);
  EXPECT_EQ(recorder.batches[0].attempts, 1U);
  EXPECT_TRUE(recorder.batches[0].committed);
  EXPECT_GT(recorder.batches[0].committing.count(), 0);
  EXPECT_EQ(recorder.reads, 1);
}

// Handing out one-time prekeys: each exactly once, whoever asks at the same time.
Result<std::optional<std::int64_t>> hand_out(Transaction& tx) {
  UNHIDRA_TRY(const auto rows,
              tx.query("DELETE FROM items WHERE id = (SELECT MIN(id) FROM items) RETURNING id"));
  if (rows.empty()) {
    return std::nullopt;
  }
  return rows.front().get<std::int64_t>(0);
}

TEST_P(GroupCommit, AThousandParallelHandOutsGiveEachExactlyOnce) {
  const auto settings = fresh_settings();
  // Two databases stand for two processes; lanes by turns make PostgreSQL's transactions collide.
  const auto one = open(settings);
  const auto two = open(settings);
  ASSERT_OK(one->write_sync([](Transaction& tx) -> Status {
    for (int i = 0; i < 900; ++i) {
      UNHIDRA_TRY_VOID(put(tx, i, std::to_string(i)));
    }
    return {};
  }));
  std::multiset<std::int64_t> given;
  int none_left = 0;
  auto ask = [&](int i) -> Task<void> {
    LaneKey lane;
    lane.value = static_cast<std::uint64_t>(i / 250);
    auto& db = i % 2 == 0 ? *one : *two;
    const auto got = co_await db.write(hand_out, lane);
    EXPECT_TRUE(got) << got.error().message();
    if (got && *got) {
      given.insert(**got);
    } else {
      ++none_left;
    }
  };
  run_all(1'000, ask);
  EXPECT_EQ(given.size(), 900U);
  EXPECT_EQ(std::set(given.begin(), given.end()).size(), 900U);
  EXPECT_EQ(none_left, 100);
  EXPECT_EQ(count_items(*one), 0);
}

}  // namespace
}  // namespace unhidra::storage
