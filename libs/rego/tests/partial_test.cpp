// Evaluation in part: what the reference documents and answers, and that what stays, asked with the
// input, answers as the whole does.
#include "unhidra/rego/partial.h"

#include <random>

#include "policies.h"
#include "random_policies.h"

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

// ---- what stays answers as the whole does ----

// Rules of kinds that the random ones do not have.
constexpr auto kMoreRules = R"(
t[x].q[y] := z if { x := input.a; y := input.b; z := input.c }
t[x].q["k"] := 7 if { some x in data.list; is_string(x) }
u[x] contains y if { some x in data.list; is_string(x); y := input.l[_] }
w1 if { p with input.a as "a" }
w2 := x if { x := g(input.b) with data.list as [1] }
w3 if { not p with input as {"a": 1, "l": [1, 2, 3]} }
n1 if { not s[input.a] }
n2 if { x := input.a; not o[x] == input.b }
n3 if { some x in input.l; not n4(x, input.a) }
n4(x, y) if { x == y; y != 1 }
n4(x, y) if { not x == y; some z in data.list; z == y }
e1 := "one" if { input.a == 1 } else := input.b if { input.b } else := "three"
default e2(_) := "none"
e2(x) := y if { y := data.object[x] }
a1 := [x, y] if { [x, y] := [input.a, {"k": input.b}] }
a2 if { [_, {"k": x}] = a1; x == input.c }
a3 := {x: y | some x in data.list; is_string(x); y := [z | some z in input.l; z != x]}
c1 := count([x | walk(input, [_, x])])
c2 contains [p, v] if { walk(input.l, [p, v]); v != "a" }
c3 := sprintf("%v-%v", [input.a, count(s)])
c4 := $"{input.a}!{input.nothing}"
i1 if { input[k] == data.object[k] }
i2 := [i | some i, v in input.l; v == data.list[i]]
i3 contains k if { some k; data.object[k] == input[k] }
)";
constexpr const char* kMoreQueries[] = {"data.a.t = x",
                                        "data.a.t[x].q[y] = z",
                                        "data.a.t[x].q.k = y",
                                        "data.a.u = x",
                                        "data.a.u[x][y]",
                                        "data.a.u[input.a] = x",
                                        "data.a.w1 = x",
                                        "data.a.w2 = x",
                                        "data.a.w3 = x",
                                        "data.a.n1 = x",
                                        "data.a.n2 = x",
                                        "data.a.n3 = x",
                                        "not data.a.n3; x := 1",
                                        "data.a.e1 = x",
                                        "data.a.e2(input.a) = x",
                                        "data.a.a1 = x",
                                        "data.a.a1 = [x, {\"k\": y}]",
                                        "data.a.a2 = x",
                                        "data.a.a3 = x",
                                        "data.a.a3[x] = y",
                                        "data.a.c1 = x",
                                        "data.a.c2 = x",
                                        "data.a.c2[x]",
                                        "data.a.c3 = x",
                                        "data.a.c4 = x",
                                        "data.a.i1 = x",
                                        "data.a.i2 = x",
                                        "data.a.i3 = x",
                                        "data.a.i3[x]",
                                        "data.a[x] = true",
                                        "x := {k | data.a[k]}",
                                        "every y in [1, 2] { data.a.g(input.a) > y }; x := 1",
                                        "x := input.l[1]",
                                        "data.object[input.a] = x",
                                        "data.list[x] = input.l[x]",
                                        "some x in data.a.s; x == input.a",
                                        "x = data.a.d; data.a.d == \"none\"",
                                        "data.a.p; x = data.a.k1"};

// Rows of the query's own variables; a text: why there are none. 1 and 1.0 are the same.
Value rows_of(const PolicySet& policy, std::span<const std::string> queries,
              const Evaluation& evaluation) {
  std::vector<Value> rows;
  for (const std::string& query : queries) {
    const auto prepared = policy.prepare(query.empty() ? "true" : query);
    if (!prepared) {
      return Value::string(prepared.error().message() + " in " + query);
    }
    const auto solutions = prepared->evaluate(evaluation);
    if (!solutions) {
      return Value::string(std::string(solutions.error().code().name));
    }
    for (const auto& solution : *solutions) {
      std::vector<Value::Member> row;
      for (const auto& [name, value] : solution) {
        if (name.size() == 1) {
          row.emplace_back(Value::string(name), value);
        }
      }
      rows.push_back(Value::object(std::move(row)));
    }
  }
  return Value::set(std::move(rows));
}

// `value` without what is not known.
Value without(const Value& value, std::string_view member) {
  std::vector<Value::Member> out;
  for (const auto& one : value.members()) {
    if (one.first.text() != member) {
      out.push_back(one);
    }
  }
  return Value::object(std::move(out));
}

class WhatStays : public testing::TestWithParam<std::uint32_t> {};

void expect_same(const std::string& text, const std::vector<std::string>& queries,
                 const std::vector<std::string>& inputs, const PartialOptions& options,
                 const Evaluation& known, std::size_t& compared) {
  const auto policy = compile(text);
  ASSERT_TRUE(policy) << policy.error().message() << "\n" << text;
  for (const std::string& query : queries) {
    const auto residual = evaluate_in_part(*policy, query, known, options);
    if (!residual &&
        (residual.error() == Errc::eval_conflict || residual.error() == Errc::budget_exhausted)) {
      continue;
    }
    ASSERT_TRUE(residual) << residual.error().message() << "\n" << query << "\n" << text;
    ASSERT_TRUE(residual_to_json(*residual)) << query << "\n" << text;
    std::vector<ModuleSource> sources{{"test.rego", text}};
    std::string shown;
    for (const std::string& one : residual->queries) {
      shown += "\n-- \n" + one;
    }
    for (const auto& module : residual->support) {
      sources.push_back(module);
      shown += "\n--\n" + module.text;
    }
    const auto together = PolicySet::compile(sources);
    ASSERT_TRUE(together) << together.error().message() << shown << "\n" << text;
    for (const std::string& input : inputs) {
      Evaluation evaluation;
      evaluation.data = *value_from_json(kData);
      evaluation.input = *value_from_json(input);
      const Value whole = rows_of(*policy, {&query, 1}, evaluation);
      if (whole == Value::string("eval_conflict_error")) {
        continue;
      }
      const Value left = rows_of(*together, residual->queries, evaluation);
      ASSERT_TRUE(whole == left) << to_term(whole) << "\n"
                                 << to_term(left) << "\n"
                                 << query << "\n"
                                 << input << shown << "\n"
                                 << text;
      ++compared;
    }
  }
}

TEST_P(WhatStays, AnswersAsTheWholeDoes) {
  std::mt19937 random(GetParam());
  PolicyGenerator generator([&] { return random(); });
  const std::string text = generator.policy() + kMoreRules;
  std::vector<std::string> queries(std::begin(PolicyGenerator::kQueries),
                                   std::end(PolicyGenerator::kQueries));
  queries.insert(queries.end(), std::begin(kMoreQueries), std::end(kMoreQueries));
  std::vector<std::string> inputs;
  for (int i = 0; i < 6; ++i) {
    inputs.push_back(generator.input());
  }
  std::size_t compared = 0;
  Evaluation known;
  known.data = *value_from_json(kData);
  expect_same(text, queries, inputs, {.max_queries = 1'000}, known, compared);
  known.data = without(known.data, "list");
  expect_same(text, queries, inputs, {.unknowns = {"input", "data.list"}, .max_queries = 1'000},
              known, compared);
  known.data = *value_from_json(kData);
  for (const std::string& input : std::span(inputs).first(1)) {
    known.input = without(*value_from_json(input), "a");
    expect_same(text, queries, {input}, {.unknowns = {"input.a"}, .max_queries = 1'000}, known,
                compared);
  }
  EXPECT_GT(compared, 300U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, WhatStays, testing::Range(1U, 13U));

}  // namespace
}  // namespace unhidra::rego
