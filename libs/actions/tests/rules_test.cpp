// Rules from their file to what is due.
#include "unhidra/actions/rules.h"

#include <gtest/gtest.h>

namespace unhidra::actions {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow = from_unix_micros(1'795'382'120'000'000);
const SteadyTime kStart{};

DeviceSaid said(std::string text, std::string device = "sensor", std::string kind = "telemetry") {
  return {.device_id = "id-" + device,
          .device_name = device,
          .kind = std::move(kind),
          .text = std::move(text)};
}

Rules read(std::string_view json) {
  auto out = Rules::parse(json);
  EXPECT_TRUE(out) << out.error().message();
  return out ? std::move(*out) : *Rules::parse(R"({"rules": []})");
}

std::vector<std::string> names(const std::vector<Due>& due) {
  std::vector<std::string> out;
  for (const auto& one : due) {
    out.push_back(one.rule + ">" + one.device + ":" + one.command);
  }
  return out;
}
using Names = std::vector<std::string>;

constexpr std::string_view kHouse = R"({"rules": [
  {"name": "hot", "when": {"device": "sensor", "kind": "telemetry"}, "if": "input.value > 25",
   "do": {"device": "fan", "command": "on"}, "quiet": 60},
  {"name": "door", "when": {"kind": "state"}, "if": "input.json.open == true\ninput.device.name == \"door\"",
   "do": {"device": "light", "command": "on"}},
  {"name": "any", "do": {"device": "log", "command": "note"}}
]})";

TEST(Rules, FireWhenTheirConditionHolds) {
  auto rules = read(kHouse);
  EXPECT_EQ(names(rules.on(said("26.5"), kNow, kStart)), (Names{"hot>fan:on", "any>log:note"}));
  auto fresh = read(kHouse);
  EXPECT_EQ(names(fresh.on(said("25"), kNow, kStart)), Names{"any>log:note"});
  fresh = read(kHouse);
  EXPECT_EQ(names(fresh.on(said("hot!"), kNow, kStart)), Names{"any>log:note"});
  fresh = read(kHouse);
  EXPECT_EQ(names(fresh.on(said("26.5", "other"), kNow, kStart)), Names{"any>log:note"});
  fresh = read(kHouse);
  EXPECT_EQ(names(fresh.on(said(R"({"open": true})", "door", "state"), kNow, kStart)),
            (Names{"door>light:on", "any>log:note"}));
  fresh = read(kHouse);
  EXPECT_EQ(names(fresh.on(said(R"({"open": true})", "door", "telemetry"), kNow, kStart)),
            Names{"any>log:note"});
}

TEST(Rules, AreQuietForAWhileAfterTheyWereDone) {
  auto rules = read(kHouse);
  EXPECT_EQ(rules.on(said("30"), kNow, kStart).size(), 2U);
  EXPECT_EQ(rules.on(said("30"), kNow, kStart + 9s).size(), 0U);
  EXPECT_EQ(names(rules.on(said("30"), kNow, kStart + 10s)), Names{"any>log:note"});
  EXPECT_EQ(names(rules.on(said("20"), kNow, kStart + 59s)), Names{"any>log:note"});
  EXPECT_EQ(names(rules.on(said("30"), kNow, kStart + 60s)), Names{"hot>fan:on"});
}

TEST(Rules, MayLookAtTheClock) {
  auto rules = read(R"x({"rules": [{"name": "evening", "if": "time.clock(time.now_ns())[0] >= 18",
                        "do": {"device": "light", "command": "on"}, "quiet": 1}]})x");
  const auto midnight = std::chrono::floor<std::chrono::days>(kNow);
  EXPECT_EQ(rules.on(said("x"), midnight + 12h, kStart).size(), 0U);
  EXPECT_EQ(rules.on(said("x"), midnight + 19h, kStart).size(), 1U);
}

TEST(Rules, ThatCannotBeDecidedDoNotFireAndAreTold) {
  auto rules = read(R"({"rules": [{"name": "endless",
    "if": "count([1 | some x in numbers.range(1, 100000); some y in numbers.range(1, 1000); x == y]) > 0",
    "do": {"device": "a", "command": "b"}}]})");
  std::string told;
  EXPECT_TRUE(
      rules.on(said("1"), kNow, kStart, [&](const std::string& rule, const Error&) { told = rule; })
          .empty());
  EXPECT_EQ(told, "endless");
}

TEST(Rules, AreRefusedWithTheirName) {
  const std::pair<std::string, std::string> kWrong[] = {
      {"", "rules"},
      {"[]", "expected an object"},
      {R"({"rules": {}})", "a list"},
      {R"({"rule": []})", "\"rule\""},
      {R"({"rules": [{"do": {"device": "a", "command": "b"}}]})", "rule 1: \"name\""},
      {R"({"rules": [{"name": "n"}]})", "rule 1 (n), do"},
      {R"({"rules": [{"name": "n", "do": {"device": "a"}}]})", "\"command\""},
      {R"({"rules": [{"name": "n", "do": {"device": "a", "command": ""}}]})", "\"command\""},
      {R"({"rules": [{"name": "n", "do": {"device": "a", "command": "b"}, "qiuet": 5}]})", "qiuet"},
      {R"({"rules": [{"name": "n", "do": {"device": "a", "command": "b"}, "quiet": 0}]})", "quiet"},
      {R"({"rules": [{"name": "n", "when": {"kind": "command"}, "do": {"device": "a", "command": "b"}}]})",
       "kind"},
      {R"({"rules": [{"name": "n", "if": "input.value >", "do": {"device": "a", "command": "b"}}]})",
       "rule 1 (n)"},
      {R"x({"rules": [{"name": "n", "if": "nosuch(1)", "do": {"device": "a", "command": "b"}}]})x",
       "rule 1 (n)"},
      {R"({"rules": [{"name": "n", "if": "false }\nholds if { true", "do": {"device": "a", "command": "b"}}]})",
       "body of one rule"}};
  for (const auto& [json, why] : kWrong) {
    const auto rules = Rules::parse(json);
    ASSERT_FALSE(rules) << json;
    EXPECT_NE(rules.error().message().find(why), std::string::npos)
        << json << ": " << rules.error().message();
  }
}

}  // namespace
}  // namespace unhidra::actions
