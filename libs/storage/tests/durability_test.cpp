// kill -9 at random moments: what was acknowledged is there afterwards.

#include <charconv>
#include <set>

#include "unhidra/testkit/process.h"

#include "many_migrations.h"
#include "test_database.h"

namespace unhidra::storage {
namespace {

using namespace std::chrono_literals;

class Durability : public DatabaseTest {
 protected:
  testkit::Process start_child(const std::string& mode, const std::string& url,
                               std::int64_t number) {
    testkit::ProcessOptions options;
    options.arguments = {sibling_program("storage_child"), mode, url, std::to_string(number)};
    auto child = testkit::Process::start(std::move(options));
    EXPECT_TRUE(child);
    return std::move(*child);
  }
};
UNHIDRA_ON_BOTH_DATABASES(Durability);

// The ids of whole lines "ack ID".
void collect_acknowledged(const std::string& output, std::set<std::int64_t>& out) {
  std::size_t at = 0;
  for (auto end = output.find('\n'); end != std::string::npos; end = output.find('\n', at)) {
    const auto line = output.substr(at, end - at);
    at = end + 1;
    ASSERT_TRUE(line.starts_with("ack ")) << line;
    std::int64_t id = 0;
    std::from_chars(line.data() + 4, line.data() + line.size(), id);
    out.insert(id);
  }
}

TEST_P(Durability, NothingAcknowledgedIsLostToKill9) {
  constexpr int kKills = 25;
  testkit::SeededRandom random;
  const auto settings = fresh_settings();
  std::set<std::int64_t> acknowledged;
  for (int round = 0; round < kKills; ++round) {
    auto child = start_child("write", settings.url, round * 1'000'000);
    ASSERT_TRUE(child.wait_for_line("ack", 20s)) << child.output();
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(40'000)));
    child.kill();
    child.wait(5s);
    collect_acknowledged(child.output(), acknowledged);
  }
  EXPECT_GT(acknowledged.size(), static_cast<std::size_t>(kKills));
  auto reopened = settings;
  const auto migrations = many_migrations(1);
  reopened.migrations = migrations;
  const auto db = open(reopened);
  std::set<std::int64_t> stored;
  ASSERT_OK(db->read_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT id, value FROM items"));
    for (const Row row : rows) {
      const auto id = row.get<std::int64_t>(0);
      EXPECT_EQ(row.get<std::string>(1), "value " + std::to_string(id));
      stored.insert(id);
    }
    return {};
  }));
  for (const auto id : acknowledged) {
    ASSERT_TRUE(stored.contains(id)) << id << " was acknowledged and is gone";
  }
}

void expect_whole_schema(Database& db, int count) {
  ASSERT_OK(db.read_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto steps, tx.query("SELECT number FROM steps ORDER BY number"));
    EXPECT_EQ(steps.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(steps[static_cast<std::size_t>(i)].get<int>(0), i + 1);
    }
    UNHIDRA_TRY(const auto last, tx.query("SELECT COUNT(*) FROM table_" + std::to_string(count)));
    EXPECT_EQ(last.front().get<int>(0), 200);
    UNHIDRA_TRY(const auto records, tx.query("SELECT number FROM schema_migrations"));
    EXPECT_EQ(records.size(), static_cast<std::size_t>(count));
    return {};
  }));
}

TEST_P(Durability, MigrationsKilledHalfWayAreResumed) {
  constexpr int kSteps = 30;
  testkit::SeededRandom random;
  auto settings = fresh_settings();
  int killed_half_way = 0;
  for (std::uint64_t round = 0; round < 100; ++round) {
    auto child = start_child("migrate", settings.url, kSteps);
    // Early at first: a quick machine is through before a late one comes.
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + round / 2 + random.below(4)));
    child.kill();
    child.wait(5s);
    if (child.output().find("migrated") != std::string::npos) {
      break;
    }
    ASSERT_EQ(child.output(), "");
    ++killed_half_way;
  }
  EXPECT_GT(killed_half_way, 0);
  const auto migrations = many_migrations(kSteps);
  settings.migrations = migrations;
  expect_whole_schema(*open(settings), kSteps);
}

TEST_P(Durability, ProcessesThatStartAtOnceMigrateOnce) {
  constexpr int kSteps = 12;
  // They meet in the first milliseconds of a new database, and only now and then.
  constexpr int kRounds = 5;
  for (int round = 0; round < kRounds; ++round) {
    auto settings = fresh_settings();
    std::vector<testkit::Process> children;
    for (int i = 0; i < 6; ++i) {
      children.push_back(start_child("migrate", settings.url, kSteps));
    }
    for (auto& child : children) {
      EXPECT_EQ(child.wait(60s), 0) << child.output();
      EXPECT_EQ(child.output(), "migrated\n");
    }
    const auto migrations = many_migrations(kSteps);
    settings.migrations = migrations;
    expect_whole_schema(*open(settings), kSteps);
  }
}

}  // namespace
}  // namespace unhidra::storage
