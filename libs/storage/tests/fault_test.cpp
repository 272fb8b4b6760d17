// The world around the database fails, and comes back.

#include <atomic>
#include <fstream>
#include <thread>
#include <unistd.h>

#include <sys/mount.h>

#include "unhidra/testkit/process.h"

#include "test_database.h"

namespace unhidra::storage {
namespace {

using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1'000; ++i) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

Status put_filler(Database& db, std::int64_t id) {
  return db.write_sync([id](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(
        tx.execute("INSERT INTO every_type (id, b) VALUES ($1, $2)", id, Bytes(20'000, 1)));
    return {};
  });
}

// Writes until there is no room left; the number of rows that were acknowledged.
std::int64_t fill_up(Database& db, Status& last) {
  std::int64_t rows = 0;
  for (; rows < 10'000; ++rows) {
    last = put_filler(db, rows);
    if (!last) {
      break;
    }
  }
  return rows;
}

std::int64_t count_fillers(Database& db) {
  const auto count = db.read_sync([](Transaction& tx) -> Result<std::int64_t> {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT COUNT(*) FROM every_type"));
    return rows.front().get<std::int64_t>(0);
  });
  return count.value_or(-1);
}

class SqliteFaults : public DatabaseTest {
 protected:
  Status set_max_pages(Database& db, int pages) {
    return db.write_sync([pages](Transaction& tx) -> Status {
      UNHIDRA_TRY(const auto rows, tx.query("PRAGMA max_page_count = " + std::to_string(pages)));
      EXPECT_FALSE(rows.empty());
      return {};
    });
  }
};
INSTANTIATE_TEST_SUITE_P(On, SqliteFaults, testing::Values(Kind::sqlite), kind_name);

TEST_P(SqliteFaults, AFullFileIsToldAndRecoveredFrom) {
  const auto db = open_fresh();
  ASSERT_OK(set_max_pages(*db, 100));
  Status status;
  const auto rows = fill_up(*db, status);
  EXPECT_GT(rows, 5);
  EXPECT_CODE(Errc::disk_full, status);
  EXPECT_FALSE(db->healthy());
  EXPECT_EQ(count_fillers(*db), rows);  // reading goes on
  ASSERT_OK(set_max_pages(*db, 10'000));
  EXPECT_TRUE(eventually([&] { return db->healthy(); }));
  ASSERT_OK(put_filler(*db, 20'000));
}

// A real file system without room: only root may mount one.
TEST_P(SqliteFaults, AFullDiskIsToldAndRecoveredFrom) {
  const auto mount_point = dir_ / "small";
  std::filesystem::create_directory(mount_point);
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "cannot mount a small file system here (needs root)";
  }
  {
    auto settings = fresh_settings();
    settings.url = "sqlite:" + (mount_point / "x.db").string();
    const auto db = open(settings);
    const auto ballast = mount_point / "ballast";
    std::ofstream(ballast) << std::string(500'000, 'x');
    Status status;
    const auto rows = fill_up(*db, status);
    EXPECT_GT(rows, 5);
    EXPECT_CODE(Errc::disk_full, status);
    EXPECT_FALSE(db->healthy());
    EXPECT_EQ(count_fillers(*db), rows);
    std::filesystem::remove(ballast);
    EXPECT_TRUE(eventually([&] { return db->healthy(); }));
    EXPECT_TRUE(eventually([&] { return put_filler(*db, 20'000).has_value(); }));
    EXPECT_EQ(count_fillers(*db), rows + 1);
  }
  EXPECT_EQ(::umount2(mount_point.c_str(), MNT_DETACH), 0);
}

TEST_P(SqliteFaults, AnotherProcessMayHoldTheWriteLockForAWhile) {
  auto settings = fresh_settings();
  const auto server = open(settings);
  const auto admin = open(settings);
  std::atomic<bool> holding = false;
  std::thread other([&] {
    EXPECT_TRUE(admin->write_sync([&](Transaction& tx) -> Status {
      holding = true;
      std::this_thread::sleep_for(300ms);
      return put(tx, 1, "admin");
    }));
  });
  EXPECT_TRUE(eventually([&] { return holding.load(); }));
  EXPECT_TRUE(server->write_sync([](Transaction& tx) { return put(tx, 2, "server"); }));
  other.join();
  EXPECT_EQ(count_items(*server), 2);
}

TEST_P(SqliteFaults, ALockHeldForTooLongIsToldAsBusy) {
  auto settings = fresh_settings();
  const auto admin = open(settings);
  settings.busy_timeout = 20ms;
  const auto server = open(settings);
  std::atomic<bool> holding = false;
  std::atomic<bool> let_go = false;
  std::thread other([&] {
    EXPECT_TRUE(admin->write_sync([&](Transaction&) -> Status {
      holding = true;
      let_go.wait(false);
      return {};
    }));
  });
  EXPECT_TRUE(eventually([&] { return holding.load(); }));
  EXPECT_CODE(Errc::busy, server->write_sync([](Transaction& tx) { return put(tx, 2, "server"); }));
  let_go = true;
  let_go.notify_all();
  other.join();
  EXPECT_TRUE(eventually([&] {
    return server->write_sync([](Transaction& tx) { return put(tx, 2, "server"); }).has_value();
  }));
}

TEST_P(SqliteFaults, ADamagedFileIsToldAsCorrupt) {
  const auto settings = fresh_settings();
  open(settings).reset();
  const auto path = settings.url.substr(7);
  std::ofstream(path, std::ios::trunc) << std::string(8'192, 'z');
  EXPECT_CODE(Errc::corrupt, Database::open(settings));
}

Status increment(Transaction& tx) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT count FROM counters WHERE name = 'c'"));
  const auto count = rows.front().get<std::int64_t>(0);
  // Written from what was read: right only when nobody else wrote it in between.
  UNHIDRA_TRY_VOID(tx.execute("UPDATE counters SET count = $1 WHERE name = 'c'", count + 1));
  return {};
}

class PostgresFaults : public DatabaseTest {
 protected:
  void increment_from_all_sides(const Settings& settings) {
    constexpr int kThreads = 8;
    constexpr int kRounds = 40;
    const auto one = open(settings);
    const auto two = open(settings);
    ASSERT_OK(one->write_sync([](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(tx.execute("INSERT INTO counters (name, count) VALUES ('c', 0)"));
      return {};
    }));
    std::atomic<int> succeeded = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
          LaneKey lane;
          lane.value = static_cast<std::uint64_t>(i);
          for (int round = 0; round < kRounds; ++round) {
            const auto status = (i % 2 == 0 ? *one : *two).write_sync(increment, lane);
            EXPECT_TRUE(status || status.error() == Errc::contended) << status.error().message();
            succeeded += status ? 1 : 0;
          }
        });
      }
    }
    const auto count = one->read_sync([](Transaction& tx) -> Result<std::int64_t> {
      UNHIDRA_TRY(const auto rows, tx.query("SELECT count FROM counters"));
      return rows.front().get<std::int64_t>(0);
    });
    EXPECT_EQ(count.value_or(-1), succeeded);
    EXPECT_EQ(succeeded, kThreads * kRounds);
    EXPECT_GT(one->stats().retries + two->stats().retries, 0U);
  }
};
INSTANTIATE_TEST_SUITE_P(On, PostgresFaults, testing::Values(Kind::postgres), kind_name);

TEST_P(PostgresFaults, SerializationFailuresAreRetriedUntilAllIsRight) {
  for (const auto isolation : {Isolation::repeatable_read, Isolation::serializable}) {
    auto settings = fresh_settings();
    settings.isolation = isolation;
    increment_from_all_sides(settings);
  }
}

// Each of two takes itself off duty when the other is still on: at least one must stay.
Result<bool> leave_duty(Transaction& tx, const std::string& who, std::atomic<int>& looked) {
  UNHIDRA_TRY(const auto on, tx.query("SELECT name FROM counters WHERE count = 1"));
  ++looked;
  eventually([&] { return looked >= 2; });
  if (on.size() < 2) {
    return false;
  }
  UNHIDRA_TRY_VOID(tx.execute("UPDATE counters SET count = 0 WHERE name = $1", who));
  return true;
}

TEST_P(PostgresFaults, SerializableIsolationKeepsRulesOverRowsThatAreOnlyRead) {
  auto settings = fresh_settings();
  settings.isolation = Isolation::serializable;
  const auto one = open(settings);
  const auto two = open(settings);
  ASSERT_OK(one->write_sync([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute("INSERT INTO counters (name, count) VALUES ('a', 1), ('b', 1)"));
    return {};
  }));
  std::atomic<int> looked = 0;
  std::atomic<int> left = 0;
  {
    const std::jthread first([&] {
      left += one->write_sync([&](Transaction& tx) { return leave_duty(tx, "a", looked); }).value();
    });
    const std::jthread second([&] {
      left += two->write_sync([&](Transaction& tx) { return leave_duty(tx, "b", looked); }).value();
    });
  }
  EXPECT_EQ(left, 1);
}

// Its own server: this test stops it.
TEST_P(PostgresFaults, AStoppedServerIsToldAndRecoveredFrom) {
  auto server = testkit::PostgresServer::start();
  ASSERT_OK(server);
  Settings settings;
  settings.migrations = test_migrations();
  settings.probe_interval = 50ms;
  settings.url = server->url();
  const auto db = open(settings);
  ASSERT_OK(db->write_sync([](Transaction& tx) { return put(tx, 1, "one"); }));
  EXPECT_EQ(count_items(*db), 1);
  for (int round = 0; round < 2; ++round) {
    round == 0 ? server->stop() : server->kill();
    EXPECT_TRUE(eventually([&] { return !db->healthy(); }));  // noticed without being asked
    EXPECT_CODE(Errc::unavailable,
                db->write_sync([](Transaction& tx) { return put(tx, 9, "nine"); }));
    EXPECT_CODE(Errc::unavailable, db->read_sync([](Transaction& tx) -> Status {
      UNHIDRA_TRY(const auto rows, tx.query("SELECT id FROM items"));
      return rows.empty() ? Status{} : Status{};
    }));
    ASSERT_OK(server->restart());
    EXPECT_TRUE(eventually([&] { return db->healthy(); }));
    const auto id = 2 + round;
    ASSERT_OK(db->write_sync([id](Transaction& tx) { return put(tx, id, std::to_string(id)); }));
  }
  EXPECT_EQ(count_items(*db), 3);
  EXPECT_GT(db->stats().reconnects, 0U);
}

// A session that died unnoticed costs nobody an error: nothing had been sent on it.
TEST_P(PostgresFaults, ADeadSessionIsReplacedUnderTheFirstWrite) {
  auto settings = fresh_settings();
  settings.probe_interval = 60s;
  const auto db = open(settings);
  const auto killer = open(settings);
  ASSERT_OK(db->write_sync([](Transaction& tx) { return put(tx, 1, "one"); }));
  EXPECT_EQ(count_items(*db), 1);
  ASSERT_OK(killer->read_sync([](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto rows,
                tx.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                         "current_database() AND pid <> pg_backend_pid()"));
    EXPECT_FALSE(rows.empty());
    return {};
  }));
  ASSERT_OK(db->write_sync([](Transaction& tx) { return put(tx, 2, "two"); }));
  EXPECT_EQ(count_items(*db), 2);
}

TEST_P(PostgresFaults, AStatementThatRunsTooLongIsCutOff) {
  auto settings = fresh_settings();
  settings.statement_timeout = 100ms;
  const auto db = open(settings);
  EXPECT_CODE(Errc::timed_out, db->write_sync([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(put(tx, 1, "one"));
    UNHIDRA_TRY(const auto rows, tx.query("SELECT 1 FROM pg_sleep(5)"));
    return rows.empty() ? Status{} : Status{};
  }));
  EXPECT_EQ(count_items(*db), 0);
  EXPECT_TRUE(db->healthy());
}

TEST_P(PostgresFaults, WorksWithoutPreparedStatements) {
  auto settings = fresh_settings();
  settings.prepared_statements = false;
  const auto db = open(settings);
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(db->write_sync([i](Transaction& tx) { return put(tx, i, std::to_string(i)); }));
  }
  EXPECT_EQ(count_items(*db), 5);
}

TEST_P(PostgresFaults, ATableThatChangesUnderAPreparedStatementIsNoError) {
  const auto settings = fresh_settings();
  const auto db = open(settings);
  const auto other = open(settings);
  const auto look = [](Transaction& tx) -> Result<std::size_t> {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT * FROM items"));
    return rows.columns().size();
  };
  EXPECT_EQ(db->write_sync(look).value(), 2U);
  ASSERT_OK(other->write_sync([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute("ALTER TABLE items ADD COLUMN more BIGINT"));
    return {};
  }));
  EXPECT_EQ(db->write_sync(look).value_or(0), 3U);
}

}  // namespace
}  // namespace unhidra::storage
