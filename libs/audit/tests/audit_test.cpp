// The chain: what append writes, and that every change behind its back is found and named.

#include <functional>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "unhidra/audit/chain.h"
#include "unhidra/base/text.h"
#include "unhidra/storage/database.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/postgres_server.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

#include "record.h"
#include "stored.h"

namespace unhidra::audit {
namespace {

using storage::Database;
using storage::Dialect;
using storage::Transaction;

constexpr int kRows = 12;

testkit::PostgresServer* shared_postgres() {
  struct Holder : testing::Environment {
    std::optional<testkit::PostgresServer> server;
    void TearDown() override { server.reset(); }
  };
  static Holder* const holder = [] {
    auto* made = new Holder;
    if (auto started = testkit::PostgresServer::start()) {
      made->server.emplace(std::move(*started));
    }
    testing::AddGlobalTestEnvironment(made);
    return made;
  }();
  return holder->server ? &*holder->server : nullptr;
}

class Audit : public testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    static int number = 0;
    if (GetParam() == Dialect::sqlite) {
      settings_.url = "sqlite:" + (dir_ / "x.db").string();
    } else if (const auto reason = testkit::PostgresServer::missing(); !reason.empty()) {
      GTEST_SKIP() << reason;
    } else {
      ASSERT_NE(shared_postgres(), nullptr);
      settings_.url = shared_postgres()->create_schema("audit" + std::to_string(++number)).value();
    }
    auto opened = Database::open(settings_);
    ASSERT_TRUE(opened) << opened.error().message();
    db_ = std::move(*opened);
    org_ = OrgId::make(clock_, random_);
    other_ = OrgId::make(clock_, random_);
  }

  AuditEvent event(const OrgId& org, int number) {
    clock_.advance(std::chrono::seconds(1));
    AuditEvent out;
    out.event_id = EventId::make(clock_, random_);
    out.org_id = org;
    out.event_type = number % 2 == 0 ? "session.created" : "device.registered";
    out.actor_id = number % 3 == 0 ? Bytes() : to_bytes(user_.bytes());
    out.actor_type = "user";
    out.resource_type = "session";
    out.resource_id = "number " + std::to_string(number);
    out.action = "create";
    out.outcome = number % 4 == 3 ? Outcome::denied : Outcome::success;
    out.metadata = {{"reason", "because"}, {"attempt", std::to_string(number)}};
    out.ip_address = "192.0.2.7";
    out.user_agent = "unhidra-cli/0.1";
    out.timestamp = clock_.now();
    return out;
  }

  Result<ChainPoint> write(const AuditEvent& what) {
    return db_->write_sync([&](Transaction& tx) { return append(tx, what); });
  }
  void fill() {
    for (int i = 1; i <= kRows; ++i) {
      ASSERT_TRUE(write(event(org_, i)));
      ASSERT_TRUE(write(event(other_, i)));
    }
    ASSERT_TRUE(write(event(OrgId(), 1)));
  }

  // What an administrator of the database can do: switch the guards off and change anything.
  void tamper(const std::function<Status(Transaction&)>& change) {
    const bool sqlite = GetParam() == Dialect::sqlite;
    const auto status = db_->write_sync([&](Transaction& tx) -> Status {
      if (sqlite) {
        for (const char* name : {"audit_log_no_update", "audit_log_no_delete",
                                 "audit_heads_no_delete", "audit_heads_forward"}) {
          UNHIDRA_TRY_VOID(tx.execute(std::string("DROP TRIGGER IF EXISTS ") + name));
        }
      } else {
        UNHIDRA_TRY_VOID(tx.execute("SET LOCAL session_replication_role = replica"));
      }
      return change(tx);
    });
    ASSERT_TRUE(status) << status.error().message();
  }
  // One statement about the rows of org_ ($1).
  void tamper_sql(const std::string& sql) {
    tamper([&](Transaction& tx) -> Status {
      UNHIDRA_TRY(const auto changed, tx.execute(sql, org_));
      EXPECT_GT(changed, 0U) << sql;
      return {};
    });
  }

  // Exactly one finding: this one, in org_'s chain.
  void expect_damage(Damage damage, std::uint64_t position) {
    const auto result = verify(*db_);
    ASSERT_TRUE(result) << result.error().message();
    ASSERT_EQ(result->findings.size(), 1U);
    const auto& finding = result->findings.front();
    EXPECT_EQ(to_string(finding.damage), to_string(damage)) << finding.explanation;
    EXPECT_EQ(finding.position, position) << finding.explanation;
    EXPECT_EQ(finding.org_id, org_);
    EXPECT_FALSE(finding.explanation.empty());
    const auto alone = verify(*db_, other_);
    ASSERT_TRUE(alone);
    EXPECT_TRUE(alone->findings.empty());
  }
  StoredEvent stored(std::uint64_t position) {
    return db_
        ->read_sync([&](Transaction& tx) -> Result<StoredEvent> {
          UNHIDRA_TRY(const auto rows,
                      tx.query("SELECT " UNHIDRA_AUDIT_COLUMNS
                               " FROM audit_log WHERE org_id = $1 AND position = $2",
                               org_, position));
          return read_stored(rows.front());
        })
        .value();
  }

  testkit::TempDir dir_;
  testkit::FakeClock clock_;
  testkit::SeededRandom random_{42};
  UserId user_ = UserId::make(clock_, random_);
  storage::Settings settings_;
  std::unique_ptr<Database> db_;
  OrgId org_;
  OrgId other_;
};
INSTANTIATE_TEST_SUITE_P(On, Audit, testing::Values(Dialect::sqlite, Dialect::postgres),
                         [](const auto& dialect) {
                           return dialect.param == Dialect::sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(Audit, AChainCountsFromOneWithoutGapAndVerifies) {
  fill();
  const auto result = verify(*db_);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->chains, 3U);
  EXPECT_EQ(result->rows, 2U * kRows + 1);
  EXPECT_TRUE(result->findings.empty());
  ASSERT_EQ(result->heads.size(), 3U);
  EXPECT_TRUE(result->heads.front().first.is_nil());
  for (std::uint64_t i = 1; i <= kRows; ++i) {
    EXPECT_EQ(stored(i).position, i);
    EXPECT_EQ(stored(i).prev_hash, i == 1 ? ByteArray<32>{} : stored(i - 1).event_hash);
  }
}

TEST_P(Audit, AnEmptyLogVerifies) {
  const auto result = verify(*db_);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->chains, 0U);
  EXPECT_TRUE(result->findings.empty());
  ASSERT_TRUE(verify(*db_, org_));
}

TEST_P(Audit, AnEventIsThereExactlyWhenItsTransactionIs) {
  const auto first = event(org_, 1);
  const auto status = db_->write_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto point, append(tx, first));
    EXPECT_EQ(point.position, 1U);
    return fail(unhidra::Errc::invalid, "the change it records fails");
  });
  EXPECT_FALSE(status);
  EXPECT_EQ(verify(*db_)->rows, 0U);
  EXPECT_EQ(write(first)->position, 1U);
}

TEST_P(Audit, ParallelWritersOfOneChainLeaveItWhole) {
  constexpr int kThreads = 6;
  constexpr int kEach = 20;
  std::vector<std::vector<AuditEvent>> events(kThreads);
  for (auto& list_of_one : events) {
    for (int i = 0; i < kEach; ++i) {
      list_of_one.push_back(event(org_, i));
    }
  }
  auto second = Database::open(settings_);
  ASSERT_TRUE(second);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        auto& db = t % 2 == 0 ? *db_ : **second;
        for (const auto& one : events[static_cast<std::size_t>(t)]) {
          const auto point = db.write_sync([&](Transaction& tx) { return append(tx, one); },
                                           storage::LaneKey(org_));
          EXPECT_TRUE(point) << point.error().message();
        }
      });
    }
  }
  const auto result = verify(*db_);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->findings.empty());
  EXPECT_EQ(result->rows, static_cast<std::uint64_t>(kThreads * kEach));
}

TEST_P(Audit, TheTriggersRefuseEveryChange) {
  fill();
  const auto refused = [&](const std::string& sql) {
    const auto status = db_->write_sync([&](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(tx.execute(sql));
      return {};
    });
    ASSERT_FALSE(status) << sql;
    EXPECT_EQ(status.error().code().name, "storage.immutable") << status.error().message();
  };
  refused("UPDATE audit_log SET resource_id = 'x' WHERE position = 3");
  refused("DELETE FROM audit_log WHERE position = 3");
  refused("DELETE FROM audit_heads");
  refused("UPDATE audit_heads SET position = position - 1");
  refused("UPDATE audit_heads SET position = position + 2");
  if (GetParam() == Dialect::sqlite) {
    refused("INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log WHERE position = 3");
  } else {
    refused("TRUNCATE audit_log");
    refused("TRUNCATE audit_heads");
  }
  EXPECT_TRUE(verify(*db_)->findings.empty());
}

TEST_P(Audit, EveryEditedColumnIsFound) {
  fill();
  // Each edit is taken back, so that every one is seen alone.
  const char* const edits[][2] = {
      {"event_type = event_type || 'x'", "event_type = 'session.created'"},
      {"actor_type = 'admin'", "actor_type = 'user'"},
      {"resource_type = 'x'", "resource_type = 'session'"},
      {"resource_id = 'number 9'", "resource_id = 'number 4'"},
      {"action = 'delete'", "action = 'create'"},
      {"outcome = 'failure'", "outcome = 'success'"},
      {"metadata = '{}'", "metadata = '{\"attempt\":\"4\",\"reason\":\"because\"}'"},
      {"ip_address = '192.0.2.8'", "ip_address = '192.0.2.7'"},
      {"user_agent = ''", "user_agent = 'unhidra-cli/0.1'"},
      {"timestamp = timestamp + 1", "timestamp = timestamp - 1"},
  };
  for (const auto& [edit, back] : edits) {
    tamper_sql(std::string("UPDATE audit_log SET ") + edit + " WHERE org_id = $1 AND position = 4");
    expect_damage(Damage::edited, 4);
    tamper_sql(std::string("UPDATE audit_log SET ") + back + " WHERE org_id = $1 AND position = 4");
    ASSERT_TRUE(verify(*db_)->findings.empty()) << back;
  }
}

TEST_P(Audit, EditedIdsAndHashesAreFound) {
  for (const char* column : {"event_id", "actor_id", "prev_hash", "event_hash"}) {
    org_ = OrgId::make(clock_, random_);
    fill();
    tamper([&](Transaction& tx) -> Status {
      const auto size = std::string_view(column).ends_with("_id") ? 16U : 32U;
      UNHIDRA_TRY_VOID(tx.execute(std::string("UPDATE audit_log SET ") + column +
                                      " = $2 WHERE org_id = $1 AND position = 4",
                                  org_, Bytes(size, 7)));
      return {};
    });
    const auto result = verify(*db_, org_);
    ASSERT_EQ(result->findings.size(), 1U) << column;
    EXPECT_EQ(to_string(result->findings[0].damage), "edited") << column;
    EXPECT_EQ(result->findings[0].position, 4U) << column;
  }
}

TEST_P(Audit, AnEditWithARightHashIsFoundByTheNextRow) {
  fill();
  auto row = stored(6);
  row.event.resource_id = "forged";
  const auto hash = record_hash(row.event, row.metadata_json, 6, row.prev_hash);
  tamper([&](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(
        tx.execute("UPDATE audit_log SET resource_id = 'forged', event_hash = $2 "
                   "WHERE org_id = $1 AND position = 6",
                   org_, hash));
    return {};
  });
  expect_damage(Damage::edited, 6);
}

TEST_P(Audit, ValuesOfAWrongFormAreFound) {
  fill();
  tamper([&](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute(
        "UPDATE audit_log SET prev_hash = $2 WHERE org_id = $1 AND position = 5", org_, Bytes(31)));
    return {};
  });
  expect_damage(Damage::edited, 5);
}

TEST_P(Audit, ADeletedRowIsMissing) {
  fill();
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1 AND position = 5");
  expect_damage(Damage::missing, 5);
}

TEST_P(Audit, TheFirstRowDeletedIsMissing) {
  fill();
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1 AND position = 1");
  expect_damage(Damage::missing, 1);
}

// Positions apart from the others while they move, because they are unique.
constexpr const char* kMoveAway =
    "UPDATE audit_log SET position = position + 1000000 WHERE org_id = $1 AND position >= 5";

TEST_P(Audit, ADeletedRowIsMissingAlsoWhenTheOthersMoveUp) {
  fill();
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1 AND position = 5");
  tamper_sql(kMoveAway);
  tamper_sql(
      "UPDATE audit_log SET position = position - 1000001 WHERE org_id = $1 AND position > 1000");
  tamper_sql("UPDATE audit_heads SET position = position - 1 WHERE org_id = $1");
  expect_damage(Damage::missing, 5);
}

// A copy of row 2 with another text stands at the position.
void insert_forged(Transaction& tx, const OrgId& org, std::uint64_t position, ByteView prev,
                   ByteView hash) {
  const auto status = tx.execute(
      "INSERT INTO audit_log (" UNHIDRA_AUDIT_COLUMNS
      ") SELECT org_id, $2, event_id, event_type, actor_id, actor_type, resource_type, 'forged', "
      "action, outcome, metadata, ip_address, user_agent, timestamp, $3, $4 FROM audit_log "
      "WHERE org_id = $1 AND position = 2",
      org, position, prev, hash);
  EXPECT_TRUE(status) << status.error().message();
}

TEST_P(Audit, AnInsertedRowIsFound) {
  fill();
  const auto before = stored(4);
  tamper_sql(kMoveAway);
  tamper_sql(
      "UPDATE audit_log SET position = position - 999999 WHERE org_id = $1 AND position > 1000");
  tamper_sql("UPDATE audit_heads SET position = position + 1 WHERE org_id = $1");
  tamper([&](Transaction& tx) -> Status {
    insert_forged(tx, org_, 5, before.event_hash, Bytes(32, 9));
    return {};
  });
  expect_damage(Damage::inserted, 5);
}

TEST_P(Audit, ARowInsertedAfterTheEndIsFound) {
  fill();
  tamper([&](Transaction& tx) -> Status {
    insert_forged(tx, org_, kRows + 1, Bytes(32, 8), Bytes(32, 9));
    return {};
  });
  expect_damage(Damage::inserted, kRows + 1);
}

TEST_P(Audit, ARowInsertedBeforeTheBeginningIsFound) {
  fill();
  tamper([&](Transaction& tx) -> Status {
    insert_forged(tx, org_, 0, Bytes(32, 0), Bytes(32, 9));
    return {};
  });
  expect_damage(Damage::inserted, 0);
}

TEST_P(Audit, RowsThatChangedPlacesAreFound) {
  fill();
  tamper_sql("UPDATE audit_log SET position = 1000 WHERE org_id = $1 AND position = 4");
  tamper_sql("UPDATE audit_log SET position = 4 WHERE org_id = $1 AND position = 9");
  tamper_sql("UPDATE audit_log SET position = 9 WHERE org_id = $1 AND position = 1000");
  expect_damage(Damage::reordered, 4);
}

TEST_P(Audit, NeighboursThatChangedPlacesAreFound) {
  fill();
  tamper_sql("UPDATE audit_log SET position = 1000 WHERE org_id = $1 AND position = 4");
  tamper_sql("UPDATE audit_log SET position = 4 WHERE org_id = $1 AND position = 5");
  tamper_sql("UPDATE audit_log SET position = 5 WHERE org_id = $1 AND position = 1000");
  expect_damage(Damage::reordered, 4);
}

TEST_P(Audit, ACutTailIsFound) {
  fill();
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1 AND position > 9");
  expect_damage(Damage::cut_tail, 10);
}

TEST_P(Audit, AWholeChainCutOffIsFound) {
  fill();
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1");
  expect_damage(Damage::cut_tail, 1);
}

TEST_P(Audit, AHeadThatDoesNotFitIsFound) {
  fill();
  tamper([&](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(
        tx.execute("UPDATE audit_heads SET hash = $2 WHERE org_id = $1", org_, Bytes(32, 1)));
    return {};
  });
  expect_damage(Damage::head_mismatch, kRows);
}

TEST_P(Audit, AMissingHeadIsFound) {
  fill();
  tamper_sql("DELETE FROM audit_heads WHERE org_id = $1");
  expect_damage(Damage::head_mismatch, kRows);
}

TEST_P(Audit, AHeadThatWasSetBackIsFound) {
  fill();
  const auto earlier = stored(9).event_hash;
  tamper([&](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute("UPDATE audit_heads SET position = 9, hash = $2 WHERE org_id = $1",
                                org_, earlier));
    return {};
  });
  expect_damage(Damage::head_mismatch, 10);
}

// Tail and head cut together leave a chain that is right in itself: an earlier head tells.
TEST_P(Audit, ATailCutWithItsHeadIsFoundByAnEarlierHead) {
  fill();
  const auto known = verify(*db_)->heads;
  const auto earlier = stored(9).event_hash;
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1 AND position > 9");
  tamper([&](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute("UPDATE audit_heads SET position = 9, hash = $2 WHERE org_id = $1",
                                org_, earlier));
    return {};
  });
  EXPECT_TRUE(verify(*db_)->findings.empty());
  const auto result = verify(*db_, std::nullopt, known);
  ASSERT_EQ(result->findings.size(), 1U);
  EXPECT_EQ(result->findings[0].damage, Damage::cut_tail);
  EXPECT_EQ(result->findings[0].position, 10U);
}

TEST_P(Audit, AWholeLogExchangedIsFoundByAnEarlierHead) {
  fill();
  const auto known = verify(*db_)->heads;
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1");
  tamper_sql("DELETE FROM audit_heads WHERE org_id = $1");
  for (int i = 1; i <= kRows; ++i) {
    ASSERT_TRUE(write(event(org_, i)));
  }
  EXPECT_TRUE(verify(*db_)->findings.empty());
  const auto result = verify(*db_, std::nullopt, known);
  ASSERT_EQ(result->findings.size(), 1U);
  EXPECT_EQ(result->findings[0].damage, Damage::rewritten);
  EXPECT_EQ(result->findings[0].position, static_cast<std::uint64_t>(kRows));
}

TEST_P(Audit, AChainThatVanishedIsFoundByAnEarlierHead) {
  fill();
  const auto known = verify(*db_)->heads;
  tamper_sql("DELETE FROM audit_log WHERE org_id = $1");
  tamper_sql("DELETE FROM audit_heads WHERE org_id = $1");
  const auto result = verify(*db_, std::nullopt, known);
  ASSERT_EQ(result->findings.size(), 1U);
  EXPECT_EQ(result->findings[0].damage, Damage::cut_tail);
  EXPECT_EQ(result->findings[0].org_id, org_);
}

TEST_P(Audit, ChainsLongerThanAPageVerify) {
  ASSERT_TRUE(db_->write_sync([&](Transaction& tx) -> Status {
    for (int i = 0; i < 2'500; ++i) {
      UNHIDRA_TRY_VOID(append(tx, event(org_, i)));
    }
    return {};
  }));
  const auto result = verify(*db_, org_);
  EXPECT_EQ(result->rows, 2'500U);
  EXPECT_TRUE(result->findings.empty());
  tamper_sql("UPDATE audit_log SET action = 'x' WHERE org_id = $1 AND position = 2001");
  expect_damage(Damage::edited, 2'001);
}

TEST_P(Audit, PagesListNewestFirstAndFilter) {
  fill();
  const auto page_of = [&](ListRequest request) {
    request.org_id = org_;
    auto page = db_->read_sync([&](Transaction& tx) { return list(tx, request); });
    EXPECT_TRUE(page) << page.error().message();
    return page.value_or(Page());
  };
  const auto first = page_of({.limit = 5});
  ASSERT_EQ(first.events.size(), 5U);
  EXPECT_EQ(first.events.front().position, static_cast<std::uint64_t>(kRows));
  EXPECT_EQ(first.events.front().event.resource_id, "number 12");
  EXPECT_EQ(first.next_before, 8U);
  EXPECT_EQ(page_of({.before = 8, .limit = 5}).events.front().position, 7U);
  const auto last = page_of({.before = 3, .limit = 5});
  EXPECT_EQ(last.events.size(), 2U);
  EXPECT_EQ(last.next_before, 0U);
  for (const auto& found : page_of({.event_type = "session.created"}).events) {
    EXPECT_EQ(found.event.event_type, "session.created");
  }
  EXPECT_EQ(page_of({.event_type = "session.created"}).events.size(), 6U);
  EXPECT_EQ(page_of({.actor_id = to_bytes(user_.bytes())}).events.size(), 8U);
  EXPECT_EQ(page_of({.actor_id = Bytes(16, 5)}).events.size(), 0U);
}

TEST_P(Audit, ForeignTextIsCleanedAndNeverStopsAnEvent) {
  auto odd = event(org_, 1);
  odd.user_agent = std::string("\xFF\x00evil\n", 7) + std::string(5'000, 'a');
  odd.resource_id = "\xE2\x80\xAE" + std::string(300, 'b');
  odd.ip_address = std::string(500, '1');
  odd.metadata = {{"name", std::string("\0\x1B[31m", 6) + std::string(400, '\xC3')}};
  ASSERT_TRUE(write(odd));
  const auto row = stored(1);
  EXPECT_LE(row.event.user_agent.size(), 256U);
  EXPECT_LE(row.event.resource_id.size(), 256U);
  EXPECT_LE(row.event.ip_address.size(), 64U);
  EXPECT_TRUE(is_valid_utf8(row.event.user_agent));
  EXPECT_EQ(row.event.user_agent.find('\n'), std::string::npos);
  EXPECT_TRUE(is_valid_utf8(row.metadata_json));
  EXPECT_TRUE(verify(*db_)->findings.empty());
}

TEST_P(Audit, EventsThatNoCodeShouldWriteAreRefused) {
  const auto refused = [&](auto change) {
    auto bad = event(org_, 1);
    change(bad);
    const auto status = write(bad);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code().name, "audit.bad_event");
  };
  refused([](AuditEvent& e) { e.event_type = ""; });
  refused([](AuditEvent& e) { e.action = "Two Words"; });
  refused([](AuditEvent& e) { e.event_id = EventId(); });
  refused([](AuditEvent& e) { e.actor_id = Bytes(15); });
  refused([](AuditEvent& e) { e.metadata = {{"a", "1"}, {"a", "2"}}; });
  refused([](AuditEvent& e) { e.actor_type = std::string(65, 'x'); });
}

TEST(CanonicalJson, HasOneForm) {
  EXPECT_EQ(canonical_json({}), "{}");
  EXPECT_EQ(canonical_json({{"b", "2"}, {"a", "1"}}), R"({"a":"1","b":"2"})");
  EXPECT_EQ(canonical_json({{"k", std::string("\"\\\b\t\n\f\r\x01\x1F/\xC3\xA9", 12)}}),
            "{\"k\":\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f/\xC3\xA9\"}");
}

// Fixed for ever: a release that computes another value cannot verify older logs.
TEST(Record, HasAFixedHash) {
  AuditEvent event;
  event.event_id = EventId(Uuid{1});
  event.org_id = OrgId(Uuid{2});
  event.event_type = "session.created";
  event.actor_id = Bytes(16, 3);
  event.actor_type = "user";
  event.resource_type = "session";
  event.resource_id = "x";
  event.action = "create";
  event.outcome = Outcome::denied;
  event.ip_address = "192.0.2.1";
  event.user_agent = "agent";
  event.timestamp = from_unix_micros(1'700'000'000'000'000);
  EXPECT_EQ(to_hex(record_hash(event, "{}", 7, ByteArray<32>{9})),
            "62c63349cd65f3bed400f0de7e8f3008219e55dbb7a93681a9208f985948eab6");
}

}  // namespace
}  // namespace unhidra::audit
