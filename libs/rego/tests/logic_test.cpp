// `and`, `or`, `not { ... }`, and what `not` asks for before it asks: programs and the tree walk
// answer the same.
#include "policies.h"

namespace unhidra::rego {
namespace {

struct Question {
  std::string_view name;
  std::string_view module;  // behind `package test`
  std::string_view input;   // empty: none
  std::string_view answer;  // of data.test.p; empty: undefined
};

void PrintTo(const Question& question, std::ostream* out) {
  *out << question.module;
}

class Logic : public testing::TestWithParam<Question> {};

TEST_P(Logic, IsTheLanguages) {
  const Question& asked = GetParam();
  const auto policy = compile("package test\n" + std::string(asked.module));
  ASSERT_TRUE(policy) << policy.error().message();
  const std::string answer = asked.answer.empty() ? "" : "x=" + std::string(asked.answer);
  for (const bool walk_tree : {false, true}) {
    Evaluation evaluation;
    evaluation.walk_tree = walk_tree;
    EXPECT_EQ(ask(*policy, "data.test.p = x", std::string(asked.input), evaluation).value_or("?"),
              answer)
        << (walk_tree ? "tree" : "program");
  }
}

// Without the import: what a negated expression calls, and calls with, is asked for before it.
INSTANTIATE_TEST_SUITE_P(
    Negations, Logic,
    testing::Values(Question{"NegUndef",
                             R"(default p := false
p if {not input.x + input.y == input.z})",
                             R"()", R"(false)"},
                    Question{"Call", R"(p if not startswith(input.x, "a"))", R"({})", R"()"},
                    Question{"Eq", R"(p if not input.x == "a")", R"({})", R"(true)"},
                    Question{"Key",
                             R"(m := {"a": 1}
p if not m[input.x])",
                             R"({})", R"()"},
                    Question{"In", R"(p if not "a" in input.x)", R"({})", R"()"},
                    Question{"CallDefined", R"(p if not startswith(input.x, "a"))", R"({"x":"b"})",
                             R"(true)"},
                    Question{"Nested",
                             R"(f(x) := x if x > 3
p if not f(f(input.x)))",
                             R"({"x":1})", R"()"},
                    Question{"EqCall",
                             R"(f(x) := x if x > 3
p if not 1 == f(input.x))",
                             R"({"x":1})", R"()"},
                    Question{"Binds",
                             R"(f(x) := x if x > 0
p := {i | not f(f(input.x[i])) == 3})",
                             R"({"x":[1,3,5]})", R"([0,2])"},
                    Question{"With", R"(p if not startswith(input.x, "a") with input.x as "b")",
                             R"({})", R"(true)"}),
    [](const auto& one) { return std::string(one.param.name); });

// With it, what is undefined does not hold.
INSTANTIATE_TEST_SUITE_P(
    Improved, Logic,
    testing::Values(
        Question{"NegSucc",
                 R"(import future.keywords.not
default p := false
p if {not input.x + input.y == input.z})",
                 R"({"x":1,"y":2,"z":3})", R"(false)"},
        Question{"NegFails",
                 R"(import future.keywords.not
default p := false
p if {not input.x + input.y == input.z})",
                 R"({"x":1,"y":2,"z":0})", R"(true)"},
        Question{"NegUndef",
                 R"(import future.keywords.not
default p := false
p if {not input.x + input.y == input.z})",
                 R"()", R"(true)"},
        Question{"Compr",
                 R"(import future.keywords.not
p := [x | x := "foo"; not f(input.x)]
f(_) := true)",
                 R"({"x":true})", R"([])"},
        Question{"ComprUndef",
                 R"(import future.keywords.not
p := [x | x := "foo"; not f(input.x)]
f(_) := true)",
                 R"()", R"(["foo"])"},
        Question{"Every",
                 R"(import future.keywords.not
default p := false
p if { every x in input.x { not f(x, input.y) } }
f(_, _) := true)",
                 R"({"x":[1,2],"y":3})", R"(false)"},
        Question{"EveryUndef",
                 R"(import future.keywords.not
default p := false
p if { every x in input.x { not f(x, input.y) } }
f(_, _) := true)",
                 R"({"x":[1,2]})", R"(true)"},
        Question{"Rearranged",
                 R"(import future.keywords.not
p := a if {
 not a = f(1)
 a = f(2)
}
f(x) := x)",
                 R"()", R"(2)"},
        Question{"With",
                 R"(import future.keywords.not
mock_count(_) = 100
p if { not q with input.x as 1 }
q if { count([1,2,3]) = input.x })",
                 R"({"x":3})", R"(true)"},
        Question{"WithBi",
                 R"(import future.keywords.not
p if { not q with count as mock_count }
q if { count([1,2,3]) == 3 }
mock_count(_) = 100)",
                 R"()", R"(true)"},
        Question{"WithF",
                 R"(import future.keywords.not
p if { not q with foo as mock_foo }
q if { foo([1,2,3]) == 3 }
foo(x) := count(x)
mock_foo(_) := 100)",
                 R"()", R"(true)"},
        Question{
            "Body",
            R"(import future.keywords.not
p contains s.n if {
 some s in input
 not {
  l := s.l
  l.port == 443
  l.proto == "tcp"
 }
})",
            R"([{"n":"a","l":{"port":80,"proto":"tcp"}},{"n":"b","l":{"port":443,"proto":"tcp"}},{"n":"c","l":{"port":443,"proto":"udp"}},{"n":"d"}])",
            R"(["a","c","d"])"}),
    [](const auto& one) { return std::string(one.param.name); });

INSTANTIATE_TEST_SUITE_P(Operators, Logic,
                         testing::Values(Question{"OrA",
                                                  R"(import future.keywords.or
import future.keywords.and
p if { input.a or input.b })",
                                                  R"({"a":1})", R"(true)"},
                                         Question{"OrB",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a or input.b)",
                                                  R"({"b":1})", R"(true)"},
                                         Question{"OrFalse",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a or input.b)",
                                                  R"({"b":false})", R"()"},
                                         Question{"OrNone",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a or input.b)",
                                                  R"({})", R"()"},
                                         Question{"And",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a and input.b)",
                                                  R"({"a":1,"b":2})", R"(true)"},
                                         Question{"AndNo",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a and input.b)",
                                                  R"({"a":1})", R"()"},
                                         Question{"Prec",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a or input.b and input.c)",
                                                  R"({"a":1})", R"(true)"},
                                         Question{"Prec2",
                                                  R"(import future.keywords.or
import future.keywords.and
p if (input.a or input.b) and input.c)",
                                                  R"({"a":1})", R"()"},
                                         Question{"Prec3",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.x and input.a or input.b)",
                                                  R"({"b":1})", R"(true)"},
                                         Question{"Chain",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.x or input.a or input.b or input.c)",
                                                  R"({"c":1})", R"(true)"},
                                         Question{"Nobranch",
                                                  R"(import future.keywords.or
import future.keywords.and
s := {"do","re","mi"}
p := [x | some x in s; count(x) > 1 or count(x) < 3])",
                                                  R"()", R"(["do","mi","re"])"},
                                         Question{"Braces",
                                                  R"(import future.keywords.or
import future.keywords.and
items := [1,2,3]
p if {
 { some x in items; x > 2 } or input.b
})",
                                                  R"({})", R"(true)"},
                                         Question{"Braces2",
                                                  R"(import future.keywords.or
import future.keywords.and
p if {
 y := 3
 { x := y; x > 1 } or input.b
})",
                                                  R"({})", R"(true)"},
                                         Question{"BracedSet",
                                                  R"(import future.keywords.or
import future.keywords.and
vals := [1,2,3]
p contains v if {
 some v in vals
 { y := v * 2; y > 4 } or v == 1
})",
                                                  R"()", R"([1,3])"},
                                         Question{"IfBraceOr",
                                                  R"(import future.keywords.or
import future.keywords.and
p if { input.a } or input.b)",
                                                  R"({"b":2})", R"(true)"},
                                         Question{"WithWhole",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a or input.b with input as {"b":1})",
                                                  R"({})", R"(true)"},
                                         Question{"WithPart",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a or (input.b with input as {"b":1}))",
                                                  R"({})", R"(true)"},
                                         Question{"WithPart2",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.a or {input.b with input as {"b":1}})",
                                                  R"({})", R"(true)"},
                                         Question{"NotGroup",
                                                  R"(import future.keywords.or
import future.keywords.and
import future.keywords.not
p if not (input.a or input.b))",
                                                  R"({})", R"(true)"},
                                         Question{"NotGroupNo",
                                                  R"(import future.keywords.or
import future.keywords.and
import future.keywords.not
p if not (input.a or input.b))",
                                                  R"({"b":1})", R"()"},
                                         Question{"NotAAndB",
                                                  R"(import future.keywords.or
import future.keywords.and
p if not input.a and input.b)",
                                                  R"({"b":1})", R"(true)"},
                                         Question{"RhsNot",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.b and not input.a)",
                                                  R"({"b":1})", R"(true)"},
                                         Question{"RhsNotBody",
                                                  R"(import future.keywords.or
import future.keywords.and
import future.keywords.not
p if input.b and not { x := input.a; x > 2 })",
                                                  R"({"b":1,"a":1})", R"(true)"},
                                         Question{"NotBodyLead",
                                                  R"(import future.keywords.or
import future.keywords.and
import future.keywords.not
p if not { input.a } and input.b)",
                                                  R"({"b":1})", R"(true)"},
                                         Question{"Calls",
                                                  R"(import future.keywords.or
import future.keywords.and
p := x if { x := or({1},{2}) })",
                                                  R"()", R"([1,2])"},
                                         Question{"CallsAnd",
                                                  R"(import future.keywords.or
import future.keywords.and
p := and({1,2},{2}))",
                                                  R"()", R"([2])"},
                                         Question{"Arith",
                                                  R"(import future.keywords.or
import future.keywords.and
s := {2}
p if 1 + 1 == 2 and 2 in s)",
                                                  R"()", R"(true)"},
                                         Question{"Paren",
                                                  R"(import future.keywords.or
import future.keywords.and
p if ((input.a or input.b)) and (not input.c))",
                                                  R"({"a":1})", R"(true)"},
                                         Question{"ParenValue",
                                                  R"(import future.keywords.or
import future.keywords.and
p if ({1,2}) and input.b)",
                                                  R"({"b":1})", R"(true)"},
                                         Question{"AllKeywords",
                                                  R"(import future.keywords
p if input.a or input.b)",
                                                  R"({"b":1})", R"(true)"},
                                         Question{"IdentOr",
                                                  R"(or := 1
p := or)",
                                                  R"()", R"(1)"},
                                         Question{"ShortCircuit",
                                                  R"(import future.keywords.or
import future.keywords.and
p if input.b or 1/0 == 3)",
                                                  R"({"b":1})", R"(true)"}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace unhidra::rego
