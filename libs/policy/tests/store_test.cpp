#include "unhidra/policy/store.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "unhidra/storage/database.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/postgres_server.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::policy::store {
namespace {

using storage::Transaction;

Documents documents(const std::string& text, const std::string& revision) {
  Documents out;
  out.modules.push_back({"a.rego", "package a\n" + text});
  out.data = *rego::value_from_json(R"({"x": [1, "two"]})");
  out.revision = revision;
  return out;
}

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

class StoreTest : public testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    static int number = 0;
    std::string url = "sqlite:" + (folder_ / "test.db").string();
    if (GetParam() == storage::Dialect::postgres) {
      if (const auto reason = testkit::PostgresServer::missing(); !reason.empty()) {
        GTEST_SKIP() << reason;
      }
      ASSERT_NE(shared_postgres(), nullptr);
      url = shared_postgres()->create_schema("policy" + std::to_string(++number)).value();
    }
    auto opened = storage::Database::open({.url = url});
    ASSERT_TRUE(opened) << opened.error().message();
    database_ = std::move(*opened);
    for (const auto& org : {org_, other_}) {
      ASSERT_TRUE(write([&](Transaction& tx) -> Result<std::int64_t> {
        UNHIDRA_TRY_VOID(
            tx.execute("INSERT INTO organizations (org_id, name, created_at) VALUES ($1, $2, 0)",
                       org, org.to_string()));
        return 0;
      }));
    }
  }
  template <class F>
  Result<std::int64_t> write(F closure) {
    return database_->write_sync(std::move(closure));
  }
  template <class F>
  auto read(F closure) {
    return database_->read_sync(std::move(closure)).value();
  }
  Result<std::int64_t> add(const std::string& text, const std::string& revision) {
    return write([&](Transaction& tx) -> Result<std::int64_t> {
      UNHIDRA_TRY(const auto checked,
                  CheckedPolicy::check(documents(text, revision), rego::Syntax::v1));
      return store::add(tx, org_, checked, from_unix_micros(10));
    });
  }
  Status activate(std::int64_t version) {
    return database_->write_sync(
        [&](Transaction& tx) { return store::activate(tx, org_, version, from_unix_micros(20)); });
  }
  Result<std::int64_t> roll_back() {
    return write([&](Transaction& tx) { return store::roll_back(tx, org_, from_unix_micros(30)); });
  }
  std::string active(const OrgId& org) {
    const auto found = read([&](Transaction& tx) { return store::active(tx, org); });
    return found ? found->documents.revision : "none";
  }
  Status start_shadow(std::int64_t version) {
    return database_->write_sync([&](Transaction& tx) {
      return store::start_shadow(tx, org_, version, from_unix_micros(40));
    });
  }
  Status note(std::int64_t version, std::uint64_t asked, std::vector<Difference> found) {
    return database_->write_sync(
        [&](Transaction& tx) { return store::note_differences(tx, org_, version, asked, found); });
  }
  static Difference difference(int number, std::uint64_t times = 1) {
    return {.input_digest = Bytes(32, static_cast<Byte>(number)),
            .input = rego::Value::integer(number),
            .revision = "r1",
            .was_allowed = number % 2 == 0,
            .ground = "policy",
            .times = times,
            .first_at = from_unix_micros(number),
            .last_at = from_unix_micros(number)};
  }
  Stamp stamp() {
    const auto all = read([](Transaction& tx) { return store::stamps(tx); });
    const auto found = all.find(org_);
    return found == all.end() ? Stamp() : found->second;
  }

  testkit::TempDir folder_;
  testkit::SeededRandom random_{3};
  testkit::FakeClock clock_;
  OrgId org_ = OrgId::make(clock_, random_);
  OrgId other_ = OrgId::make(clock_, random_);
  std::unique_ptr<storage::Database> database_;
};

// A module of a bundle keeps the version of the language that the bundle says it has.
TEST_P(StoreTest, AModulesOwnSyntaxIsKept) {
  Documents mixed;
  mixed.modules = {{"a/old.rego", "package a\np { true }\n", rego::Syntax::v0},
                   {"a/new.rego", "package a\nq if true\n", rego::Syntax::v1},
                   {"a/any.rego", "package a\nr := 1\n"}};
  const auto checked = CheckedPolicy::check(mixed, rego::Syntax::v1);
  ASSERT_TRUE(checked) << checked.error().message();
  const auto version =
      write([&](Transaction& tx) { return store::add(tx, org_, *checked, from_unix_micros(10)); });
  ASSERT_TRUE(version) << version.error().message();
  const auto found = read([&](Transaction& tx) { return store::find(tx, org_, *version); });
  EXPECT_EQ(found.documents.modules, mixed.modules);
}

TEST_P(StoreTest, VersionsAreActivatedAndRolledBack) {
  EXPECT_EQ(add("p := 1", "r1").value_or(0), 1);
  EXPECT_EQ(add("p := 2", "r2").value_or(0), 2);
  EXPECT_EQ(active(org_), "none");
  ASSERT_TRUE(activate(1));
  EXPECT_EQ(active(org_), "r1");
  const auto early = roll_back();
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error(), Errc::no_policy);
  ASSERT_TRUE(activate(2));
  EXPECT_EQ(active(org_), "r2");
  EXPECT_EQ(roll_back().value_or(0), 1);
  EXPECT_EQ(active(org_), "r1");
  EXPECT_EQ(active(other_), "none");
  const auto listed = read([&](Transaction& tx) { return store::versions(tx, org_); });
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].revision, "r2");
  EXPECT_FALSE(listed[0].active);
  EXPECT_TRUE(listed[1].active);
  EXPECT_EQ(listed[1].activated_at, from_unix_micros(30));
  const auto older = read([&](Transaction& tx) { return store::versions(tx, org_, 2, 1); });
  ASSERT_EQ(older.size(), 1U);
  EXPECT_EQ(older[0].version, 1);
  EXPECT_EQ(read([&](Transaction& tx) { return store::describe(tx, org_, 2); }).revision, "r2");
}

TEST_P(StoreTest, AnotherOrganisationHasNothingOfIt) {
  ASSERT_TRUE(add("p := 1", "r1"));
  ASSERT_TRUE(activate(1));
  for (const std::int64_t version : {1L, 0L, -1L, std::numeric_limits<std::int64_t>::max()}) {
    const auto found =
        database_->read_sync([&](Transaction& tx) { return store::find(tx, other_, version); });
    EXPECT_EQ(found.error(), Errc::no_policy) << version;
    const auto described =
        database_->read_sync([&](Transaction& tx) { return store::describe(tx, other_, version); });
    EXPECT_EQ(described.error(), Errc::no_policy) << version;
  }
  EXPECT_TRUE(read([&](Transaction& tx) { return store::versions(tx, other_); }).empty());
  const auto foreign = database_->write_sync(
      [&](Transaction& tx) { return store::start_shadow(tx, other_, 1, from_unix_micros(1)); });
  EXPECT_EQ(foreign.error(), Errc::no_policy);
}

TEST_P(StoreTest, StampsChangeWithEveryActivationAndShadow) {
  ASSERT_TRUE(add("p := 1", "r1"));
  EXPECT_EQ(stamp(), Stamp());
  std::vector<Stamp> seen{stamp()};
  const auto changes = [&](auto what) {
    EXPECT_TRUE(what);
    EXPECT_EQ(std::ranges::count(seen, stamp()), 0);
    seen.push_back(stamp());
  };
  changes(activate(1));
  changes(activate(1));
  changes(start_shadow(1));
  changes(start_shadow(1));
  changes(write([&](Transaction& tx) { return store::end_shadow(tx, org_); }));
}

TEST_P(StoreTest, WhatAShadowWouldHaveDecidedOtherwiseIsCountedAndListed) {
  ASSERT_TRUE(add("p := 1", "r1"));
  ASSERT_TRUE(add("p := 2", "r2"));
  EXPECT_EQ(start_shadow(3).error(), Errc::no_policy);
  ASSERT_TRUE(start_shadow(2));
  ASSERT_TRUE(note(2, 10, {difference(1, 2), difference(2)}));
  ASSERT_TRUE(note(2, 5, {difference(1, 3)}));
  ASSERT_TRUE(note(1, 5, {difference(3)}));  // not the shadow: nothing
  const auto now = read([&](Transaction& tx) { return store::shadow(tx, org_); });
  ASSERT_TRUE(now);
  EXPECT_EQ(now->version, 2);
  EXPECT_EQ(now->asked, 15U);
  EXPECT_EQ(now->differing, 6U);
  const auto found = read([&](Transaction& tx) { return store::differences(tx, org_); });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].input, rego::Value::integer(2));
  EXPECT_EQ(found[1].times, 5U);
  ASSERT_TRUE(write([&](Transaction& tx) { return store::end_shadow(tx, org_); }));
  EXPECT_EQ(read([&](Transaction& tx) { return store::shadow(tx, org_); })->version, 0);
  EXPECT_EQ(read([&](Transaction& tx) { return store::differences(tx, org_); }).size(), 2U);
  EXPECT_EQ(write([&](Transaction& tx) { return store::end_shadow(tx, org_); }).error(),
            Errc::no_policy);
  ASSERT_TRUE(start_shadow(1));
  EXPECT_TRUE(read([&](Transaction& tx) { return store::differences(tx, org_); }).empty());
}

TEST_P(StoreTest, DifferencesAreBounded) {
  ASSERT_TRUE(add("p := 1", "r1"));
  ASSERT_TRUE(start_shadow(1));
  std::vector<Difference> many;
  for (std::size_t i = 0; i < kMaxDifferences + 5; ++i) {
    many.push_back(difference(1));
    many.back().input_digest[0] = static_cast<Byte>(i);
    many.back().input_digest[1] = static_cast<Byte>(i >> 8);
  }
  ASSERT_TRUE(note(1, many.size(), many));
  EXPECT_EQ(read([&](Transaction& tx) { return store::differences(tx, org_); }).size(),
            kMaxDifferences);
  EXPECT_EQ(read([&](Transaction& tx) { return store::shadow(tx, org_); })->differing, many.size());
}

TEST_P(StoreTest, TheOldestVersionGoesWhenThereAreTooMany) {
  const auto checked = CheckedPolicy::check(documents("p := 1", "r"), rego::Syntax::v1).value();
  const auto fill = [&](std::size_t count) {
    return write([&](Transaction& tx) -> Result<std::int64_t> {
      std::int64_t last = 0;
      for (std::size_t i = 0; i < count; ++i) {
        UNHIDRA_TRY(last, store::add(tx, org_, checked, from_unix_micros(1)));
      }
      return last;
    });
  };
  ASSERT_TRUE(fill(kMaxVersions));
  ASSERT_TRUE(activate(3));
  ASSERT_TRUE(activate(1));
  ASSERT_TRUE(start_shadow(2));
  EXPECT_EQ(fill(2).value(), static_cast<std::int64_t>(kMaxVersions) + 2);
  const auto has = [&](std::int64_t version) {
    return database_->read_sync([&](Transaction& tx) { return store::find(tx, org_, version); })
        .has_value();
  };
  EXPECT_TRUE(has(1));
  EXPECT_TRUE(has(2));
  EXPECT_FALSE(has(3));
  EXPECT_FALSE(has(4));
  EXPECT_TRUE(has(5));
  EXPECT_EQ(roll_back().error(), Errc::no_policy);  // to what is gone
}

TEST_P(StoreTest, KeepsModulesAndDataAsTheyWere) {
  ASSERT_TRUE(add("p := data.x", "r1"));
  ASSERT_TRUE(activate(1));
  const auto found = read([&](Transaction& tx) { return store::active(tx, org_); });
  ASSERT_TRUE(found);
  const auto wanted = documents("p := data.x", "r1");
  EXPECT_EQ(found->documents.data, wanted.data);
  EXPECT_EQ(found->documents.modules[0].text, wanted.modules[0].text);
}

TEST_P(StoreTest, WhatDoesNotCompileOrDoesNotExistIsRefused) {
  EXPECT_FALSE(add("p := x", "r1"));
  EXPECT_EQ(CheckedPolicy::check(Documents{}, rego::Syntax::v1).error(), Errc::no_policy);
  const auto asked_for = [](std::vector<std::string_view> wanted) {
    return CheckedPolicy::check(documents("p := 1", "r1"), rego::Syntax::v1, wanted);
  };
  EXPECT_TRUE(asked_for({"data.a.p"}));
  EXPECT_TRUE(asked_for({"data.b.p", "data.a.p"}));
  EXPECT_EQ(asked_for({"data.a.q"}).error(), Errc::no_policy);
  const auto unasked = asked_for({"data.b.p", "data.c.p"});
  ASSERT_EQ(unasked.error(), Errc::no_policy);
  EXPECT_NE(unasked.error().message().find("data.b.p or data.c.p"), std::string::npos);
  // It speaks of both, and of one of them in vain.
  EXPECT_EQ(asked_for({"data.a.p", "data.a.q"}).error(), Errc::no_policy);
  const auto twice = CheckedPolicy::check(documents("p := x\nq := y", "r1"), rego::Syntax::v1);
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message().find("a.rego:2"), std::string::npos) << twice.error().message();
  EXPECT_NE(twice.error().message().find("a.rego:3"), std::string::npos) << twice.error().message();
  const auto missing = activate(7);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), Errc::no_policy);
  EXPECT_EQ(active(org_), "none");
}

INSTANTIATE_TEST_SUITE_P(Databases, StoreTest,
                         testing::Values(storage::Dialect::sqlite, storage::Dialect::postgres),
                         [](const auto& tested) {
                           return tested.param == storage::Dialect::sqlite ? "SQLite"
                                                                           : "PostgreSQL";
                         });

}  // namespace
}  // namespace unhidra::policy::store
