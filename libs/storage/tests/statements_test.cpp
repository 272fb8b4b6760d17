// Statements, values and failures mean the same on both databases.

#include "test_database.h"

namespace unhidra::storage {
namespace {

class Statements : public DatabaseTest {};
UNHIDRA_ON_BOTH_DATABASES(Statements);

Status put_types(Transaction& tx, std::int64_t id, const Param& i, const Param& r, const Param& t,
                 const Param& b) {
  UNHIDRA_TRY_VOID(tx.execute("INSERT INTO every_type (id, i, r, t, b) VALUES ($1, $2, $3, $4, $5)",
                              id, i, r, t, b));
  return {};
}

TEST_P(Statements, EveryTypeComesBackAsItWent) {
  const auto db = open_fresh();
  testkit::SeededRandom random(1);
  const UserId id(make_uuid_v7(from_unix_micros(1'700'000'000'000'000), random));
  const Timestamp time = from_unix_micros(1'700'000'000'123'456);
  const std::string text =
      std::string("caf\xC3\xA9 \xF0\x9F\x90\x8D '; DROP TABLE items; -- %s \\x00 $1");
  Bytes bytes(256);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<Byte>(i);
  }
  ASSERT_OK(db->write_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(put_types(tx, 1, INT64_MIN, -0.125, text, bytes));
    UNHIDRA_TRY_VOID(put_types(tx, 2, INT64_MAX, 1e300, "", Bytes()));
    UNHIDRA_TRY_VOID(put_types(tx, 3, time, 0.0, std::string_view("x"), id));
    UNHIDRA_TRY_VOID(put_types(tx, 4, true, 0.0, nullptr, ByteArray<3>{1, 0, 2}));
    return put_types(tx, 5, nullptr, nullptr, std::optional<std::string>(), std::optional<Bytes>());
  }));
  ASSERT_OK(db->read_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT id, i, r, t, b FROM every_type ORDER BY id"));
    EXPECT_EQ(rows.size(), 5U);
    EXPECT_EQ(rows[0].get<std::int64_t>("i"), INT64_MIN);
    EXPECT_EQ(rows[0].get<double>("r"), -0.125);
    EXPECT_EQ(rows[0].get<std::string>("t"), text);
    EXPECT_EQ(rows[0].get<Bytes>("b"), bytes);
    EXPECT_EQ(rows[1].get<std::int64_t>(1), INT64_MAX);
    EXPECT_EQ(rows[1].get<double>(2), 1e300);
    EXPECT_EQ(rows[1].get<std::string_view>(3), "");
    EXPECT_FALSE(rows[1].is_null("t"));
    EXPECT_FALSE(rows[1].is_null("b"));
    EXPECT_TRUE(rows[1].get<ByteView>("b").empty());
    EXPECT_EQ(rows[2].get<Timestamp>("i"), time);
    EXPECT_EQ(rows[2].get<UserId>("b"), id);
    EXPECT_EQ(rows[3].get<bool>("i"), true);
    EXPECT_EQ(rows[3].get<std::uint8_t>("i"), 1U);
    EXPECT_EQ(rows[3].get<std::optional<std::string>>("t"), std::nullopt);
    EXPECT_EQ(rows[3].get<ByteArray<3>>("b"), (ByteArray<3>{1, 0, 2}));
    for (const std::size_t column : {1U, 2U, 3U, 4U}) {
      EXPECT_TRUE(rows[4].is_null(column));
    }
    EXPECT_EQ(rows[4].get<std::optional<std::int64_t>>(1), std::nullopt);
    EXPECT_EQ(rows[4].get<std::optional<double>>(2), std::nullopt);
    return {};
  }));
}

TEST_P(Statements, ParametersAreTakenByTheirNumber) {
  const auto db = open_fresh();
  const auto got = db->write_sync([](Transaction& tx) -> Result<std::string> {
    UNHIDRA_TRY_VOID(tx.execute("INSERT INTO items (value, id) VALUES ($2, $1)", 7, "seven"));
    UNHIDRA_TRY(
        const auto rows,
        tx.query("SELECT value FROM items WHERE value = $2 AND id = $1 AND $1 = id", 7, "seven"));
    return rows.front().get<std::string>(0);
  });
  ASSERT_OK(got);
  EXPECT_EQ(*got, "seven");
}

TEST_P(Statements, CountTheRowsTheyChange) {
  const auto db = open_fresh();
  ASSERT_OK(db->write_sync([](Transaction& tx) -> Status {
    for (int i = 1; i <= 4; ++i) {
      UNHIDRA_TRY_VOID(put(tx, i, std::to_string(i)));
    }
    EXPECT_EQ(tx.execute("UPDATE items SET value = value || $1 WHERE id > $2", "x", 1).value(), 3U);
    EXPECT_EQ(tx.execute("DELETE FROM items WHERE id = $1", 99).value(), 0U);
    EXPECT_EQ(tx.execute("INSERT INTO items (id, value) VALUES (1, 'again') ON CONFLICT DO NOTHING")
                  .value(),
              0U);
    EXPECT_EQ(tx.execute("DELETE FROM items WHERE id < $1", 3).value(), 2U);
    UNHIDRA_TRY(const auto left, tx.query("DELETE FROM items RETURNING id"));
    EXPECT_EQ(left.size(), 2U);
    return {};
  }));
  EXPECT_EQ(count_items(*db), 0);
}

// A closure that meets the given failure and goes on as if nothing had happened.
Status stumble(Transaction& tx, std::string_view sql, std::string_view param) {
  UNHIDRA_TRY_VOID(put(tx, 1, "one"));
  EXPECT_FALSE(tx.execute(sql, param));
  // Doomed: nothing works any more.
  EXPECT_FALSE(put(tx, 2, "two"));
  return {};
}

TEST_P(Statements, FailuresHaveNamesAndDoomTheTransaction) {
  const auto db = open_fresh();
  const auto run = [&](std::string_view sql) {
    return db->write_sync([&](Transaction& tx) { return stumble(tx, sql, "one"); });
  };
  EXPECT_CODE(Errc::unique_violation, run("INSERT INTO items (id, value) VALUES (2, $1)"));
  EXPECT_CODE(Errc::unique_violation, run("INSERT INTO items (id, value) VALUES (1, $1 || 'x')"));
  EXPECT_CODE(Errc::foreign_key_violation,
              run("INSERT INTO children (id, item, note) VALUES (1, 55, $1)"));
  EXPECT_CODE(Errc::constraint_violation,
              run("INSERT INTO children (id, item, note) VALUES (1, NULL, $1)"));
  EXPECT_CODE(Errc::constraint_violation,
              run("INSERT INTO children (id, item, note) SELECT 1, 1, 'bad' WHERE $1 = 'one'"));
  EXPECT_CODE(Errc::bad_statement, run("INSERT INTO nowhere (id) VALUES ($1)"));
  EXPECT_CODE(Errc::bad_statement, run("SELEKT $1"));
  EXPECT_CODE(Errc::bad_statement, run("INSERT INTO items (id, value) VALUES (2, $2)"));
  EXPECT_CODE(Errc::bad_statement,
              run("INSERT INTO items (id, value) VALUES (2, $1); DELETE FROM items"));
  EXPECT_EQ(count_items(*db), 0);
}

TEST_P(Statements, TextThatOneOfThemCannotStoreIsRefusedByBoth) {
  const auto db = open_fresh();
  for (const auto& text : {std::string("a\0b", 3), std::string("\xFF"), std::string("\xC0\x80")}) {
    EXPECT_CODE(Errc::bad_text, db->write_sync([&](Transaction& tx) { return put(tx, 1, text); }));
    EXPECT_CODE(Errc::bad_text, db->read_sync([&](Transaction& tx) -> Status {
      UNHIDRA_TRY(const auto none, tx.query("SELECT id FROM items WHERE value = $1", text));
      EXPECT_TRUE(none.empty());
      return {};
    }));
  }
  EXPECT_EQ(count_items(*db), 0);
}

TEST_P(Statements, AWrongReadDoomsTheTransaction) {
  const auto db = open_fresh();
  const auto run = [&](auto read) {
    return db->write_sync([&](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(put(tx, 1, "text"));
      UNHIDRA_TRY(const auto rows, tx.query("SELECT id, value, NULL AS empty FROM items"));
      read(rows.front());
      return {};
    });
  };
  EXPECT_CODE(Errc::column_mismatch, run([](Row row) { row.get<std::int64_t>("value"); }));
  EXPECT_CODE(Errc::column_mismatch, run([](Row row) { row.get<std::string>("id"); }));
  EXPECT_CODE(Errc::column_mismatch, run([](Row row) { row.get<std::string>("empty"); }));
  EXPECT_CODE(Errc::column_mismatch, run([](Row row) { row.get<std::string>("absent"); }));
  EXPECT_CODE(Errc::column_mismatch, run([](Row row) { row.get<std::string>(17); }));
  EXPECT_CODE(Errc::column_mismatch, run([](Row row) { row.get<UserId>("value"); }));
  EXPECT_EQ(count_items(*db), 0);
  EXPECT_CODE(Errc::column_mismatch, db->write_sync([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(
        tx.execute("INSERT INTO every_type (id, i, b) VALUES (1, 256, $1)", Bytes(15)));
    UNHIDRA_TRY(const auto rows, tx.query("SELECT i, b FROM every_type"));
    EXPECT_EQ(rows.front().get<std::uint16_t>(0), 256U);
    EXPECT_EQ(rows.front().get<std::uint8_t>(0), 0U);
    return {};
  }));
  EXPECT_CODE(Errc::column_mismatch, db->write_sync([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute("INSERT INTO every_type (id, b) VALUES (1, $1)", Bytes(15)));
    UNHIDRA_TRY(const auto rows, tx.query("SELECT b FROM every_type"));
    EXPECT_TRUE(rows.front().get<UserId>(0).is_nil());
    return {};
  }));
}

TEST_P(Statements, ReadingCannotWrite) {
  const auto db = open_fresh();
  EXPECT_CODE(Errc::bad_statement,
              db->read_sync([](Transaction& tx) { return put(tx, 1, "one"); }));
  EXPECT_TRUE(db->healthy());
  EXPECT_EQ(count_items(*db), 0);
  EXPECT_TRUE(db->healthy());
}

TEST_P(Statements, ReadingSeesOneSnapshot) {
  const auto db = open_fresh();
  const auto counts =
      db->read_sync([&](Transaction& tx) -> Result<std::pair<std::int64_t, std::int64_t>> {
        UNHIDRA_TRY(const auto before, tx.query("SELECT COUNT(*) FROM items"));
        EXPECT_TRUE(db->write_sync([](Transaction& other) { return put(other, 1, "one"); }));
        UNHIDRA_TRY(const auto after, tx.query("SELECT COUNT(*) FROM items"));
        return std::pair(before.front().get<std::int64_t>(0), after.front().get<std::int64_t>(0));
      });
  ASSERT_OK(counts);
  EXPECT_EQ(*counts, (std::pair<std::int64_t, std::int64_t>(0, 0)));
  EXPECT_EQ(count_items(*db), 1);
}

TEST_P(Statements, MoreStatementsThanTheCacheHoldsStillWork) {
  const auto db = open_fresh();
  ASSERT_OK(db->write_sync([](Transaction& tx) -> Status {
    for (int i = 0; i < 1'200; ++i) {
      const auto sql = "INSERT INTO items (id, value) VALUES (" + std::to_string(i) + ", $1)";
      UNHIDRA_TRY_VOID(tx.execute(sql, std::to_string(i)));
    }
    return {};
  }));
  EXPECT_EQ(count_items(*db), 1'200);
}

TEST(Settings, NonsenseIsRefused) {
  Settings settings;
  settings.migrations = test_migrations();
  for (const char* url : {"", "file.db", "mysql://x", "sqlite:", "sqlite::memory:"}) {
    settings.url = url;
    EXPECT_CODE(Errc::bad_settings, Database::open(settings));
  }
  settings.url = "sqlite:/nonexistent/folder/x.db";
  EXPECT_CODE(Errc::disk_full, Database::open(settings));
}

TEST(SqliteFile, IsPrivate) {
  const testkit::TempDir dir;
  Settings settings;
  settings.migrations = test_migrations();
  settings.url = "sqlite:" + (dir / "x.db").string();
  const auto db = Database::open(settings);
  ASSERT_OK(db);
  ASSERT_OK((*db)->write_sync([](Transaction& tx) { return put(tx, 1, "one"); }));
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_EQ(entry.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << entry.path();
  }
}

}  // namespace
}  // namespace unhidra::storage
