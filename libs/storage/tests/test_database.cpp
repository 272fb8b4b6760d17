#include "test_database.h"

#include <filesystem>

namespace unhidra::storage {
namespace {

// Stopped when the test binary ends.
class PostgresEnvironment : public testing::Environment {
 public:
  testkit::PostgresServer* get() {
    if (!tried_) {
      tried_ = true;
      if (auto started = testkit::PostgresServer::start()) {
        server_ = std::make_unique<testkit::PostgresServer>(std::move(*started));
      }
    }
    return server_.get();
  }
  void TearDown() override { server_.reset(); }

 private:
  bool tried_ = false;
  std::unique_ptr<testkit::PostgresServer> server_;
};

PostgresEnvironment* environment() {
  static auto* const instance =
      static_cast<PostgresEnvironment*>(testing::AddGlobalTestEnvironment(new PostgresEnvironment));
  return instance;
}
// Registered before main() runs the tests.
[[maybe_unused]] const auto* const kRegistered = environment();

}  // namespace

std::string kind_name(const testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::sqlite ? "Sqlite" : "Postgres";
}

testkit::PostgresServer* shared_postgres() {
  return environment()->get();
}

std::span<const Migration> test_migrations() {
  static constexpr Migration kMigrations[] = {
      {1, "items",
       "CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, value TEXT NOT NULL UNIQUE);"
       "CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY,"
       " item BIGINT NOT NULL REFERENCES items (id), note TEXT CHECK (note <> 'bad'));"
       "CREATE TABLE every_type (id BIGINT NOT NULL PRIMARY KEY, i BIGINT, r DOUBLE PRECISION,"
       " t TEXT, b BYTEA);"
       "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, count BIGINT NOT NULL);",
       "1111"}};
  return kMigrations;
}

void DatabaseTest::SetUp() {
  if (!is_sqlite()) {
    if (const auto reason = testkit::PostgresServer::missing(); !reason.empty()) {
      GTEST_SKIP() << reason;
    }
    ASSERT_NE(shared_postgres(), nullptr) << "PostgreSQL is installed but did not start";
  }
}

Settings DatabaseTest::fresh_settings() {
  static int number = 0;
  const auto name = "test" + std::to_string(++number);
  Settings settings;
  settings.migrations = test_migrations();
  settings.probe_interval = std::chrono::milliseconds(50);
  if (is_sqlite()) {
    settings.url = "sqlite:" + (dir_ / (name + ".db")).string();
  } else {
    auto url = shared_postgres()->create_schema(name);
    EXPECT_TRUE(url) << url.error().message();
    settings.url = *url;
  }
  return settings;
}

std::unique_ptr<Database> DatabaseTest::open(const Settings& settings) {
  auto opened = Database::open(settings);
  if (!opened) {
    ADD_FAILURE() << opened.error().code().name << ": " << opened.error().message();
    std::abort();
  }
  return std::move(*opened);
}

Status put(Transaction& tx, std::int64_t id, const std::string& value) {
  UNHIDRA_TRY_VOID(tx.execute("INSERT INTO items (id, value) VALUES ($1, $2)", id, value));
  return {};
}

std::int64_t count_items(Database& database) {
  const auto count = database.read_sync([](Transaction& tx) -> Result<std::int64_t> {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT COUNT(*) FROM items"));
    return rows.front().get<std::int64_t>(0);
  });
  EXPECT_TRUE(count) << count.error().message();
  return count.value_or(-1);
}

std::string sibling_program(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

}  // namespace unhidra::storage
