// What is refused, with which code and where; and that hostile policies end within their bounds.
#include <chrono>

#include "policies.h"

namespace unhidra::rego {
namespace {

void expect_refused(const std::string& text, Errc code, const std::string& message,
                    Syntax syntax = Syntax::v1) {
  const auto policy = compile(text, syntax);
  ASSERT_FALSE(policy) << text;
  EXPECT_EQ(policy.error(), code) << policy.error().message();
  EXPECT_NE(policy.error().message().find(message), std::string::npos) << policy.error().message();
}

TEST(Refusal, ParseErrorsShowThePlace) {
  expect_refused("package a\n\nallow if { input.x == }", Errc::parse_error,
                 "test.rego:3: rego_parse_error: unexpected } token\n"
                 "\tallow if { input.x == }\n\t                      ^");
  expect_refused("", Errc::parse_error, "empty module");
  expect_refused("allow := true", Errc::parse_error, "package expected");
  expect_refused("package a\np := \"x", Errc::parse_error, "non-terminated string");
  expect_refused("package a\np := 01", Errc::parse_error, "expected number without leading zero");
  expect_refused("package a\nimport foo.bar", Errc::parse_error, "unexpected import path");
  for (const auto* keyword : {"wen", "xor"}) {
    expect_refused("package a\nimport future.keywords." + std::string(keyword), Errc::parse_error,
                   "unexpected keyword, must be one of [and contains every if in not or]");
  }
  expect_refused("package a\np { true }", Errc::parse_error,
                 "`if` keyword is required before rule body");
  expect_refused("package a\np if { x := 1 y := 2 }", Errc::parse_error, "unexpected identifier");
}

TEST(Refusal, VariablesThatNothingBindsAreUnsafe) {
  expect_refused("package a\np := x if true", Errc::unsafe_var,
                 "test.rego:2: rego_unsafe_var_error: var x is unsafe");
  expect_refused("package a\np if not q[x]\nq := [1]", Errc::unsafe_var, "var x is unsafe");
  expect_refused("package a\np if { x > 1; y = x }", Errc::unsafe_var, "is unsafe");
}

TEST(Refusal, NoRuleNeedsItself) {
  expect_refused(
      "package a\np if q\nq if p", Errc::recursion,
      "rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p");
  expect_refused("package a\nf(x) := f(x - 1) if x > 0", Errc::recursion, "data.a.f is recursive");
}

TEST(Refusal, UnknownFunctionsWrongAritiesAndConflictingRules) {
  expect_refused("package a\np if nope(1)", Errc::type_error, "undefined function nope");
  expect_refused("package a\np if count(1, 2, 3)", Errc::type_error, "arity");
  expect_refused("package a\np := 1\np contains 2", Errc::type_error, "conflicting rules");
  expect_refused("package a\ndefault p := 1\ndefault p := 2", Errc::type_error,
                 "multiple default rules");
  expect_refused("package a\np if { x := 1; x := 2 }", Errc::compile_error, "var x assigned above");
}

TEST(Refusal, TwoValuesOfOneRuleAreAConflict) {
  const auto answer = ask("package a\np := 1 if true\np := 2 if true", "data.a.p = x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), Errc::eval_conflict);
  EXPECT_NE(answer.error().message().find("complete rules must not produce multiple outputs"),
            std::string::npos);
}

TEST(Refusals, ANameCannotBeDeclaredTwiceInAScope) {
  expect_refused("package a\np if { x := 1; x := 2 }", Errc::compile_error, "var x assigned above");
  expect_refused("package a\np if { x == 1; x := 1 }", Errc::compile_error,
                 "var x referenced above");
  expect_refused("package a\np if { some x; x = 1; some x }", Errc::compile_error,
                 "var x declared above");
  expect_refused("package a\np if { some x; x := 1 }", Errc::compile_error, "var x declared above");
  expect_refused("package a\nf(x) if { x := 1 }", Errc::compile_error, "arg x redeclared");
  expect_refused("package a\np if { x := x }", Errc::compile_error, "var x referenced above");
  EXPECT_TRUE(compile("package a\np if { x := 1; [x | x := 2] == [2]; x == 1 }"));
  EXPECT_TRUE(compile("package a\np if { x := 1; every x in [2] { x == 2 } }"));
}

// What is unsafe is left as it was, so that later checks can still read it.
TEST(Refusals, UnsafeReferencesInHeadsAndClosures) {
  expect_refused("package a\np := x.b.c", Errc::unsafe_var, "var x is unsafe");
  expect_refused("package a\np[x.y] := 1", Errc::unsafe_var, "var x is unsafe");
  expect_refused("package a\np if { y := [x.b | true] }", Errc::unsafe_var, "var x is unsafe");
  expect_refused("package a\np if { y := {x.b: z.c | true} }", Errc::unsafe_var, "var x is unsafe");
  expect_refused("package a\np if { every y in [1] { y == x.b[_] } }", Errc::unsafe_var,
                 "var x is unsafe");
}

TEST(Refusals, RulesAndPackagesInsideRules) {
  expect_refused("package a\np.q := 1\np := 2", Errc::type_error,
                 "rule data.a.p conflicts with:\n  rule data.a.p.q at test.rego:2");
  const ModuleSource sources[] = {{"a.rego", "package a\np := 1"},
                                  {"b.rego", "package a.p\nq := 1"}};
  const auto policy = PolicySet::compile(sources);
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message().find("package a.p conflicts with rule p defined at a.rego:2"),
            std::string::npos)
      << policy.error().message();
}

// ---- hostile policies ----

Result<std::string> bounded(const std::string& text, const std::string& query) {
  UNHIDRA_TRY(const auto policy, compile(text));
  Evaluation evaluation;
  evaluation.max_steps = 200'000;
  evaluation.max_memory = 8 << 20;
  return ask(policy, query, "", evaluation);
}

void expect_exhausted(const std::string& text) {
  const auto answer = bounded(text, "data.a.p = x");
  ASSERT_FALSE(answer) << *answer;
  EXPECT_EQ(answer.error(), Errc::budget_exhausted) << answer.error().message();
}

TEST(Hostile, AnExponentialSearchEnds) {
  std::string body;
  for (int i = 0; i < 20; ++i) {
    body += "x" + std::to_string(i) + " := l[_]; ";
  }
  expect_exhausted("package a\nl := [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\np if { " + body + "x0 > 10 }");
}

TEST(Hostile, AHugeRangeEnds) {
  expect_exhausted("package a\np := count(numbers.range(1, 1000000000))");
}

TEST(Hostile, DeepNestingInTheSourceIsRefused) {
  const std::string deep(100'000, '[');
  EXPECT_FALSE(compile("package a\np := " + deep));
  EXPECT_FALSE(compile("package a\np := " + std::string(100'000, '{')));
  EXPECT_FALSE(compile("package a\np := " + std::string(100'000, '-') + "1"));
}

std::string nested(int depth, const std::string& open, const std::string& core,
                   const std::string& close) {
  std::string out;
  for (int i = 0; i < depth; ++i) {
    out += open;
  }
  out += core;
  for (int i = 0; i < depth; ++i) {
    out += close;
  }
  return out;
}

// What may be read in two ways is not read twice for each level of it.
TEST(Hostile, NestingCostsNoMoreThanItsLength) {
  EXPECT_TRUE(compile("package a\np := " + nested(150, "[", "1", "]")));
  EXPECT_TRUE(compile("package a\np := " + nested(150, "{\"a\": ", "1", "}")));
  EXPECT_TRUE(compile("package a\np := " + nested(150, "(", "1", ")")));
  // The bar could begin a comprehension, until the comma at the end.
  (void)compile("package a\nx := {1}\np := " + nested(60, "[x | ", "x", ", x]"));
  EXPECT_FALSE(compile("package a\np if { " + nested(20'000, "every a in b { ", "a", " }") + " }"));
  EXPECT_FALSE(compile("package a\np if true " + nested(20'000, "else if true ", "", "")));
}

std::string chain(int length, const std::string& last) {
  std::string text = "package a\np if p0\n";
  for (int i = 0; i < length; ++i) {
    text += "p" + std::to_string(i) + " if p" + std::to_string(i + 1) + "\n";
  }
  return text + "p" + std::to_string(length) + " if " + last + "\n";
}

TEST(Hostile, ALongChainOfRulesEndsWithAnError) {
  expect_exhausted(chain(5'000, "not input.x"));
}

TEST(Hostile, ALongChainOfConstantsIsKnownAtOnce) {
  EXPECT_EQ(bounded(chain(20'000, "true"), "data.a.p = x").value_or("error"), "x=true");
}

TEST(Hostile, ALongRecursionIsFoundWithoutRecursion) {
  const auto policy = compile(chain(20'000, "p"));
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error(), Errc::recursion);
}

// What compiling may spend on constants is bounded; evaluations have their own budgets.
TEST(Hostile, ConstantsThatAreDearAreLeftToTheEvaluation) {
  std::string text = "package a\n";
  for (int i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i);
    text += "l" + n + " := numbers.range(1, 100000)\n";
    text += "p" + n + " := count([1 | some x in l" + n + "; some y in l" + n + "; x == y])\n";
    text += "s" + n + " := concat(\"\", [sprintf(\"%d\", [x]) | some x in l" + n + "])\n";
  }
  text += "p := p1";
  expect_exhausted(text);
}

TEST(Hostile, LoadingDataIsBoundedAndLeavesTheRestToTheEvaluation) {
  const auto policy = compile(
      "package a\ncheap := count(data.list)\n"
      "p := count([1 | some x in data.list; some y in data.list; some z in data.list; x + y == "
      "z])");
  ASSERT_TRUE(policy);
  std::vector<Value> list;
  for (int i = 0; i < 1'000; ++i) {
    list.push_back(Value::integer(i));
  }
  const auto loaded =
      policy->load(Value::object({{Value::string("list"), Value::array(std::move(list))}}),
                   {.max_steps = 10'000});
  EXPECT_EQ(loaded.ready(), 1U);
  Evaluation evaluation;
  evaluation.loaded = &loaded;
  evaluation.max_steps = 200'000;
  EXPECT_EQ(ask(*policy, "data.a.cheap = x", "", evaluation).value_or("error"), "x=1000");
  const auto answer = ask(*policy, "data.a.p = x", "", evaluation);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), Errc::budget_exhausted);
}

TEST(Hostile, ALongBodyEndsWithAnAnswerOrAnError) {
  std::string text = "package a\np if {\n";
  for (int i = 0; i < 3'000; ++i) {
    text += "true\n";
  }
  EXPECT_EQ(bounded(text + "}\n", "data.a.p = x").value_or("error"), "x=true");
  const auto policy = compile(text + "}\n");
  Evaluation evaluation;
  evaluation.walk_tree = true;
  const auto answer = ask(*policy, "data.a.p = x", "", evaluation);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), Errc::budget_exhausted);
}

}  // namespace
}  // namespace unhidra::rego
