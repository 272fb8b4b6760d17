#pragma once
// The suite runs on both databases: a fresh SQLite file, or a fresh database of one real PostgreSQL
// that the test binary starts on first use.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "unhidra/storage/database.h"
#include "unhidra/testkit/postgres_server.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::storage {

enum class Kind : std::uint8_t { sqlite, postgres };
std::string kind_name(const testing::TestParamInfo<Kind>& info);

// The PostgreSQL of this test binary; null when there is none here.
testkit::PostgresServer* shared_postgres();

// A small schema of its own, so that these tests do not depend on the server's.
std::span<const Migration> test_migrations();

class DatabaseTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override;
  // Settings of a fresh, empty database; every call makes another.
  Settings fresh_settings();
  // Opens, and fails the test when that does not work.
  std::unique_ptr<Database> open(const Settings& settings);
  std::unique_ptr<Database> open_fresh() { return open(fresh_settings()); }
  bool is_sqlite() const { return GetParam() == Kind::sqlite; }

  testkit::TempDir dir_;
};

// The table `items (id, value)` of test_migrations().
Status put(Transaction& tx, std::int64_t id, const std::string& value);
std::int64_t count_items(Database& database);

// Beside the running test binary.
std::string sibling_program(const std::string& name);

}  // namespace unhidra::storage

#define UNHIDRA_ON_BOTH_DATABASES(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(Kind::sqlite, Kind::postgres), kind_name)
// The value of a Result, or the test ends with its error.
#define ASSERT_OK(...)                                                             \
  do {                                                                             \
    const auto& ok_result_ = (__VA_ARGS__);                                        \
    ASSERT_TRUE(ok_result_.has_value())                                            \
        << ok_result_.error().code().name << ": " << ok_result_.error().message(); \
  } while (false)
#define EXPECT_CODE(expected, ...)                                           \
  do {                                                                       \
    const auto& code_result_ = (__VA_ARGS__);                                \
    EXPECT_FALSE(code_result_.has_value());                                  \
    if (!code_result_.has_value()) {                                         \
      EXPECT_EQ(code_result_.error().code().name, error_code(expected).name) \
          << code_result_.error().message();                                 \
    }                                                                        \
  } while (false)
