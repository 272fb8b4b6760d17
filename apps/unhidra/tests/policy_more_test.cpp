// `unhidra policy`: what restricts policies, cases of tests, and what an evaluation used up.
#include <algorithm>

#include "policy_line.h"

namespace unhidra::server {
namespace {

using rego::Value;

Value value_of(const std::string& text) {
  auto out = rego::value_from_json(text);
  EXPECT_TRUE(out) << text;
  return out.value_or(Value());
}

TEST_F(PolicyLine, CapabilitiesAreToldAndRestrict) {
  const auto own = run({"capabilities"});
  EXPECT_EQ(own.status, 0) << own.error_output;
  EXPECT_EQ(own.output, run({"capabilities", "--current"}).output);
  write("own.json", own.output);
  EXPECT_EQ(run({"capabilities", "--file", "own.json"}).output, own.output);
  EXPECT_EQ(run({"capabilities", "--version", "v1.0.0"}).status, 1);
  EXPECT_EQ(run({"capabilities", "--file", "none.json"}).status, 1);

  write("a.rego",
        "package a\n\np := upper(input.x)\n\ntest_p if p == \"X\" with input.x as \"x\"\n");
  for (const auto* command : {"check", "test"}) {
    EXPECT_EQ(run({command, "--capabilities", "own.json", "a.rego"}).status, 0) << command;
  }
  write("few.json", R"({"builtins": [{"name": "lower"}, {"name": "equal"}, {"name": "eq"}],
                        "features": ["rego_v1"]})");
  const auto refused = run({"check", "--capabilities", "few.json", "a.rego"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.error_output.find("a.rego:3:6: rego_type_error: undefined function upper"),
            std::string::npos)
      << refused.error_output;
  EXPECT_EQ(run({"test", "--capabilities", "few.json", "a.rego"}).status, 1);
  EXPECT_EQ(run({"eval", "--capabilities", "few.json", "-d", "a.rego", "1"}).status, 2);
  EXPECT_EQ(run({"bench", "--capabilities", "few.json", "-d", "a.rego", "1"}).status, 1);
  const auto query = run({"eval", "--capabilities", "few.json", "upper(\"x\")", "-f", "pretty"});
  EXPECT_NE(query.error_output.find("undefined function upper"), std::string::npos);
  const auto named = run({"check", "--capabilities", "v0.68.0", "a.rego"});
  EXPECT_EQ(named.status, 1);
  EXPECT_NE(named.error_output.find("there is no such file"), std::string::npos);
}

TEST_F(PolicyLine, WhatIsNotToBeHadIsSaid) {
  EXPECT_EQ(run({"eval", "--target", "rego", "-f", "raw", "1"}).output, "1\n");
  const auto wasm = run({"eval", "--target", "wasm", "1"});
  EXPECT_NE(wasm.status, 0);
  EXPECT_NE(wasm.error_output.find("not in WebAssembly"), std::string::npos) << wasm.error_output;
  EXPECT_NE(run({"eval", "--v0-compatible", "--v1-compatible", "1"}).status, 0);
  EXPECT_NE(run({"eval", "--fail", "--fail-defined", "1"}).status, 0);
  EXPECT_NE(run({"eval", "--stdin", "--stdin-input"}).status, 0);
}

TEST_F(PolicyLine, EvalTellsWhatItUsedUpAndWhatFailed) {
  write_example();
  const auto used = run({"eval", "-d", "p", "-i", "input.json", "--instrument", "data.example"});
  const auto metrics = value_of(used.output);
  for (const auto* name : {"counter_rego_steps", "counter_rego_work", "counter_rego_memory_bytes",
                           "timer_rego_query_eval_ns"}) {
    ASSERT_NE(metrics.find("metrics"), nullptr) << used.output;
    ASSERT_NE(metrics.find("metrics")->find(name), nullptr) << name;
  }
  for (const auto& tree :
       {std::vector<std::string>(), std::vector<std::string>{"--disable-indexing"}}) {
    std::vector<std::string> line{"eval", "--show-builtin-errors", "-f", "raw",
                                  "x := [y | some i in [0, 1]; y := 1 / i]"};
    line.insert(line.end(), tree.begin(), tree.end());
    const auto out = run(line);
    EXPECT_EQ(out.output, "true\n") << out.error_output;
    EXPECT_NE(out.error_output.find("eval_builtin_error: div: divide by zero"), std::string::npos)
        << out.error_output;
  }
  const auto cut = run({"eval", "-f", "pretty", "--pretty-limit", "4", "x := \"äbcdefg\"; y := 1"});
  EXPECT_NE(cut.output.find("| \"äbc... | 1 |"), std::string::npos) << cut.output;
}

TEST_F(PolicyLine, ExplanationsSayWhatVariablesWere) {
  write("a.rego", "package a\n\np if {\n\tx := input.x\n\ty := 2\n\tx == y\n}\n");
  write("input.json", R"({"x": 1})");
  const auto out = run({"eval", "-d", "a.rego", "-i", "input.json", "--explain", "fails",
                        "--var-values", "data.a.p"});
  EXPECT_NE(json(out.output).find(R"("variables":{"x":1,"y":2})"), std::string::npos)
      << out.output << out.error_output;
  EXPECT_NE(run({"eval", "--var-values", "1"}).status, 0);
}

TEST_F(PolicyLine, ATestWithVariablesInItsHeadHasCases) {
  write("a_test.rego", R"(package a_test

cases := {"one": {"x": 1, "want": 2}, "two": {"x": 2, "want": 3}, "off": {"x": 2, "want": 4}}

test_next[name] if {
	some name, each in cases
	got := each.x + 1
	got == each.want
}
)");
  const auto out = run({"test", "--var-values", "a_test.rego"});
  EXPECT_EQ(out.status, 2);
  for (const auto* wanted : {"data.a_test.test_next: FAIL", "  off: FAIL\n", "  one: PASS\n",
                             "  two: PASS\n", "FAIL: 1/1"}) {
    EXPECT_NE(out.output.find(wanted), std::string::npos) << wanted << "\n" << out.output;
  }
  const auto listed = value_of(run({"test", "-f", "json", "a_test.rego"}).output);
  const auto* cases = listed.elements()[0].find("sub_results");
  ASSERT_NE(cases, nullptr);
  EXPECT_NE(cases->find("off")->find("fail"), nullptr);
  EXPECT_EQ(cases->find("one")->find("fail"), nullptr);
  write("a_test.rego",
        "package a_test\n\ntest_next[name] if {\n\tsome name, x in {\"a\": 1}\n\tx == 1\n}\n");
  EXPECT_EQ(run({"test", "a_test.rego"}).status, 0);
}

TEST_F(PolicyLine, TestsShowVariablesRepeatAndAreMeasured) {
  write("a_test.rego",
        "package a_test\n\ntest_a if {\n\tx := 1 + 1\n\tx == 3\n}\n\ntest_b if true\n");
  const auto failed = run({"test", "--var-values", "a_test.rego"});
  EXPECT_NE(failed.output.find("x = 2"), std::string::npos) << failed.output;
  EXPECT_EQ(run({"test", "a_test.rego"}).output.find("x = 2"), std::string::npos);
  EXPECT_EQ(run({"test", "--count", "3", "-r", "test_b", "a_test.rego"}).status, 0);
  const auto bench = run({"test", "--bench", "-f", "gobench", "-r", "test_b", "a_test.rego"});
  EXPECT_EQ(bench.status, 0) << bench.error_output;
  EXPECT_TRUE(bench.output.starts_with("BenchmarkDataATestTestB\t")) << bench.output;
  EXPECT_NE(bench.output.find("ns/op"), std::string::npos);
  EXPECT_EQ(run({"test", "--bench", "a_test.rego"}).status, 2);
  EXPECT_EQ(run({"test", "-f", "gobench", "a_test.rego"}).status, 1);
  EXPECT_NE(run({"test", "--bench", "--coverage", "a_test.rego"}).status, 0);
  EXPECT_EQ(run({"test", "-r", "none", "a_test.rego"}).status, 0);
  EXPECT_EQ(run({"test", "--fail-on-empty", "-r", "none", "a_test.rego"}).status, 1);
}

}  // namespace
}  // namespace unhidra::server
