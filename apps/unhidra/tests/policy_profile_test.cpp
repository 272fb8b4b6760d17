// Where the time of an evaluation goes, as `unhidra policy eval --profile` tells it.
#include "policy_line.h"

namespace unhidra::server {
namespace {

TEST_F(PolicyLine, EvalTellsWhereTheTimeWent) {
  write("a.rego",
        "package a\n\np contains x if {\n\tsome x in numbers.range(1, 50)\n\tx % 2 == 0\n}\n");
  const auto profile = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"eval", "-d", "a.rego"});
    flags.emplace_back("count(data.a.p)");
    const auto out = run(std::move(flags));
    EXPECT_EQ(out.status, 0) << out.error_output;
    return out.output;
  };
  const auto told = rego::value_from_json(profile({"--profile", "--profile-sort", "num_eval"}));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->find("result")
                ->elements()[0]
                .find("expressions")
                ->elements()[0]
                .find("value")
                ->small_integer(),
            25);
  const auto lines = told->find("profile")->elements();
  ASSERT_EQ(lines.size(), 3U);
  const auto number = [](const rego::Value& line, std::string_view name) {
    const auto* found = line.find(name);
    return found == nullptr ? -1 : found->small_integer().value_or(-1);
  };
  EXPECT_EQ(number(*lines[0].find("location"), "row"), 5);
  EXPECT_EQ(lines[0].find("location")->find("file")->text(), "a.rego");
  EXPECT_EQ(number(lines[0], "num_eval"), 50);
  EXPECT_EQ(number(lines[0], "num_redo"), 25);
  EXPECT_EQ(number(*lines[1].find("location"), "row"), 4);
  EXPECT_EQ(number(lines[1], "num_eval"), 1);
  EXPECT_EQ(number(lines[1], "num_redo"), 50);
  EXPECT_GT(number(lines[0], "total_time_ns"), 0);
  const auto several =
      rego::value_from_json(profile({"--profile", "--count", "5", "--profile-limit", "1"}));
  ASSERT_TRUE(several);
  ASSERT_EQ(several->find("profile")->size(), 1U);
  const auto& stats = *several->find("profile")->elements()[0].find("total_time_ns_stats");
  EXPECT_LE(number(stats, "min"), number(stats, "median"));
  EXPECT_LE(number(stats, "99%"), number(stats, "max"));
  const auto table = profile({"-f", "pretty", "--profile-limit", "0"});
  EXPECT_TRUE(table.starts_with("25\n+")) << table;
  EXPECT_NE(table.find("| NUM EVAL | NUM REDO | NUM GEN EXPR | LOCATION"), std::string::npos)
      << table;
  EXPECT_NE(table.find("| 50       | 25       | "), std::string::npos) << table;
  EXPECT_NE(table.find("| a.rego:5 "), std::string::npos) << table;
  EXPECT_NE(table.find("| count(data.a.p) |"), std::string::npos) << table;
  EXPECT_NE(run({"eval", "--profile", "--profile-sort", "beauty", "1"}).status, 0);
  EXPECT_NE(run({"eval", "--profile", "--coverage", "1"}).status, 0);
}

}  // namespace
}  // namespace unhidra::server
