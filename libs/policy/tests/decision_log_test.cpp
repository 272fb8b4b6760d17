#include "unhidra/policy/decision_log.h"

#include <fstream>

#include <gtest/gtest.h>

#include "unhidra/policy/dry_run.h"
#include "unhidra/policy/policy_service.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::policy {
namespace {

using rego::Value;

Documents documents(const std::string& text, const std::string& revision) {
  Documents out;
  out.modules.push_back({"a.rego", "package unhidra.automation\n" + text});
  out.revision = revision;
  return out;
}
Value input(std::string_view topic) {
  return Value::object({{Value::string("topic"), Value::string(std::string(topic))}});
}

class DecisionLogTest : public testing::Test {
 protected:
  std::unique_ptr<DecisionLog> open(bool with_input, std::uint64_t max_bytes = 1 << 20) {
    auto log = DecisionLog::open({.file = file(), .with_input = with_input, .max_bytes = max_bytes},
                                 clock_);
    EXPECT_TRUE(log);
    return std::move(*log);
  }
  std::filesystem::path file() const { return folder_ / "decisions.jsonl"; }
  std::string read() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void decide(DecisionLog& log, std::initializer_list<std::string_view> topics) {
    PolicyService service({}, clock_, random_, &log);
    EXPECT_TRUE(
        service.activate(documents("default allow := false\nallow if input.topic == \"a\"", "r1")));
    for (const auto topic : topics) {
      (void)service.decide(input(topic));
    }
    log.flush();
  }

  testkit::TempDir folder_;
  testkit::FakeClock clock_{from_unix_micros(0)};
  testkit::SeededRandom random_{1};
};

TEST_F(DecisionLogTest, HoldsRevisionDigestAndResultAndTheInputOnlyWhenTold) {
  decide(*open(false), {"a"});
  const auto text = read();
  const auto line = rego::value_from_json(text);
  ASSERT_TRUE(line) << text;
  EXPECT_EQ(line->find("revision")->text(), "r1");
  EXPECT_TRUE(line->find("allowed")->as_boolean());
  EXPECT_EQ(line->find("input_digest")->text().size(), 64U);
  EXPECT_EQ(line->find("input"), nullptr);
  decide(*open(true), {"b"});
  EXPECT_NE(read().find(R"("input":{"topic":"b"})"), std::string::npos);
}

TEST_F(DecisionLogTest, DryRunShowsWhichDecisionsWouldChange) {
  decide(*open(true), {"a", "b", "c"});
  const auto changed = dry_run(
      file(), documents("default allow := false\nallow if input.topic in {\"a\", \"c\"}", "r2"), {},
      clock_, random_);
  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_EQ(changed->decisions, 3U);
  ASSERT_EQ(changed->changed.size(), 1U);
  EXPECT_EQ(changed->changed[0].line, 3U);
  EXPECT_FALSE(changed->changed[0].was_allowed);
  EXPECT_TRUE(changed->changed[0].now.allowed);
  EXPECT_FALSE(dry_run(file(), documents("allow := x", "r2"), {}, clock_, random_));
}

TEST_F(DecisionLogTest, ACutLastLineIsLeftOutAndADamagedOneIsNamed) {
  decide(*open(true), {"a", "b"});
  const auto text = read();
  std::ofstream(file(), std::ios::binary) << text.substr(0, text.size() - 20);
  const auto policy = documents("allow := true", "r2");
  const auto cut = dry_run(file(), policy, {}, clock_, random_);
  ASSERT_TRUE(cut) << cut.error().message();
  EXPECT_EQ(cut->decisions, 1U);
  std::ofstream(file(), std::ios::binary) << "{]\n" << text;
  const auto damaged = dry_run(file(), policy, {}, clock_, random_);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error(), Errc::bad_log);
  EXPECT_NE(damaged.error().message().find(":1:"), std::string::npos);
}

TEST_F(DecisionLogTest, DryRunAsksForOneOrganisationAndTheEndOfTheLog) {
  const auto log = open(true);
  const Decision denied{.allowed = false, .ground = Ground::policy, .revision = "r1", .error = {}};
  for (const auto* scope : {"one", "two", "one"}) {
    log->record({.decision = denied,
                 .query = "data.unhidra.automation.allow",
                 .input = input(scope),
                 .scope = scope});
  }
  log->flush();
  const auto policy = documents("allow := true", "r2");
  const auto changes = [&](const DryRunOptions& options) {
    const auto run = dry_run(file(), policy, options, clock_, random_);
    EXPECT_TRUE(run) << run.error().message();
    return run ? run->changes : 99;
  };
  EXPECT_EQ(changes({}), 3U);
  EXPECT_EQ(changes({.scope = "one"}), 2U);
  EXPECT_EQ(changes({.scope = "three"}), 0U);
  EXPECT_EQ(changes({.max_bytes = std::filesystem::file_size(file()) - 1}), 2U);
  const auto few = dry_run(file(), policy, {.max_changed = 1}, clock_, random_);
  EXPECT_EQ(few->changes, 3U);
  EXPECT_EQ(few->changed.size(), 1U);
}

TEST_F(DecisionLogTest, ASampleLeavesOutWhatAllowsAndNeverADenialOrADifference) {
  auto log = DecisionLog::open({.file = file(), .sample = 10}, clock_).value();
  const Decision yes{.allowed = true, .ground = Ground::policy, .revision = "r1", .error = {}};
  const Decision no{.allowed = false, .ground = Ground::undefined, .revision = "r2", .error = {}};
  for (int i = 0; i < 20; ++i) {
    log->record({.decision = yes, .query = "q", .input = input("a")});
    log->record({.decision = no, .query = "q", .input = input("a")});
  }
  log->record({.decision = yes, .query = "q", .input = input("a"), .shadow = &no});
  log->flush();
  EXPECT_EQ(log->stats().written, 2U + 20U + 1U);
  EXPECT_EQ(log->stats().sampled_out, 18U);
  EXPECT_NE(read().find(R"("shadow":{"allowed":false,"ground":"undefined","revision":"r2"})"),
            std::string::npos)
      << read();
}

TEST_F(DecisionLogTest, WhatDoesNotFitIsDroppedAndCounted) {
  auto log = DecisionLog::open({.file = file(), .max_waiting = 0}, clock_).value();
  const Decision no;
  log->record({.decision = no, .query = "q", .input = input("a")});
  EXPECT_EQ(log->stats().dropped, 1U);
}

TEST_F(DecisionLogTest, TurnsOverWhenItIsLarge) {
  const auto log = open(true, 500);
  for (int i = 0; i < 5; ++i) {
    decide(*log, {"a"});
  }
  EXPECT_TRUE(std::filesystem::exists(file().string() + ".1"));
  EXPECT_LE(std::filesystem::file_size(file()), 500U);
  EXPECT_EQ(log->stats().dropped, 0U);
  EXPECT_EQ(log->stats().written, 5U);
}

}  // namespace
}  // namespace unhidra::policy
