// Type errors that need no input: the reference's texts, and what is no error.
#include "policies.h"
#include "types/type_checker.h"

namespace unhidra::rego {
namespace {

void expect_type_error(const std::string& rule, const std::string& text) {
  const auto policy = compile("package a\n" + rule);
  ASSERT_FALSE(policy) << rule;
  EXPECT_EQ(policy.error(), Errc::type_error) << policy.error().message();
  EXPECT_NE(policy.error().message().find(text), std::string::npos) << rule << "\n"
                                                                    << policy.error().message();
}

void expect_good(const std::string& rule) {
  const auto policy = compile("package a\n" + rule);
  EXPECT_TRUE(policy) << rule << "\n" << policy.error().message();
}

TEST(Types, ArgumentsOfFunctions) {
  expect_type_error(
      "p := x if { x := 1 + \"a\" }",
      "plus: invalid argument(s)\n\thave: (number, string, ??\?)\n\twant: (x: number, "
      "y: number, z: number)");
  expect_type_error("p if startswith(\"a\", 1)",
                    "startswith: invalid argument(s)\n\thave: (string, number)\n\twant: (search: "
                    "string, base: string, result: boolean)");
  expect_type_error("p if { x := [1, 2]; contains(x, 1) }", "contains: invalid argument(s)");
  expect_type_error("p := sum([\"a\", \"b\"])", "have: (array<string, string>, ??\?)");
  expect_type_error("p := count(5)",
                    "want: (collection: any<string, array[any], object[any: any], set[any]>, n: "
                    "number)");
  expect_type_error("p := upper(lower(1))", "lower: invalid argument(s)");
  expect_type_error("p if { some x in [1, 2]; upper(x) == \"A\" }", "upper: invalid argument(s)");
  expect_type_error("p := [y | some x in {1, 2}; y := trim(x, \" \")]",
                    "trim: invalid argument(s)");
  expect_type_error("q := 1\np := concat(\"/\", q)",
                    "concat: invalid argument(s)\n\thave: (string, number, ??\?)\n\twant: "
                    "(delimiter: string, collection: any<array[string], set[string]>, output: "
                    "string)");
}

TEST(Types, ArityOfBuiltInFunctionsTellsWhatIsWanted) {
  expect_type_error("p := count(1, 2, 3)",
                    "count: arity mismatch\n\thave: (number, number, number)\n\twant: "
                    "(collection: any<");
  expect_type_error("f(x) := x\np := f(1, 2, 3)", "function data.a.f has arity 1, got 3 arguments");
  expect_type_error("p := nothing.such(1)", "undefined function nothing.such");
}

TEST(Types, ArgumentsOfTheRulesOwnFunctions) {
  expect_type_error(
      "f(x) := x + 1\np := f(\"a\")",
      "data.a.f: invalid argument(s)\n\thave: (string, ??\?)\n\twant: (number, number)");
  expect_type_error("f(\"a\", x) := x\nf(\"b\", x) := x\np := f(1, 2)",
                    "data.a.f: invalid argument(s)");
  expect_good("f(x) := x + 1\nf(x) := upper(x)\np := [f(\"a\"), f(1)]");
  expect_good("f(x) := y if { y := x.a.b }\np := f({\"a\": {\"b\": 1}})");
}

TEST(Types, EqualitiesThatNothingSatisfies) {
  expect_type_error("p if { x := 1; x == \"a\" }",
                    "match error\n\tleft  : number\n\tright : string");
  expect_type_error("p if { x := input.y; [x, 1] = {\"a\": 2} }", "match error");
  expect_type_error("q contains 1\np if q == [1]",
                    "match error\n\tleft  : set[number]\n\tright : array<number>");
  expect_type_error("p if { x := {\"a\": 1}; x == {\"b\": 1} }",
                    "left  : object<a: number>\n\tright : object<b: number>");
  expect_good("p if { x := input.y; x == 1; input.y == \"a\" }");
  expect_good("q := 1 if input.x\nq := \"a\" if input.y\np if q == \"a\"");
  expect_good("p if 1 < \"a\"");
  expect_good("p if 1 != \"a\"");
}

TEST(Types, ReferencesToWhatCannotBe) {
  expect_type_error("q := {\"a\": 1, \"b\": 2}\np := q.c",
                    "undefined ref: data.a.q.c\n\tdata.a.q.c\n\t         ^\n\t         have: "
                    "\"c\"\n\t         want (one of): [\"a\" \"b\"]");
  expect_type_error("q := 1\np := q.c",
                    "undefined ref: data.a.q.c\n\tdata.a.q.c\n\t^^^^^^^^\n\thave: number");
  expect_type_error("q := [1, 2]\np := q.x", "have: \"x\"");
  expect_type_error("p if { x := true; x.y }", "undefined ref: x.y");
  expect_type_error("q contains \"a\"\np if q[1]", "undefined ref: data.a.q[1]");
  expect_good("q := {\"a\": 1} if input.x\nq := {\"c\": 1} if input.y\np := q.c");
  expect_good("p := data.a.nothing");
  expect_good("p := data.b.c.d");
  expect_good("q[x] := y if { some x, y in input.z }\np := q.c.d");
  expect_good("p := input.a.b[0].c");
}

TEST(Types, AQueryIsCheckedToo) {
  const auto policy = compile("package a\nq := 1");
  ASSERT_TRUE(policy);
  const auto query = policy->prepare("x := data.a.q + \"a\"");
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error(), Errc::type_error);
  EXPECT_TRUE(policy->prepare("x := data.a.q + 1"));
}

// A type made of the types of other rules, each twice, would grow beyond any memory.
TEST(Types, DoNotGrowWithoutEnd) {
  std::string text = "p0 := {\"a\": input.x, \"b\": [1, \"c\"]}\n";
  for (int i = 1; i < 200; ++i) {
    const std::string last = "p" + std::to_string(i - 1);
    text += "p" + std::to_string(i) + " := [" + last + ", {" + last + "}, {\"x\": " + last + "}]\n";
  }
  expect_good(text);
}

TEST(Types, EveryDeclarationIsReadAndHasItsArity) {
  std::size_t declared = 0;
  for (const auto family : builtins::all_builtins()) {
    for (const builtins::Builtin& builtin : family) {
      if (const FunctionType* type = builtin_type(builtin.name)) {
        ++declared;
        EXPECT_EQ(type->arguments.size(), builtin.arity) << builtin.name;
      }
    }
  }
  EXPECT_GT(declared, 150U);
}

}  // namespace
}  // namespace unhidra::rego
