#include "unhidra/policy/store.h"

#include <gtest/gtest.h>

#include "unhidra/storage/database.h"
#include "unhidra/testkit/fake_clock.h"
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

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    auto opened = storage::Database::open({.url = "sqlite:" + (folder_ / "test.db").string()});
    EXPECT_TRUE(opened) << opened.error().message();
    database_ = std::move(*opened);
    for (const auto& org : {org_, other_}) {
      EXPECT_TRUE(write([&](Transaction& tx) -> Result<std::int64_t> {
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
  Result<std::int64_t> add(const std::string& text, const std::string& revision) {
    return write([&](Transaction& tx) {
      return store::add(tx, org_, documents(text, revision), rego::Syntax::v1,
                        from_unix_micros(10));
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
    const auto found =
        database_->read_sync([&](Transaction& tx) { return store::active(tx, org); });
    EXPECT_TRUE(found) << found.error().message();
    return found && *found ? (*found)->documents.revision : "none";
  }

  testkit::TempDir folder_;
  testkit::SeededRandom random_{3};
  testkit::FakeClock clock_;
  OrgId org_ = OrgId::make(clock_, random_);
  OrgId other_ = OrgId::make(clock_, random_);
  std::unique_ptr<storage::Database> database_;
};

TEST_F(StoreTest, VersionsAreActivatedAndRolledBack) {
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
  const auto listed =
      database_->read_sync([&](Transaction& tx) { return store::versions(tx, org_); });
  ASSERT_TRUE(listed && listed->size() == 2);
  EXPECT_EQ(listed->at(0).revision, "r2");
  EXPECT_FALSE(listed->at(0).active);
  EXPECT_TRUE(listed->at(1).active);
  EXPECT_EQ(listed->at(1).activated_at, from_unix_micros(30));
}

TEST_F(StoreTest, KeepsModulesAndDataAsTheyWere) {
  ASSERT_TRUE(add("p := data.x", "r1"));
  ASSERT_TRUE(activate(1));
  const auto found = database_->read_sync([&](Transaction& tx) { return store::active(tx, org_); });
  ASSERT_TRUE(found && *found);
  const auto wanted = documents("p := data.x", "r1");
  EXPECT_EQ((*found)->documents.data, wanted.data);
  EXPECT_EQ((*found)->documents.modules[0].text, wanted.modules[0].text);
}

TEST_F(StoreTest, WhatDoesNotCompileOrDoesNotExistIsRefused) {
  EXPECT_FALSE(add("p := x", "r1"));
  EXPECT_FALSE(write([&](Transaction& tx) {
    return store::add(tx, org_, Documents{}, rego::Syntax::v1, from_unix_micros(1));
  }));
  const auto missing = activate(7);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), Errc::no_policy);
  EXPECT_EQ(active(org_), "none");
}

}  // namespace
}  // namespace unhidra::policy::store
