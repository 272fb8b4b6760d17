#include "many_migrations.h"
#include "migrate.h"
#include "test_database.h"

namespace unhidra::storage {
namespace {

class Migrations : public DatabaseTest {};
UNHIDRA_ON_BOTH_DATABASES(Migrations);

TEST_P(Migrations, TheServersSchemaIsMadeAndRecorded) {
  auto settings = fresh_settings();
  settings.migrations = server_migrations();
  for (int start = 0; start < 2; ++start) {
    const auto db = open(settings);
    ASSERT_OK(db->read_sync([](Transaction& tx) -> Status {
      UNHIDRA_TRY(const auto rows, tx.query("SELECT name FROM schema_migrations ORDER BY number"));
      EXPECT_EQ(rows.size(), server_migrations().size());
      EXPECT_EQ(rows.front().get<std::string>(0), "identity");
      for (const char* table : {"organizations", "users", "devices", "sessions", "messages",
                                "device_inbox", "one_time_prekeys", "audit_log"}) {
        UNHIDRA_TRY(const auto none, tx.query(std::string("SELECT * FROM ") + table));
        EXPECT_TRUE(none.empty()) << table;
      }
      return {};
    }));
  }
}

TEST_P(Migrations, ADatabaseFromTheFutureIsRefused) {
  auto settings = fresh_settings();
  const auto later = many_migrations(3);
  const auto now = many_migrations(2);
  settings.migrations = later;
  open(settings).reset();
  settings.migrations = now;
  EXPECT_CODE(Errc::schema_newer, Database::open(settings));
  settings.migrate = false;
  EXPECT_CODE(Errc::schema_newer, Database::open(settings));
}

TEST_P(Migrations, AChangedMigrationIsRefused) {
  auto settings = fresh_settings();
  auto migrations = many_migrations(3);
  settings.migrations = migrations;
  open(settings).reset();
  migrations[1].sha256 = "another";
  EXPECT_CODE(Errc::schema_changed, Database::open(settings));
}

TEST_P(Migrations, MissingOnesAreOnlyRunWhenAllowed) {
  auto settings = fresh_settings();
  const auto two = many_migrations(2);
  const auto three = many_migrations(3);
  settings.migrations = two;
  open(settings).reset();
  settings.migrations = three;
  settings.migrate = false;
  EXPECT_CODE(Errc::migration_failed, Database::open(settings));
  settings.migrate = true;
  open(settings).reset();
  settings.migrate = false;
  open(settings).reset();
}

TEST_P(Migrations, AStepThatFailsLeavesNothingAndCanBeRepaired) {
  auto settings = fresh_settings();
  auto migrations = many_migrations(3);
  const auto good = migrations[1].sql;
  const auto bad = std::string(good) + "INSERT INTO nowhere VALUES (1);";
  migrations[1].sql = bad;
  settings.migrations = migrations;
  EXPECT_CODE(Errc::migration_failed, Database::open(settings));
  migrations[1].sql = good;
  const auto db = open(settings);
  ASSERT_OK(db->read_sync([](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT number FROM steps ORDER BY number"));
    EXPECT_EQ(rows.size(), 3U);
    return {};
  }));
}

TEST(MigrationText, SectionsAreForOneDatabase) {
  constexpr std::string_view kText =
      "a;\n-- @sqlite\nb;\n-- @end\nc\n-- @postgres\r\nd;\n-- @end\n-- a comment\ne";
  EXPECT_EQ(for_dialect(kText, Dialect::sqlite).value(), "a;\nb;\nc\n-- a comment\ne");
  EXPECT_EQ(for_dialect(kText, Dialect::postgres).value(), "a;\nc\nd;\n-- a comment\ne");
  EXPECT_EQ(for_dialect("", Dialect::sqlite).value(), "");
  for (const char* wrong : {"-- @sqlite\na\n", "a\n-- @end\n",
                            "-- @sqlite\n-- @postgres\n-- @end\n", "-- @oracle\n-- @end\n"}) {
    EXPECT_CODE(Errc::migration_failed, for_dialect(wrong, Dialect::sqlite));
  }
}

TEST(MigrationText, ServerMigrationsAreNumberedAndSummed) {
  int number = 0;
  for (const auto& migration : server_migrations()) {
    EXPECT_EQ(migration.number, ++number);
    EXPECT_EQ(migration.sha256.size(), 64U);
    EXPECT_TRUE(for_dialect(migration.sql, Dialect::sqlite));
  }
  EXPECT_GE(number, 3);
}

}  // namespace
}  // namespace unhidra::storage
