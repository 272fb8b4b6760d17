// Everything that is wrong with a set of modules, told at once; and what strict mode refuses.
#include "policies.h"

namespace unhidra::rego {
namespace {

std::string problems_of(std::vector<ModuleSource> sources, CompileOptions options = {}) {
  const auto policy = PolicySet::check(sources, options);
  std::string out;
  if (!policy) {
    for (const auto& problem : policy.error()) {
      out += to_text(problem) + "\n";
    }
  }
  return out;
}
std::string strictly(const std::string& text, Syntax syntax = Syntax::v1) {
  return problems_of({{"a.rego", text}}, {.syntax = syntax, .strict = true});
}

TEST(Problems, AllModulesAndAllRulesAreToldAtOnceWithTheirLines) {
  EXPECT_EQ(
      problems_of({{"a.rego", "package a\n\np if {\n\tx.y = }\n}\n\nq := )\n\nr := 1\n"},
                   {"b.rego", "package b\nallow { true }\n"}}),
      "a.rego:4:8: rego_parse_error: unexpected } token\n\t\tx.y = }\n\t\t      ^\n"
      "a.rego:7:6: rego_parse_error: unexpected ) token\n\tq := )\n\t     ^\n"
      "a.rego:7:6: rego_parse_error: unexpected ) token: expected rule value term (e.g., q := "
      "<VALUE> { ... })\n\tq := )\n\t     ^\n"
      "b.rego:2:1: rego_parse_error: `if` keyword is required before rule body\n"
      "\tallow { true }\n\t^\n");
  EXPECT_EQ(
      problems_of({{"a.rego", "package a\np := x\nq if nope(1)\nr if { y > 1; z < 2 }\n"}}),
      "a.rego:2:6: rego_unsafe_var_error: var x is unsafe\n\tp := x\n\t     ^\n"
      "a.rego:3:6: rego_type_error: undefined function nope\n\tq if nope(1)\n\t     ^\n"
      "a.rego:4:8: rego_unsafe_var_error: var y is unsafe\n\tr if { y > 1; z < 2 }\n\t       ^\n"
      "a.rego:4:15: rego_unsafe_var_error: var z is unsafe\n"
      "\tr if { y > 1; z < 2 }\n\t              ^\n");
}

TEST(Problems, TheErrorOfACompilationTellsThemAll) {
  const auto policy = compile("package a\np := x\nq := y\n");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().message(),
            "2 errors occurred:\ntest.rego:2: rego_unsafe_var_error: var x is unsafe\n"
            "test.rego:3: rego_unsafe_var_error: var y is unsafe");
}

TEST(Problems, ControlCharactersOfASourceReachNoTerminal) {
  EXPECT_EQ(problems_of({{"a.rego", "package a\np := \x1b[31m"}}).find('\x1b'), std::string::npos);
}

TEST(Problems, AreBounded) {
  std::string text = "package a\n";
  for (int i = 0; i < 500; ++i) {
    text += "p" + std::to_string(i) + " := x" + std::to_string(i) + "\n";
  }
  const auto policy = PolicySet::check(std::vector<ModuleSource>{{"a.rego", text}}, {});
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().size(), 100U);
}

TEST(Strict, WhatNothingUsesIsRefused) {
  const auto text = strictly(
      "package a\nimport data.x\nimport input.y as z\np if {\n\ta := 1\n\tsome b\n\tc := 2\n\tc > "
      "1\n}\n"
      "f(d, e) := d\n");
  for (const auto* wanted :
       {"a.rego:5:2: rego_compile_error: assigned var a unused",
        "a.rego:6:2: rego_compile_error: declared var b unused",
        "a.rego:10:1: rego_compile_error: unused argument e. (hint: use _ (wildcard variable) "
        "instead)",
        "a.rego:2:1: rego_compile_error: import data.x unused",
        "a.rego:3:1: rego_compile_error: import input.y as z unused"}) {
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted << "\n" << text;
  }
  EXPECT_EQ(text.find("var c "), std::string::npos);
  EXPECT_EQ(problems_of({{"a.rego", "package a\nimport data.x\np if { a := 1 }\n"}}), "");
}

TEST(Strict, WhatIsUsedAnywhereIsAccepted) {
  EXPECT_EQ(strictly(R"(package a

import data.x
import data.lib

p := {k: v | some k, v in x; k != "q"} if {
	y := {z | z := x[_]; z > 1}
	every i, w in y { i < w }
	lib.limit > count(y)
	t := 1
	input.u == t with input.u as t
}

f(a, [b, c]) := a if { b == c } else := b

g(n, n) := true
default h(_) := false
)"),
            "");
}

TEST(Strict, InV1ShadowingAndDeprecatedFunctionsAreAlwaysRefused) {
  const std::string text =
      "package a\nimport data.x\nimport input.x\ninput := 1\np if { data := 2; data == 2; "
      "any([x]) }\n";
  const auto found = problems_of({{"a.rego", text}});
  for (const auto* wanted :
       {"import must not shadow import data.x",
        "rules must not shadow input (use a different rule name)",
        "variables must not shadow data (use a different variable name)",
        "rego_type_error: deprecated built-in function calls in expression: any"}) {
    EXPECT_NE(found.find(wanted), std::string::npos) << wanted << "\n" << found;
  }
  const std::string old = "package a\np { any([true]) }\n";
  EXPECT_EQ(problems_of({{"a.rego", old}}, {.syntax = Syntax::v0}), "");
  EXPECT_NE(strictly(old, Syntax::v0), "");
}

TEST(QueryValues, AreShownForEachExpressionFalseToo) {
  const auto policy = compile("package a\np := false\nq := {1, 2}\n");
  ASSERT_TRUE(policy);
  std::vector<QueryExpression> expressions;
  const auto query =
      policy->prepare_with_values("data.a.p; x = data.a.q\nnot data.a.p", expressions);
  ASSERT_TRUE(query) << query.error().message();
  ASSERT_EQ(expressions.size(), 3U);
  EXPECT_EQ(expressions[0].text, "data.a.p");
  EXPECT_EQ(expressions[1].text, "x = data.a.q");
  EXPECT_EQ(expressions[2].row, 2U);
  EXPECT_TRUE(expressions[1].variable.empty());
  const auto solutions = query->evaluate({});
  ASSERT_TRUE(solutions);
  ASSERT_EQ(solutions->size(), 1U);
  EXPECT_EQ(solutions->at(0)[0].first, expressions[0].variable);
  EXPECT_EQ(value_to_json(solutions->at(0)[0].second), "false");
}

}  // namespace
}  // namespace unhidra::rego
