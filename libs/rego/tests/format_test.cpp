#include "unhidra/rego/format.h"

#include "policies.h"

namespace unhidra::rego {
namespace {

std::string formatted(const std::string& text, Syntax syntax = Syntax::v1) {
  const auto out = format_module("a.rego", text, syntax);
  if (!out) {
    return "refused: " + to_text(out.error()[0]);
  }
  EXPECT_EQ(format_module("a.rego", *out, syntax).value_or("refused"), *out);
  EXPECT_TRUE(same_module(text, *out, syntax)) << *out;
  return *out;
}

TEST(Format, ImportsAreOneLineEach) {
  EXPECT_EQ(formatted("package\n a\nimport data.z\nimport\n\n data.b as\n c\np := z + c\n"),
            "package a\n\nimport data.b as c\nimport data.z\n\np := z + c\n");
}

TEST(Format, OperandsStayOnOneLineWhereTheyAreWrittenSo) {
  EXPECT_EQ(formatted(R"(package a
import future.keywords.or
import future.keywords.and
import future.keywords.not
p if {input.a} or input.b
q if { not {input.a;input.b} }
r if {
  not {
  x := input.a
  x > 2 }
  {y := 1; y > 2} or {input.c
    input.d} and not input.e
  (input.a or
     input.b) and input.c with input.x as 1
}
)"),
            R"(package a

import future.keywords.and
import future.keywords.not
import future.keywords.or

p if { input.a } or input.b
q if not { input.a; input.b }

r if {
	not {
		x := input.a
		x > 2
	}
	{ y := 1; y > 2 } or {
		input.c
		input.d
	} and not input.e
	(input.a or
		input.b) and input.c with input.x as 1
}
)");
}

TEST(Format, PutsEachExpressionOnALineAndKeepsComments) {
  EXPECT_EQ(formatted(R"(# About this.
package   a
import data.z
import data.b as c
#needed
default allow:=false
allow if { input.x==1 ; input.y   in ["a","b",] } # both
allow  if{
  # first

  some  x , y in  data.m


  x!=-1    # last
  }
f(x)=x+1
g := {"a":1,"b":{2,3}}
h if { input.z }
)"),
            R"(# About this.
package a

import data.b as c
import data.z

# needed
default allow := false

allow if {
	input.x == 1
	input.y in ["a", "b"]
} # both

allow if {
	# first

	some x, y in data.m

	x != -1 # last
}

f(x) = x + 1
g := {"a": 1, "b": {2, 3}}
h if input.z
)");
}

TEST(Format, KeepsTheLinesOfCollectionsAndCalls) {
  EXPECT_EQ(
      formatted("package a\np := {\n  \"a\": [1,\n  2],\n \"b\": f(\n  3,\n4\n)}\n"
                "q := [x |\n x := data.l[_]; x > 1\n]\n"
                "r if { every x in [1] { x > 0 }\n every y in [1] { y > 0; y < 2 } }\n"
                "f(_, _) := 1\n"),
      "package a\n\np := {\n\t\"a\": [1,\n\t\t2],\n\t\"b\": f(\n\t\t3,\n\t\t4,\n\t),\n}\n\n"
      "q := [x |\n\tx := data.l[_]; x > 1\n]\n\n"
      "r if {\n\tevery x in [1] { x > 0 }\n\tevery y in [1] {\n\t\ty > 0\n\t\ty < 2\n\t}\n}\n\n"
      "f(_, _) := 1\n");
}

TEST(Format, KeepsStringsAsTheyAreWritten) {
  const std::string text =
      "package a\n\np := `raw  \"x\"\n  import y`\n\nq := $\"a {  data.x  } b\"\n\nr := "
      "\"\\u0041\"\n";
  EXPECT_EQ(formatted(text), text);
}

TEST(Format, ElseFollowsItsBody) {
  EXPECT_EQ(formatted("package a\np if {\n input.a\n}\nelse := 2 if input.b\nelse := input.else\n"),
            "package a\n\np if {\n\tinput.a\n} else := 2 if input.b\nelse := input.else\n");
}

TEST(Format, SpeaksV0) {
  EXPECT_EQ(
      formatted("package a\nallow { input.x; not input.y }\np[x] { x = 1 } { x = 2 }\n",
                Syntax::v0),
      "package a\n\nallow {\n\tinput.x\n\tnot input.y\n}\n\np[x] {\n\tx = 1\n} {\n\tx = 2\n}\n");
}

TEST(Format, BracesThatATermNeedsStay) {
  EXPECT_EQ(
      formatted("package a\np if { {1}[x] }\nq if {1, 2}[input.x]\nr if not(\ninput.x\n)\n"),
      "package a\n\np if {\n\t{1}[x]\n}\n\nq if {1, 2}[input.x]\n\nr if not (\n\tinput.x\n)\n");
}

TEST(Format, RefusesWhatIsNoModule) {
  EXPECT_EQ(formatted("package a\np := \n"),
            "refused: a.rego:3:1: rego_parse_error: unexpected eof token\n\tp := \n\t   ^");
  EXPECT_TRUE(formatted("").starts_with("refused"));
}

}  // namespace
}  // namespace unhidra::rego
