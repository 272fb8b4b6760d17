// Evaluation in part: what the reference documents and answers.
#include "unhidra/rego/partial.h"

#include "policies.h"

namespace unhidra::rego {
namespace {

struct Given {
  std::string data = "{}";
  std::string input;
  PartialOptions options;
};

std::string residual_of(const std::string& module, const std::string& query,
                        const Given& given = {}) {
  const auto policy = compile(module);
  if (!policy) {
    return policy.error().message();
  }
  Evaluation evaluation;
  evaluation.data = *value_from_json(given.data);
  if (!given.input.empty()) {
    evaluation.input = *value_from_json(given.input);
  }
  const auto residual = evaluate_in_part(*policy, query, evaluation, given.options);
  if (!residual) {
    return residual.error().message();
  }
  std::string out;
  for (const auto& one : residual->queries) {
    std::string line = one;
    std::ranges::replace(line, '\n', ';');
    out += (out.empty() ? "" : " OR ") + line;
  }
  for (const auto& one : residual->support) {
    out += "\n" + one.text;
  }
  return out;
}

std::string of_rules(const std::string& rules, const std::string& query, const Given& given = {}) {
  return residual_of("package test\n" + rules, query, given);
}

// ---- queries ----

TEST(Partial, OfAQueryWhatIsKnownIsWorkedOut) {
  EXPECT_EQ(of_rules("", "true = true"), "");
  EXPECT_EQ(of_rules("", "x = 1"), "x = 1");
  EXPECT_EQ(of_rules("", "input.x = 1"), "input.x = 1");
  EXPECT_EQ(of_rules("", "1 = input.x"), "1 = input.x");
  EXPECT_EQ(of_rules("", "input.x = input.y"), "input.x = input.y");
  EXPECT_EQ(of_rules("", "input.x > 1"), "input.x > 1");
  EXPECT_EQ(of_rules("", "input.x + 1 > 1"), "(input.x + 1) > 1");
  EXPECT_EQ(of_rules("", "x = 1; y = 2; input.x = x; y = input.y"),
            "input.x = 1;2 = input.y;x = 1;y = 2");
  EXPECT_EQ(of_rules("", "a = [1, 2]; a[i] = x"),
            "a = [1, 2];i = 0;x = 1 OR a = [1, 2];i = 1;x = 2");
  EXPECT_EQ(of_rules("", "data.x[i] = input.x", {.data = R"({"x": [1, 2]})"}),
            "1 = input.x;i = 0 OR 2 = input.x;i = 1");
  EXPECT_EQ(of_rules("", "x = [true | input.x = 1]"), "x = [true | input.x = 1]");
}

TEST(Partial, RulesAreContainedInWhatAsksForThem) {
  EXPECT_EQ(of_rules("p contains 1\np contains 2", "input.x = x; data.test.p[x]"),
            "input.x = 1;x = 1 OR input.x = 2;x = 2");
  EXPECT_EQ(of_rules("p[\"a\"] := \"b\"\np[\"b\"] := \"c\"", "data.test.p[x] = input.x"),
            "\"b\" = input.x;x = \"a\" OR \"c\" = input.x;x = \"b\"");
  EXPECT_EQ(of_rules("p if { input.x = k; data.x[k] = 7 }", "data.test.p = true",
                     {.data = R"({"x": {"foo": 7, "bar": 7, "no": 8}})"}),
            "input.x = \"bar\" OR input.x = \"foo\"");
  EXPECT_EQ(of_rules("p[a].q := {b: c} if { a := input.a; b := \"foo\"; c := 1 }\n"
                     "p[a].q := {b: c} if { a := input.b; b := \"bar\"; c := 2 }",
                     "data.test.p[x].q[y] = z"),
            "x = input.a;y = \"foo\";z = 1 OR x = input.b;y = \"bar\";z = 2");
  EXPECT_EQ(of_rules("p[q].r[s] := v if { q = {\"foo\", \"bar\"}[s]; v = \"baz\" }\np.q.r.s := 1",
                     "data.test.p[input.x].r[input.y]"),
            "\"bar\" = input.x;\"bar\" = input.y OR \"foo\" = input.x;\"foo\" = input.y OR "
            "\"q\" = input.x;\"s\" = input.y");
  EXPECT_EQ(of_rules("p if { q[x]; x.a = 1 }\nq contains x if { input[x]; x.b = 2 }",
                     "data.test.p = true"),
            "input[x2];x2.b = 2;x2;x2.a = 1");
  EXPECT_EQ(of_rules("f(x) := true if x = 1\nf(x) := false if x = 2", "data.test.f(input) = x"),
            "1 = input;x = true OR 2 = input;x = false");
  EXPECT_EQ(of_rules("p := [x, z] if { input.x = y; y = x; q = z }\n"
                     "q := x if { input.y = y; x = y }",
                     "data.test.p = x"),
            "x = [input.x, input.y]");
  EXPECT_EQ(
      of_rules("p if { some g in data.grants[input.role]; g.action == input.action }",
               "data.test.p",
               {.data = R"({"grants": {"admin": [{"action": "read"}, {"action": "write"}]}})"}),
      "\"admin\" = input.role;\"read\" = input.action OR "
      "\"admin\" = input.role;\"write\" = input.action");
  EXPECT_EQ(
      of_rules("p if { input.x[i] = a; a.foo = 1; input.y[j].bar = 2; input.z[k]; k.baz = 3 }",
               "data.test.p = true"),
      "input.x[i1].foo = 1;input.y[j1].bar = 2;input.z[k1];k1.baz = 3");
}

TEST(Partial, WhatNeverHoldsLeavesNothing) {
  EXPECT_EQ(of_rules("p if { x := {\"a\": input.x, \"b\": 1}; x.b == 2 }", "data.test.p"), "");
  const auto policy = compile("package test\np if { input.x == 1; false }");
  const auto residual = evaluate_in_part(*policy, "data.test.p", {});
  ASSERT_TRUE(residual);
  EXPECT_TRUE(residual->queries.empty());
  EXPECT_FALSE(residual->always());
}

TEST(Partial, ADefaultIsLeftOutWhereItIsNotAskedFor) {
  const std::string rules = "default p := false\np if input.x = 1";
  EXPECT_EQ(of_rules(rules, "data.test.p = true"), "input.x = 1");
  EXPECT_EQ(of_rules(rules, "data.test.p = x"),
            "data.partial.test.p = x\npackage partial.test\n\np := true if {\n\tinput.x = 1\n}\n\n"
            "default p := false\n");
}

TEST(Partial, WholeSetsAndObjectsAreRulesOfSupport) {
  EXPECT_EQ(of_rules("p contains x if { input.x = x }\np contains x if { input.y = x }",
                     "data.test.p = x"),
            "data.partial.test.p = x\npackage partial.test\n\np contains x1 if {\n\tinput.x = "
            "x1\n}\n\np contains x2 if {\n\tinput.y = x2\n}\n");
  EXPECT_EQ(of_rules("p contains 1 if { input = 1; false }", "data.test.p = x"), "x = set()");
  EXPECT_EQ(of_rules("p[a].q := 1 if { a := input.a }", "data.test.p = x"),
            "data.partial.test.p = x\npackage partial.test\n\np[a1].q := 1 if {\n\ta1 = "
            "input.a\n}\n");
}

TEST(Partial, NegationIsTurnedOrSupported) {
  EXPECT_EQ(of_rules("p if { not q }\nq if input.x = 1\nq if input.x = 2", "data.test.p = true"),
            "not input.x = 1;not input.x = 2");
  EXPECT_EQ(
      of_rules("p if { not q }\nq if { x := r[_]; not f(x) }\n"
               "f({\"key\": \"a\", \"values\": v}) if { input.x = v[_] }\n"
               "f({\"key\": \"b\", \"values\": v}) if { input.y = v[_] }\n"
               "r := [{\"key\": \"a\", \"values\": [1]}, {\"key\": \"b\", \"values\": [3, 4]}]",
               "data.test.p = true"),
      "input.x = 1;input.y = 3 OR input.x = 1;input.y = 4");
  EXPECT_EQ(
      of_rules("p if { not q }\nq if { ((input.x + 7) / input.y) > 100 }", "data.test.p = true"),
      "not data.partial.__not1__\npackage partial\n\n__not1__ if {\n\t((input.x + 7) / "
      "input.y) > 100\n}\n");
  // More than the reference asks: a field that is missing is no field that differs.
  EXPECT_EQ(of_rules("p if { x := input.x; not x == 1 }", "data.test.p = true"),
            "not input.x = 1;x1 = input.x");
}

TEST(Partial, OperandsAreQueriesOfTheirOwn) {
  const std::string with =
      "import future.keywords.and\nimport future.keywords.or\n"
      "import future.keywords.not\n";
  EXPECT_EQ(of_rules(with + "p if input.a or input.b", "data.test.p"), "input.a OR input.b");
  EXPECT_EQ(of_rules(with + "p if { input.a and input.b > 1 or data.x }", "data.test.p",
                     {.data = R"({"x": false})"}),
            "input.a;input.b > 1");
  EXPECT_EQ(of_rules(with + "p if input.a or data.x", "data.test.p", {.data = R"({"x": 1})"}), "");
  EXPECT_EQ(of_rules(with + "p if not { x := input.a; x > data.x }", "data.test.p",
                     {.data = R"({"x": 1})"}),
            "not data.partial.__not1__\npackage partial\n\n__not1__ if {\n\tinput.a > 1\n}\n");
  // In words that ask for no import.
  EXPECT_EQ(of_rules(with + "p := [x | x := input.x; input.a or {input.b; input.c} and x]",
                     "data.test.p = y")
                .find("import"),
            std::string::npos);
}

TEST(Partial, WhatCannotBeTakenApartIsAskedAsItIs) {
  EXPECT_EQ(of_rules("q := 100 if { input.x = 1 } else := 200", "data.test.q = x"),
            "data.test.q = x");
  EXPECT_EQ(
      of_rules("f(x) := true if { x = 1 } else := false if { x = 2 }", "input = x; data.test.f(x)"),
      "input = x;data.test.f(x)");
  EXPECT_EQ(of_rules("p if { input.x = z; [z] = x; q with data.foo as x }\nq if data.foo = [1]",
                     "data.test.p = true"),
            "data.test.q with data.foo as [z1];z1 = input.x");
  EXPECT_EQ(of_rules("p if { time.now_ns() > 5 }", "data.test.p"), "time.now_ns() > 5");
  EXPECT_EQ(of_rules("p if { every x in input.xs { x > 1 } }", "data.test.p"),
            "every x1 in input.xs { x1 > 1 }");
  EXPECT_EQ(of_rules("p := count(xs) if { xs := {x | some x in input.xs; x > data.min} }",
                     "data.test.p > 2", {.data = R"({"min": 3})"}),
            "xs1 = {x1 | some x1 in input.xs; x1 > data.min};count(xs1) > 2");
}

TEST(Partial, WithAnInputOfItsOwnIsKnown) {
  EXPECT_EQ(of_rules("p if { input.x = 1; q with input as {\"y\": 2} }\nq if { input.y = 2 }",
                     "data.test.p = true"),
            "input.x = 1");
}

TEST(Partial, WithAsksRulesOfSupportThatDoNotKnowWhatItReplaces) {
  const std::string rules =
      "p if { q with input.x as 1 }\nq if { input.x = 1; input.y = data.y }\n"
      "r if { f(2) with input.x as 1 }\nf(n) if { n > input.x; input.y = n }\n";
  EXPECT_EQ(of_rules(rules, "data.test.p = true", {.data = R"({"y": 7})"}),
            "data.partial.test.q with input.x as 1\npackage partial.test\n\nq := true if "
            "{\n\tinput.x = 1\n\tinput.y = 7\n}\n");
  EXPECT_EQ(of_rules(rules, "data.test.r = true"),
            "data.partial.test.f(2) with input.x as 1\npackage partial.test\n\nf(n2) := true if "
            "{\n\tn2 > input.x\n\tinput.y = n2\n}\n");
  // What was worked out must not depend on what is replaced, and rules in an order stay in it.
  EXPECT_EQ(of_rules("p if { q with data.y as 1 }\nq if { data.y = input.y }", "data.test.p",
                     {.data = R"({"y": 7})"}),
            "data.test.q with data.y as 1");
  EXPECT_EQ(of_rules("p if { q with input.x as 1 }\nq := 1 if { input.y } else := 2 if input.x",
                     "data.test.p"),
            "data.test.q with input.x as 1");
}

TEST(Partial, FunctionsWithADefaultAreSupported) {
  const std::string rules =
      "default f(_, _) := 0\nf(x, [y, z]) := w if { x == 1; y > z; w := input.n + data.n }\n"
      "default g(_) := false\ng(x) if { input.g == x }";
  const Given given{.data = R"({"n": 5})"};
  EXPECT_EQ(of_rules(rules, "data.test.f(input.x, [1, 2]) = r", given),
            "data.partial.test.f(input.x, [1, 2]) = r\npackage partial.test\n\nf(x1, [y1, z1]) := "
            "w1 if {\n\ty1 > z1\n\tw1 = input.n + 5\n\tx1 = 1\n}\n\ndefault f(__local0__2, "
            "__local1__2) := 0\n");
  EXPECT_EQ(of_rules(rules, "data.test.g(3)", given), "input.g = 3");
  EXPECT_EQ(of_rules(rules, "data.test.g(3) = r", given),
            "data.partial.test.g(3) = r\npackage partial.test\n\ng(x1) := true if {\n\tinput.g = "
            "x1\n}\n\ndefault g(__local0__2) := false\n");
}

TEST(Partial, APartOfTheInputOrOfDataMayBeUnknown) {
  EXPECT_EQ(of_rules("", "input.x = 1; input.y = 2; input.z.a = 3; input.z.b = x",
                     {.input = R"({"x": 1, "z": {"b": 4}})",
                      .options = {.unknowns = {"input.y", "input.z.a"}}}),
            "input.y = 2;input.z.a = 3;x = 4");
  EXPECT_EQ(of_rules("p := x if { x := 1 }\nq := y if { y := input.y }",
                     "data.test.p = 1; data.test.q = 2",
                     {.options = {.unknowns = {"input", "data.test.p"}}}),
            "data.test.p = 1;2 = input.y");
  EXPECT_EQ(of_rules("p if { q; r }\nq if { s[input] }\nr if { s[input] }\ns contains 1",
                     "data.test.p = true", {.options = {.apart = {"data.test.q"}}}),
            "data.partial.test.q;1 = input\npackage partial.test\n\nq := true if {\n\t1 = "
            "input\n}\n");
}

TEST(Partial, TooManyQueriesAndWrongOptionsAreErrors) {
  const std::string rules =
      "p if { some i in numbers.range(1, 50); input.x[i] == i }\n"
      "q if { p; not input.y }";
  EXPECT_EQ(of_rules(rules, "data.test.q", {.options = {.max_queries = 20}}),
            "the evaluation's budget is used up");
  EXPECT_NE(of_rules(rules, "data.test.q", {.options = {.unknowns = {"x.y"}}}).find("no reference"),
            std::string::npos);
  EXPECT_NE(residual_of("package partial\np := 1", "data.partial.p").find("another name"),
            std::string::npos);
}

TEST(Partial, HostilePoliciesEndByTheirBudgets) {
  std::string chain;
  for (int i = 0; i < 2'000; ++i) {
    const std::string n = std::to_string(i);
    chain += "p" + n + " if { input.x" + n + "; p" + std::to_string(i + 1) + " }\n";
  }
  EXPECT_EQ(of_rules(chain + "p2000 if input.z", "data.test.p0"),
            "the evaluation's budget is used up");
  std::string doubled;
  for (int i = 0; i < 30; ++i) {
    const std::string n = std::to_string(i);
    const std::string next = "p" + std::to_string(i + 1);
    doubled += "p" + n + " if { input.a" + n + "; " + next + " }\np" + n + " if { not input.b" + n +
               "; " + next + " }\n";
  }
  EXPECT_EQ(of_rules(doubled + "p30 if input.z", "data.test.p0", {.options = {.max_queries = 500}}),
            "the evaluation's budget is used up");
}

}  // namespace
}  // namespace unhidra::rego
