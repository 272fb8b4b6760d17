// SQLite's log, whose writes are joined (docs/decisions/0030), under transactions that do not fit
// into the page cache.

#include <fstream>
#include <thread>

#include <sys/mount.h>

#include "test_database.h"

namespace unhidra::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kRows = 2'000;

std::string value_of(std::int64_t id, int round) {
  return std::to_string(id * 7 + round) + std::string(1'000, static_cast<char>('a' + round));
}

class SqliteLog : public DatabaseTest {
 protected:
  // Pages leave the cache for the log long before the commit.
  static void shrink_cache(Database& db) {
    ASSERT_OK(db.write_sync([](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(tx.query("PRAGMA cache_size = 20"));
      return {};
    }));
  }

  static Status write_rows(Transaction& tx, int rounds) {
    for (std::int64_t id = 0; id < kRows; ++id) {
      UNHIDRA_TRY_VOID(put(tx, id, value_of(id, 0)));
    }
    for (int round = 1; round < rounds; ++round) {
      for (std::int64_t id = 0; id < kRows; ++id) {
        UNHIDRA_TRY_VOID(
            tx.execute("UPDATE items SET value = $2 WHERE id = $1", id, value_of(id, round)));
      }
    }
    return {};
  }

  static Status expect_rows(Transaction& tx, int round) {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT id, value FROM items ORDER BY id"));
    EXPECT_EQ(rows.size(), static_cast<std::size_t>(kRows));
    std::int64_t id = 0;
    for (const Row row : rows) {
      EXPECT_EQ(row.get<std::int64_t>(0), id);
      EXPECT_EQ(row.get<std::string>(1), value_of(id, round));
      ++id;
    }
    return {};
  }

  static void expect_sound(Database& db) {
    ASSERT_OK(db.read_sync([](Transaction& tx) -> Status {
      UNHIDRA_TRY(const auto rows, tx.query("PRAGMA integrity_check"));
      EXPECT_EQ(rows.front().get<std::string>(0), "ok");
      return {};
    }));
  }
};
INSTANTIATE_TEST_SUITE_P(On, SqliteLog, testing::Values(Kind::sqlite), kind_name);

TEST_P(SqliteLog, PagesThatLeftTheCacheAreReadBackAndCommitted) {
  const auto settings = fresh_settings();
  {
    const auto db = open(settings);
    shrink_cache(*db);
    ASSERT_OK(db->write_sync([](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(write_rows(tx, 3));
      return expect_rows(tx, 2);
    }));
    ASSERT_OK(db->read_sync([](Transaction& tx) { return expect_rows(tx, 2); }));
    expect_sound(*db);
  }
  const auto again = open(settings);
  ASSERT_OK(again->read_sync([](Transaction& tx) { return expect_rows(tx, 2); }));
  expect_sound(*again);
}

TEST_P(SqliteLog, WhatWasTakenBackLeavesNoTraceInWhatFollows) {
  const auto settings = fresh_settings();
  {
    const auto db = open(settings);
    shrink_cache(*db);
    for (int i = 0; i < 3; ++i) {
      EXPECT_CODE(Errc::bad_statement, db->write_sync([](Transaction& tx) -> Status {
        UNHIDRA_TRY_VOID(write_rows(tx, 2));
        return fail(Errc::bad_statement, "taken back");
      }));
      EXPECT_EQ(count_items(*db), 0);
    }
    ASSERT_OK(db->write_sync([](Transaction& tx) { return write_rows(tx, 1); }));
    expect_sound(*db);
  }
  const auto again = open(settings);
  ASSERT_OK(again->read_sync([](Transaction& tx) { return expect_rows(tx, 0); }));
  expect_sound(*again);
}

// A real file system without room: only root may mount one.
TEST_P(SqliteLog, ADiskThatFillsUpInTheMiddleOfATransactionCostsThatOneAlone) {
  const auto mount_point = dir_ / "small";
  std::filesystem::create_directory(mount_point);
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=6m") != 0) {
    GTEST_SKIP() << "cannot mount a small file system here (needs root)";
  }
  {
    auto settings = fresh_settings();
    settings.url = "sqlite:" + (mount_point / "x.db").string();
    const auto db = open(settings);
    shrink_cache(*db);
    ASSERT_OK(db->write_sync([](Transaction& tx) { return put(tx, -1, "before"); }));
    const auto ballast = mount_point / "ballast";
    std::ofstream(ballast) << std::string(4'500'000, 'x');
    EXPECT_CODE(Errc::disk_full, db->write_sync([](Transaction& tx) { return write_rows(tx, 2); }));
    EXPECT_EQ(count_items(*db), 1);
    std::filesystem::remove(ballast);
    Status status = fail(Errc::disk_full, "");
    for (int i = 0; i < 1'000 && !status; ++i) {
      status = db->write_sync([](Transaction& tx) { return put(tx, -2, "after"); });
      std::this_thread::sleep_for(10ms);
    }
    ASSERT_OK(status);
    EXPECT_EQ(count_items(*db), 2);
    expect_sound(*db);
  }
  EXPECT_EQ(::umount2(mount_point.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace unhidra::storage
