#include "builtins/call_by_name.h"
#include "builtins/glob.h"

namespace unhidra::rego::builtins {
namespace {

bool glob(std::string_view pattern, std::u32string_view delimiters, std::string_view text) {
  const auto compiled = Glob::compile(pattern, delimiters);
  EXPECT_TRUE(compiled) << pattern;
  return compiled && compiled->match(text);
}

TEST(Glob, StarsStopAtDelimitersAndDoubleStarsDoNot) {
  EXPECT_TRUE(glob("*.github.com", U".", "api.github.com"));
  EXPECT_FALSE(glob("*.github.com", U".", "api.cdn.github.com"));
  EXPECT_TRUE(glob("api.**.com", U".", "api.cdn.github.com"));
  EXPECT_TRUE(glob("dev/7/*/3", U"/", "dev/7/lamp/3"));
  EXPECT_FALSE(glob("dev/7/*/3", U"/", "dev/7/lamp/x/3"));
  EXPECT_TRUE(glob("foo*", U"", "foo.bar"));
  EXPECT_FALSE(glob("?at", U"f", "fat"));
}

TEST(Glob, ClassesAndAlternatives) {
  EXPECT_TRUE(glob("{cat,bat,[fr]at}", U"", "rat"));
  EXPECT_FALSE(glob("{cat,bat,[fr]at}", U"", "at"));
  EXPECT_TRUE(glob("[!a-c]at", U"", "fat"));
  EXPECT_TRUE(glob("a{b,{c,d}e,}f", U"", "adef"));
  EXPECT_TRUE(glob("a{b,{c,d}e,}f", U"", "af"));
  EXPECT_TRUE(glob("\\*\\{x", U"", "*{x"));
  EXPECT_FALSE(Glob::compile("[a-", U""));
  EXPECT_FALSE(Glob::compile("[a-zA-Z]", U""));
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) {
    pattern += "*a";
  }
  EXPECT_FALSE(glob(pattern, U"/", std::string(5000, 'a') + "b"));
}

TEST_F(Builtins, GlobDelimitersDefaultToTheFullStop) {
  EXPECT_EQ(call("glob.match", R"(["*", [], "foo.bar"])"), "false");
  EXPECT_EQ(call("glob.match", R"(["*", null, "foo.bar"])"), "true");
  EXPECT_EQ(call("glob.quote_meta", R"(["*.github.com"])"), R"("\\*.github.com")");
}

TEST_F(Builtins, ExpressionsFailInTheReferencesWords) {
  EXPECT_EQ(call("regex.match", R"(["[", "x"])"),
            "error: error parsing regexp: missing closing ]: `[`");
  EXPECT_EQ(call("regex.is_valid", R"(["a(b"])"), "false");
  EXPECT_EQ(call("regex.is_valid", "[1]"), "false");
}

TEST_F(Builtins, PatternsThatNeedTooMuchMemoryAreRefused) {
  EXPECT_EQ(call("regex.is_valid", R"(["((x{100}){100}){100}"])"), "false");
  for (int i = 0; i < 2000; ++i) {
    const std::string pattern = "a" + std::to_string(i) + "*";
    EXPECT_EQ(call("regex.match", "[\"" + pattern + "\", \"" + pattern + "\"]"), "true");
    EXPECT_EQ(call("glob.match", "[\"" + pattern + "\", [], \"" + pattern + "\"]"), "true");
  }
}

TEST_F(Builtins, MatchesAreFoundReplacedAndSplitAt) {
  EXPECT_EQ(call("regex.replace", R"x(["-wy-wxxy-", "w(x*)y", "<$1>"])x"), R"("-<>-<xx>-")");
  EXPECT_EQ(call("regex.replace", R"(["foo", "^[a-z]", "F"])"), R"("Foo")");
  EXPECT_EQ(call("regex.replace", R"(["abc", "x*", "-"])"), R"("-a-b-c-")");
  EXPECT_EQ(
      call("regex.replace", R"x(["john smith", "(?P<first>\\w+) (\\w+)", "${2} ${first}$$"])x"),
      R"("smith john$")");
  EXPECT_EQ(call("regex.split", R"(["a", "banana"])"), R"(["b", "n", "n", ""])");
  EXPECT_EQ(call("regex.find_n", R"(["a.", "paranormal", 2])"), R"(["ar", "an"])");
  EXPECT_EQ(call("regex.find_all_string_submatch_n", R"x(["a(x*)b", "-axxb-ab-", -1])x"),
            R"([["axxb", "xx"], ["ab", ""]])");
  EXPECT_EQ(call("regex.template_match", R"(["urn:foo:{.*}", "urn:foo:bar:baz", "{", "}"])"),
            "true");
}

TEST_F(Builtins, TwoGlobsMeetWhenSomeTextMatchesBoth) {
  EXPECT_EQ(call("regex.globs_match", R"(["a.a.[0-9]+z", ".b.b2359825792*594823z"])"), "true");
  EXPECT_EQ(call("regex.globs_match", R"(["[a-z]+", "[0-9]*"])"), "false");
  EXPECT_EQ(call("regex.globs_match", R"(["pqrs]", "[a-b]+"])"),
            "error: input:pqrs], pos:5, set-close ']' with no preceding '[': the input provided is "
            "invalid");
}

}  // namespace
}  // namespace unhidra::rego::builtins
