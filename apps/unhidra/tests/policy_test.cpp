// `unhidra policy` as a person uses it: the real binary on files.
#include "policy_line.h"

namespace unhidra::server {
namespace {

// The example of the roadmap, in the syntax of its time.
constexpr auto kAutomation = R"(package unhidra.automation

default allow = false

allow {
    input.device.type == "thermostat"
    input.action == "publish"
    startswith(input.topic, "hvac/")
}

allow {
    input.user.role == "admin"
}
)";

TEST_F(PolicyLine, EvalAnswersAsOpaDoes) {
  write_example();
  auto out = run({"eval", "-d", "p", "-i", "input.json", "data.example.allow"});
  EXPECT_EQ(out.status, 0) << out.error_output;
  EXPECT_EQ(json(out.output), R"({"result":[{"expressions":[{"location":{"col":1,"row":1},)"
                              R"("text":"data.example.allow","value":true}]}]})");
  out = run({"eval", "-d", "p", "-f", "raw", "x := data.admins[_]; upper(x)"});
  EXPECT_EQ(out.output, "true ANN\ntrue BOB\n");
  out = run({"eval", "-d", "p", "-f", "pretty", "data.admins[i] = x"});
  EXPECT_EQ(out.output,
            "+---+-------+\n| i | x     |\n+---+-------+\n| 0 | \"ann\" |\n| 1 | \"bob\" |\n"
            "+---+-------+\n");
  out = run({"eval", "-d", "p", "-f", "pretty", "data.example.allow"});
  EXPECT_EQ(out.output, "false\n");
  out = run({"eval", "-d", "p", "-f", "bindings", "x = data.example.names"});
  EXPECT_EQ(json(out.output), R"([{"x":["ann","bob"]}])");
}

TEST_F(PolicyLine, EvalTellsBesideTheAnswerHowLongItTookAndWhichRulesItTried) {
  write_example();
  const auto told = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"eval", "-d", "p", "-i", "input.json"});
    flags.emplace_back("data.example.allow");
    const auto out = run(std::move(flags));
    EXPECT_EQ(out.status, 0) << out.error_output;
    const auto value = rego::value_from_json(out.output);
    EXPECT_TRUE(value) << out.output;
    return value.value_or(rego::Value());
  };
  const auto timed = told({"--metrics"});
  for (const auto* name : {"timer_rego_load_files_ns", "timer_rego_query_compile_ns",
                           "timer_rego_input_parse_ns", "timer_rego_query_eval_ns"}) {
    ASSERT_NE(timed.find("metrics"), nullptr);
    ASSERT_NE(timed.find("metrics")->find(name), nullptr) << name;
    EXPECT_GT(timed.find("metrics")->find(name)->small_integer().value_or(0), 0) << name;
  }
  const auto full = told({"--explain", "full"});
  ASSERT_NE(full.find("explanation"), nullptr);
  EXPECT_EQ(full.find("explanation")->elements()[0].find("rule")->text(), "data.example.allow");
  write("input.json", R"({"user": "eve", "path": ["api", "x"]})");
  const auto fails = told({"--explain", "fails", "--metrics"});
  ASSERT_GE(fails.find("explanation")->size(), 1U);
  for (const auto& attempt : fails.find("explanation")->elements()) {
    EXPECT_FALSE(attempt.find("matched")->as_boolean());
  }
  EXPECT_NE(run({"eval", "--explain", "full", "--coverage", "1"}).status, 0);
  EXPECT_NE(run({"eval", "--explain", "some", "1"}).status, 0);
}

TEST_F(PolicyLine, AQueryMayStandInAPackageAndImport) {
  write("a.rego", "package a.b\n\np := 1\n\nq := p + 1\n");
  EXPECT_EQ(run({"eval", "-d", "a.rego", "--package", "a.b", "-f", "raw", "q"}).output, "2\n");
  EXPECT_EQ(run({"eval", "-d", "a.rego", "--import", "data.a as x", "-f", "raw", "x.b.p"}).output,
            "1\n");
  EXPECT_EQ(run({"eval", "-d", "a.rego", "-f", "raw", "q"}).status, 2);
  const auto wrong = run({"eval", "-d", "a.rego", "--import", "nowhere.a", "q", "-f", "pretty"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.error_output.find("unexpected import path"), std::string::npos)
      << wrong.error_output;
}

TEST_F(PolicyLine, AQueryHasTheKeywordsThatItImports) {
  EXPECT_EQ(run({"eval", "--import", "future.keywords.or", "-f", "raw", "1 == 2 or 1 == 1"}).output,
            "true\n");
  EXPECT_EQ(run({"eval", "-f", "raw", "1 == 2 or 1 == 1"}).status, 2);
}

TEST_F(PolicyLine, AWrongQueryIsToldInJsonErrorByError) {
  const auto read = run({"eval", "x := [1,, 2]"});
  EXPECT_EQ(read.status, 2);
  EXPECT_NE(read.output.find("\"code\": \"rego_parse_error\""), std::string::npos) << read.output;
  EXPECT_NE(read.output.find("\"col\": 9"), std::string::npos) << read.output;
  const auto compiled = run({"eval", "x > 1; nope(2); y < 2"});
  EXPECT_EQ(compiled.status, 2);
  std::size_t errors = 0;
  for (auto at = compiled.output.find("\"message\""); at != std::string::npos;
       at = compiled.output.find("\"message\"", at + 1)) {
    ++errors;
  }
  EXPECT_NE(compiled.output.find("undefined function nope"), std::string::npos) << compiled.output;
  EXPECT_NE(compiled.output.find("\"col\": 8"), std::string::npos) << compiled.output;
  const auto unsafe = run({"eval", "x > 1; y < 2"});
  EXPECT_NE(unsafe.output.find("var x is unsafe"), std::string::npos) << unsafe.output;
  EXPECT_NE(unsafe.output.find("var y is unsafe"), std::string::npos) << unsafe.output;
  EXPECT_GE(errors, 1U);
}

TEST_F(PolicyLine, AnUnknownCommandIsToldWithTheNearest) {
  const auto near = run({"evall", "1"});
  EXPECT_EQ(near.status, 2);
  EXPECT_NE(near.error_output.find(
                "unhidra policy: there is no command \"evall\"; did you mean \"eval\"?"),
            std::string::npos)
      << near.error_output;
  EXPECT_NE(run({"tset", "."}).error_output.find("did you mean \"test\"?"), std::string::npos);
  const auto far = run({"compile"});
  EXPECT_NE(far.error_output.find(
                "there are eval, check, test, fmt, bench, explain, dry-run, capabilities"),
            std::string::npos)
      << far.error_output;
  EXPECT_EQ(run({"eval", "--help"}).status, 0);
  EXPECT_NE(run({"eval", "--no-such-option", "1"}).error_output.find("--no-such-option"),
            std::string::npos);
}

TEST_F(PolicyLine, AWrongQueryIsToldWithItsColumn) {
  const auto read = run({"eval", "-f", "pretty", "1 == 1; data.a."});
  EXPECT_EQ(read.status, 2);
  EXPECT_NE(read.error_output.find(": 1:16: rego_parse_error: unexpected eof token"),
            std::string::npos)
      << read.error_output;
  const auto asked = run({"eval", "-f", "pretty", "--strict-builtin-errors", "x := 1; 1 / 0"});
  EXPECT_NE(asked.error_output.find("1:9: eval_builtin_error: div: divide by zero"),
            std::string::npos)
      << asked.error_output;
}

TEST_F(PolicyLine, AnEvaluationEndsWithItsTime) {
  write("slow.rego",
        "package slow\n\np := count([1 | some a in numbers.range(1, 3000); some b in "
        "numbers.range(1, 3000); a + b == 0])\n\ntest_p if p == 0\n");
  const auto ended = run({"eval", "-d", "slow.rego", "--timeout", "30ms", "--max-steps",
                          "2000000000", "-f", "pretty", "data.slow.p"});
  EXPECT_EQ(ended.status, 2);
  // Its time ends in a function or between steps.
  EXPECT_NE(ended.error_output.find("eval_cancel_error: the evaluation's "), std::string::npos)
      << ended.error_output;
  const auto tested = run({"test", "slow.rego", "--timeout", "30ms", "--max-steps", "2000000000"});
  EXPECT_EQ(tested.status, 2);
  EXPECT_NE(tested.output.find("ERROR"), std::string::npos) << tested.output;
  EXPECT_NE(run({"eval", "--timeout", "soon", "1"}).error_output.find("wants a duration"),
            std::string::npos);
}

TEST_F(PolicyLine, CheckTellsSoManyErrorsAndReadsBundles) {
  std::string text = "package many\n\n";
  for (int i = 0; i < 12; ++i) {
    text += "p" + std::to_string(i) + " := x\n\n";
  }
  write("many.rego", text);
  const auto some = run({"check", "many.rego"});
  EXPECT_EQ(some.status, 1);
  EXPECT_TRUE(some.error_output.starts_with("10 errors occurred:")) << some.error_output;
  EXPECT_NE(some.error_output.find("2 more errors are not shown"), std::string::npos);
  EXPECT_TRUE(
      run({"check", "-m", "0", "many.rego"}).error_output.starts_with("12 errors occurred:"));
  write("bundle/.manifest", R"({"roots": ["inside"]})");
  write("bundle/a.rego", "package inside\n\ntest_a if true\n");
  EXPECT_EQ(run({"check", "-b", "bundle"}).status, 0);
  EXPECT_EQ(run({"test", "-b", "bundle"}).status, 0);
  write("bundle/b.rego", "package outside\n\np := 1\n");
  EXPECT_EQ(run({"check", "bundle"}).status, 0);
  EXPECT_EQ(run({"check", "-b", "bundle"}).status, 1);
}

TEST_F(PolicyLine, MetadataThatCannotBeReadIsTold) {
  write("a.rego", "package a\n\n# METADATA\n# title: [a\np := rego.metadata.rule()\n");
  const auto told = run({"check", "a.rego"});
  EXPECT_EQ(told.status, 1);
  EXPECT_NE(
      told.error_output.find("a.rego:4:1: rego_parse_error: yaml: line 1: did not find expected"),
      std::string::npos)
      << told.error_output;
  EXPECT_EQ(run({"eval", "-d", "a.rego", "data.a.p"}).status, 2);
  EXPECT_EQ(run({"test", "a.rego"}).status, 1);
  EXPECT_EQ(run({"fmt", "a.rego"}).status, 0);
}

TEST_F(PolicyLine, SchemasTellWhatTheInputCannotHave) {
  write_example();
  write("input.schema.json", R"({"properties": {"user": {"type": "string"}}})");
  write("s/input.json", R"({"properties": {"users": {"type": "string"}}})");
  write("p/named.rego",
        "# METADATA\n# scope: package\n# schemas:\n#   - input: schema.input\n"
        "package named\n\np if input.user\n");
  const std::string said =
      "rego_type_error: undefined ref: input.path[0]\n\tinput.path[0]\n\t      ^\n\t      have: "
      "\"path\"\n\t      want (one of): [\"user\"]";
  const auto by_file = run({"check", "-s", "input.schema.json", "p/example.rego"});
  EXPECT_EQ(by_file.status, 1);
  EXPECT_NE(by_file.error_output.find(said), std::string::npos) << by_file.error_output;
  EXPECT_EQ(run({"eval", "-s", "input.schema.json", "-d", "p/example.rego", "1"}).status, 2);
  const auto by_folder = run({"check", "--schema", "s", "p"});
  EXPECT_NE(by_folder.error_output.find("undefined ref: input.user"), std::string::npos)
      << by_folder.error_output;
  EXPECT_EQ(by_folder.error_output.find("input.path"), std::string::npos) << by_folder.error_output;
  EXPECT_EQ(run({"check", "p"}).status, 0);
  EXPECT_EQ(run({"test", "-s", "missing.json", "p"}).status, 1);
}

TEST_F(PolicyLine, EvalInPartAnswersWhatMustHoldOfTheRest) {
  write_example();
  const auto shown = run({"eval", "-p", "-d", "p", "-f", "source", "data.example.allow == true"});
  EXPECT_EQ(shown.status, 0);
  EXPECT_EQ(shown.output,
            "# Query 1\ninput.user in [\"ann\", \"bob\"]\ninput.path[0] = \"api\"\n\n");
  const auto known = run({"eval", "--partial", "--unknowns", "input.path", "-i", "input.json", "-d",
                          "p", "-f", "pretty", "data.example.allow == true"});
  EXPECT_EQ(known.output,
            "+---------+-----------------------+\n"
            "| Query 1 | input.path[0] = \"api\" |\n"
            "+---------+-----------------------+\n");
  EXPECT_EQ(json(run({"eval", "-p", "-d", "p", "input.x"}).output),
            R"({"partial":{"queries":[[{"index":0,"terms":{"type":"ref","value":)"
            R"([{"type":"var","value":"input"},{"type":"string","value":"x"}]}}]]}})");
  // Each flag takes one value: what follows is the query.
  const auto kept = run({"eval", "-p", "-d", "p", "-f", "source", "--disable-inlining",
                         "data.example.allow", "data.example.allow == true"});
  EXPECT_EQ(kept.status, 0) << kept.output;
  EXPECT_NE(kept.output.find("# Query 1\ndata.partial.example.allow"), std::string::npos)
      << kept.output;
  EXPECT_EQ(run({"eval", "-p", "-d", "p", "-u", "input.path", "true"}).status, 0);
  const auto supported = run({"eval", "-p", "-d", "p", "-f", "source", "data.example.allow"});
  EXPECT_NE(supported.output.find("# Module 1\npackage partial.example\n"), std::string::npos)
      << supported.output;
  EXPECT_EQ(run({"eval", "-p", "-d", "p", "--fail", "input.x = 1; false"}).status, 1);
  EXPECT_EQ(run({"eval", "-d", "p", "-f", "source", "1"}).status, 2);
}

TEST_F(PolicyLine, ExplainAsksAsTheBrokerDoes) {
  write("b/b.rego",
        "package unhidra.automation\n\nallow if {\n\tinput.device.labels.room == \"hall\"\n"
        "\t\"heating\" in input.device.groups\n\tinput.delivery\n\tinput.reading_type == \"t\"\n"
        "\tinput.client.ip == \"192.0.2.7\"\n}\n");
  const auto asked =
      run({"explain", "-d", "b", "-f", "json", "--device", "d1", "--label", "room=hall", "--group",
           "heating", "--ip", "192.0.2.7", "--deliver", "hvac/t"});
  EXPECT_EQ(asked.status, 0) << asked.error_output;
  const auto told = rego::value_from_json(asked.output);
  ASSERT_TRUE(told) << asked.output;
  EXPECT_TRUE(told->find("result")->as_boolean()) << asked.output;
  const auto* input = told->find("input");
  EXPECT_EQ(input->find("action")->text(), "subscribe");
  EXPECT_EQ(input->find("qos")->text(), "0");
  EXPECT_EQ(input->find("device")->find("type")->text(), "");
  EXPECT_NE(run({"explain", "-d", "b", "--deliver", "a", "--publish", "b"}).status, 0);
}

TEST_F(PolicyLine, EvalSpeaksByItsExitCode) {
  write_example();
  EXPECT_EQ(run({"eval", "-d", "p", "--fail", "data.example.none"}).status, 1);
  EXPECT_EQ(run({"eval", "-d", "p", "--fail", "data.example.allow"}).status, 0);
  EXPECT_EQ(run({"eval", "-d", "p", "--fail-defined", "data.example.allow"}).status, 1);
  EXPECT_EQ(json(run({"eval", "-d", "p", "data.example.none"}).output), "{}");
  const auto wrong = run({"eval", "-d", "p", "data.example.allow ="});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.output.find("rego_parse_error"), std::string::npos) << wrong.output;
  EXPECT_EQ(run({"eval", "-d", "nowhere", "1"}).status, 2);
  EXPECT_EQ(run({"eval", "-d", "p", "-i", "p/example.rego", "1"}).status, 2);
  EXPECT_EQ(run({"eval", "-d", "p"}).status, 2);
  const auto endless =
      run({"eval", "--max-steps", "1000", "-f", "raw", "count(numbers.range(1, 10000000))"});
  EXPECT_EQ(endless.status, 2);
  EXPECT_NE(endless.error_output.find("budget"), std::string::npos) << endless.error_output;
}

TEST_F(PolicyLine, CheckTellsEverythingWithPlaceAndLine) {
  write("bad/a.rego", "package a\n\np := x\n\nq if nope(1)\n");
  write("bad/b.rego", "package b\n\nimport data.c\n\nr := 1\n");
  const auto out = run({"check", "--strict", "bad"});
  EXPECT_EQ(out.status, 1);
  EXPECT_EQ(out.error_output,
            "3 errors occurred:\n"
            "bad/b.rego:3:1: rego_compile_error: import data.c unused\n\timport data.c\n\t^\n"
            "bad/a.rego:3:6: rego_unsafe_var_error: var x is unsafe\n\tp := x\n\t     ^\n"
            "bad/a.rego:5:6: rego_type_error: undefined function nope\n\tq if nope(1)\n\t     ^\n");
  const auto listed = run({"check", "-f", "json", "bad"});
  EXPECT_EQ(listed.status, 1);
  EXPECT_NE(listed.output.find("\"row\": 5"), std::string::npos) << listed.output;
  write_example();
  EXPECT_EQ(run({"check", "p"}).status, 0);
  EXPECT_EQ(run({"check", "input.json"}).status, 1);
  write("v0.rego", kAutomation);
  EXPECT_EQ(run({"check", "v0.rego"}).status, 1);
  EXPECT_EQ(run({"check", "--v0-compatible", "v0.rego"}).status, 0);
}

TEST_F(PolicyLine, TestRunsTestsAndShowsWhatFailed) {
  write_example();
  write("p/example_test.rego", R"(package example_test

test_ann if data.example.allow with input as {"user": "ann", "path": ["api"]}

test_eve if {
	print("eve asks")
	data.example.allow with input as {"user": "eve", "path": ["api"]}
}

todo_test_later if false
)");
  auto out = run({"test", "p"});
  EXPECT_EQ(out.status, 2);
  for (const auto* wanted : {"data.example_test.test_eve: FAIL", "eve asks", "PASS: 1/3",
                             "FAIL: 1/3", "SKIPPED: 1/3", "failed at p/example.rego:6:2"}) {
    EXPECT_NE(out.output.find(wanted), std::string::npos) << wanted << "\n" << out.output;
  }
  EXPECT_EQ(out.output.find("test_ann"), std::string::npos);
  out = run({"test", "-v", "-r", "ann", "p"});
  EXPECT_EQ(out.status, 0);
  EXPECT_NE(out.output.find("data.example_test.test_ann: PASS"), std::string::npos);
  EXPECT_EQ(run({"test", "-r", "(", "p"}).status, 1);
  out = run({"test", "--coverage", "-r", "ann", "p"});
  EXPECT_EQ(out.status, 0);
  EXPECT_NE(out.output.find("\"not_covered\""), std::string::npos) << out.output;
  EXPECT_EQ(run({"test", "--threshold", "99", "-r", "ann", "p"}).status, 2);
  write("p/broken.rego", "package x\np := y\n");
  EXPECT_EQ(run({"test", "p"}).status, 1);
}

TEST_F(PolicyLine, FmtWritesListsAndShows) {
  write("a.rego", "package a\np  :=1\n");
  const std::string wanted = "package a\n\np := 1\n";
  EXPECT_EQ(run({"fmt", "a.rego"}).output, wanted);
  EXPECT_EQ(run({"fmt", "-l", "--fail", "a.rego"}).status, 1);
  EXPECT_EQ(run({"fmt", "-d", "a.rego"}).output,
            "--- a.rego\n+++ a.rego\n@@ -2,1 +2,2 @@\n-p  :=1\n+\n+p := 1\n");
  EXPECT_EQ(read("a.rego"), "package a\np  :=1\n");
  EXPECT_EQ(run({"fmt", "-w", "a.rego"}).status, 0);
  EXPECT_EQ(read("a.rego"), wanted);
  EXPECT_EQ(run({"fmt", "-l", "--fail", "."}).status, 0);
  write("bad.rego", "package a\np := )\n");
  const auto bad = run({"fmt", "-w", "bad.rego"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_NE(bad.error_output.find("bad.rego:2:6"), std::string::npos);
  EXPECT_EQ(read("bad.rego"), "package a\np := )\n");
}

TEST_F(PolicyLine, ExplainSaysWhichExpressionFailedFirst) {
  write("p/automation.rego", kAutomation);
  const auto out = run({"explain", "--v0-compatible", "-d", "p", "--device", "d1", "--device-type",
                        "thermostat", "--publish", "lights/hall"});
  EXPECT_EQ(out.status, 0) << out.error_output;
  for (const auto* wanted : {"data.unhidra.automation.allow = false",
                             "- data.unhidra.automation.allow  p/automation.rego:5  did not match",
                             "failed at p/automation.rego:8:5  startswith(input.topic, \"hvac/\")",
                             "failed at p/automation.rego:12:5  input.user.role == \"admin\""}) {
    EXPECT_NE(out.output.find(wanted), std::string::npos) << wanted << "\n" << out.output;
  }
  const auto allowed = run({"explain", "--v0-compatible", "-d", "p", "--device", "d1",
                            "--device-type", "thermostat", "--publish", "hvac/1", "-f", "json"});
  EXPECT_NE(allowed.output.find("\"result\": true"), std::string::npos) << allowed.output;
  EXPECT_EQ(run({"explain", "-d", "nowhere"}).status, 1);
  EXPECT_EQ(run({"explain", "--publish", "a", "--subscribe", "b"}).status, 2);
}

TEST_F(PolicyLine, ExplainAsksAboutOperationsToo) {
  write("p/operations.rego", R"(package unhidra.operations

default allow := true

allow := false if {
	input.user.role == "guest"
	input.operation.permission == "messages.send"
	not working_hours
}

allow := false if {
	input.resource.parameters.conversation_id == "01a21ef9-97f6-7f1c-a881-720ef6168396"
	not net.cidr_contains("10.20.0.0/16", input.client.ip)
}

working_hours if time.clock(input.time)[0] >= 7
)");
  const auto asked = [&](std::vector<std::string> more) {
    std::vector<std::string> line{"explain", "-d", "p", "--operation", "messages.send"};
    line.insert(line.end(), more.begin(), more.end());
    return run(line);
  };
  const auto night = asked({"--role", "guest", "--at", "2026-11-28T03:00:00Z"});
  EXPECT_EQ(night.status, 0) << night.error_output;
  for (const auto* wanted : {"data.unhidra.operations.allow = false",
                             "+ data.unhidra.operations.allow  p/operations.rego:5  matched",
                             "\"role\":\"guest\"", "\"face\":\"frame\""}) {
    EXPECT_NE(night.output.find(wanted), std::string::npos) << wanted << "\n" << night.output;
  }
  const auto day = asked({"--role", "guest", "--at", "2026-11-28T09:00:00Z"});
  EXPECT_NE(day.output.find("data.unhidra.operations.allow = true"), std::string::npos)
      << day.output;
  const auto outside = asked(
      {"--ip", "192.0.2.7", "--parameter", "conversation_id=01a21ef9-97f6-7f1c-a881-720ef6168396"});
  EXPECT_NE(outside.output.find("+ data.unhidra.operations.allow  p/operations.rego:11  matched"),
            std::string::npos)
      << outside.output;
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--role", "king"},
                                                {"--user", "bob"},
                                                {"--at", "noon"},
                                                {"--parameter", "x"}}) {
    EXPECT_EQ(asked(wrong).status, 1) << wrong[0];
  }
  EXPECT_EQ(run({"explain", "--operation", "messages.shout"}).status, 1);
  EXPECT_EQ(run({"explain", "--operation", "messages.send", "--publish", "a"}).status, 2);
  EXPECT_EQ(run({"explain", "--loopback"}).status, 2);
}

TEST_F(PolicyLine, BundlesAreReadAndUnsignedOnesRefusedWhenAKeyIsGiven) {
  write("b/.manifest", R"({"revision": "r1", "roots": ["example"]})");
  write("b/example/policy.rego", "package example\n\nx := data.example.y\n");
  write("b/example/data.json", R"({"y": 7})");
  const auto out = run({"eval", "-b", "b", "-f", "raw", "data.example.x"});
  EXPECT_EQ(out.output, "7\n") << out.error_output;
  write("key.json", R"({"kty":"OKP","crv":"Ed25519","alg":"EdDSA",)"
                    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  const auto refused = run({"eval", "-b", "b", "--verification-key", "key.json", "-f", "raw", "1"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.error_output.find("signature is refused"), std::string::npos)
      << refused.error_output;
  write("b/other/data.json", R"({"z": 1})");
  EXPECT_EQ(run({"eval", "-b", "b", "1"}).status, 2);
}

TEST_F(PolicyLine, DryRunShowsWhatWouldChange) {
  write("p/example.rego", kExample);
  write("p/data.json", R"({"admins": ["ann"]})");
  write("log.jsonl", R"({"query":"data.example.allow","allowed":true,)"
                     R"("input":{"user":"ann","path":["api"]}})"
                     "\n"
                     R"({"query":"data.example.allow","allowed":true,)"
                     R"("input":{"user":"eve","path":["api"]}})"
                     "\n"
                     R"({"query":"data.example.allow","allowed":false})"
                     "\n");
  const auto out = run({"dry-run", "-d", "p", "--log", "log.jsonl", "--fail"});
  EXPECT_EQ(out.status, 1) << out.error_output;
  EXPECT_EQ(out.output,
            "line 2: allow -> deny  {\"path\":[\"api\"],\"user\":\"eve\"}\n"
            "3 decisions, 1 would change, 1 were logged without their input and cannot be asked "
            "again\n");
  write("log.jsonl", "nonsense\n");
  EXPECT_EQ(run({"dry-run", "-d", "p", "--log", "log.jsonl"}).status, 1);
  EXPECT_EQ(run({"dry-run", "-d", "p", "--log", "none.jsonl"}).status, 1);
}

TEST_F(PolicyLine, BenchMeasuresDecisions) {
  write_example();
  const auto out = run({"bench", "-d", "p", "-i", "input.json", "--decisions", "100", "-f", "json",
                        "data.example.allow"});
  EXPECT_EQ(out.status, 0) << out.error_output;
  const auto figures = rego::value_from_json(out.output).value_or(rego::Value());
  ASSERT_TRUE(figures.is(rego::Kind::object)) << out.output;
  EXPECT_EQ(figures.find("decisions")->small_integer(), 100);
  for (const auto* name : {"p50_ns", "load_ns", "steps_per_decision", "bytes_per_decision"}) {
    ASSERT_NE(figures.find(name), nullptr) << name;
    EXPECT_GT(figures.find(name)->small_integer().value_or(0), 0) << name;
  }
  const auto lines =
      run({"bench", "-d", "p", "-i", "input.json", "--decisions", "10", "--count", "3", "-f",
           "gobench", "--benchmem=false", "--package", "example", "allow"});
  EXPECT_EQ(std::ranges::count(lines.output, '\n'), 3) << lines.output << lines.error_output;
  EXPECT_TRUE(lines.output.starts_with("BenchmarkAllow\t10\t")) << lines.output;
  EXPECT_EQ(lines.output.find("B/op"), std::string::npos);
  EXPECT_EQ(run({"bench", "-d", "p"}).status, 1);
  EXPECT_EQ(run({"bench", "-d", "p", "--fail", "data.example.none"}).status, 1);
}

}  // namespace
}  // namespace unhidra::server
