// Compiling ends near its deadline whatever the text is, and says so.
#include <chrono>
#include <functional>

#include "unhidra/rego/schemas.h"

#include "clocks.h"
#include "policies.h"

namespace unhidra::rego {
namespace {

using std::chrono::milliseconds;

std::string number(int i) {
  return std::to_string(i);
}

// `part` of 0, 1, 2, ... below `size`, one after the other.
std::string repeated(int size, const std::function<std::string(int)>& part) {
  std::string out;
  for (int i = 0; i < size; ++i) {
    out += part(i);
  }
  return out;
}

std::string nested(std::string_view open, std::string_view inside, std::string_view close,
                   int depth) {
  std::string out;
  for (int i = 0; i < depth; ++i) {
    out += open;
  }
  out += inside;
  for (int i = 0; i < depth; ++i) {
    out += close;
  }
  return out;
}

std::string deep_terms(int size) {
  return repeated(size, [](int i) {
    return "p" + number(i) + " := " + nested("[", "input.x", "]", 300) + "\n";
  });
}

std::string braces(int size) {
  return repeated(size, [](int i) {
    return "p" + number(i) + " if " + nested("{ x := ", "1", " }", 40) + "\n";
  });
}

// Each needs the one behind it.
std::string reversed(int size) {
  return "p if {\n" +
         repeated(size, [](int i) { return "x" + number(i) + " = x" + number(i + 1) + " + 1\n"; }) +
         "x" + number(size) + " = input.x\n}\n";
}

std::string unsafe(int size) {
  return "p if {\n" +
         repeated(size,
                  [](int i) {
                    return "x" + number(i) + " + y" + number(i) + " = z" + number(i) + "\n";
                  }) +
         "}\n";
}

std::string unsafe_rules(int size) {
  return repeated(size, [](int i) { return "p" + number(i) + " if x\n"; });
}

std::string alternatives(int size) {
  return "p if {\n" +
         repeated(size,
                  [](int i) { return (i == 0 ? "" : " or ") + ("input.x == " + number(i)); }) +
         "\n}\n";
}

std::string domains(int size) {
  return "p if every x in [" +
         repeated(size,
                  [](int i) {
                    return (i == 0 ? "" : ", ") + ("{\"a\": input.x, \"b\": [" + number(i) + "]}");
                  }) +
         "] { x.a == 1 }\n";
}

std::string types(int size) {
  return "a := [" +
         repeated(600,
                  [](int i) { return (i == 0 ? "{\"k" : ", {\"k") + number(i) + "\": input.x}"; }) +
         "]\n" + repeated(size, [](int i) { return "p" + number(i) + " if a == a\n"; });
}

// One rule needs itself; whether one of the others does is looked for in all of them.
std::string chain(int size) {
  return repeated(size, [](int i) { return "p" + number(i) + " := p" + number(i + 1) + "\n"; }) +
         "p" + number(size) + " := p" + number(size) + "\n";
}

std::string any_rule(int size) {
  return repeated(size, [](int i) {
    return "p" + number(i) + " := 1\nq" + number(i) + " := [v | v := data.b.p[_][input.x]]\n";
  });
}

std::string imports(int size) {
  return repeated(
             size,
             [](int i) { return "import data.x.y" + number(i) + " as i" + number(i) + "\n"; }) +
         repeated(size, [](int i) { return "p" + number(i) + " := input.x\n"; });
}

std::string index(int size) {
  return repeated(size, [](int i) { return "p if input.x" + number(i) + " == 1\n"; });
}

std::string constants(int size) {
  return repeated(size, [](int i) {
    return "p" + number(i) + " := sort(numbers.range(1, 1" + number(i % 10) + "00))\n";
  });
}

std::string comprehensions(int depth) {
  std::string inside = "1";
  for (int i = depth; i > 0; --i) {
    const std::string x = number(i);
    inside = "[w" + x + " | some z" + x + " in input.xs; z" + x + " == z" + number(i - 1) + "; w" +
             x + " := " + inside + "]";
  }
  return "p := [q | some z0 in input.xs; q := " + inside + "]\n";
}

std::string keys(int depth) {
  return "p if input.a[" + nested("{input.a[", "x", "]}", depth) + "]\n";
}

struct Hostile {
  const char* name;
  std::string (*text)(int size);
  int size;      // that takes a while
  int harmless;  // that does not
};

constexpr Hostile kHostile[] = {
    {"deep_terms", deep_terms, 3'000, 3},
    {"braces", braces, 2'000, 2},
    {"reversed", reversed, 6'000, 20},
    {"unsafe", unsafe, 20'000, 20},
    {"unsafe_rules", unsafe_rules, 30'000, 20},
    {"alternatives", alternatives, 100'000, 20},
    {"domains", domains, 60'000, 20},
    {"types", types, 20'000, 3},
    {"chain", chain, 20'000, 20},
    {"any_rule", any_rule, 4'000, 20},
    {"imports", imports, 20'000, 20},
    {"index", index, 20'000, 20},
    {"constants", constants, 20'000, 3},
    {"comprehensions", comprehensions, 80, 6},
    {"keys", keys, 120, 6},
};

class CompileTime : public testing::TestWithParam<Hostile> {
 protected:
  static std::expected<PolicySet, ProblemList> check(int size, const Clock* clock,
                                                     std::optional<SteadyTime> deadline) {
    const ModuleSource source{"a.rego",
                              "package b\nimport future.keywords.and\nimport future.keywords.or\n" +
                                  GetParam().text(size)};
    return PolicySet::check({&source, 1}, {.clock = clock, .deadline = deadline});
  }
};

TEST_P(CompileTime, IsLookedAtWhereverItGoes) {
  const CountedClock clock(4);
  const auto out = check(GetParam().size, &clock, CountedClock::deadline());
  ASSERT_FALSE(out);
  ASSERT_EQ(out.error().size(), 1U);
  EXPECT_EQ(out.error()[0].code, Errc::compile_time) << to_text(out.error()[0]);
}

// By the real clock, with a hundredfold of the limit to spare for a slow machine.
TEST_P(CompileTime, IsKeptByTheWallClock) {
  const WallClock clock;
  const SteadyTime begin = clock.steady_now();
  const auto out = check(GetParam().size, &clock, begin + milliseconds(20));
  const auto taken = clock.steady_now() - begin;
  EXPECT_LT(taken, milliseconds(2'000));
  if (!out) {
    EXPECT_TRUE(out.error()[0].code == Errc::compile_time || taken < milliseconds(20))
        << to_text(out.error()[0]);
  }
}

// A limit that is not reached changes nothing.
TEST_P(CompileTime, LeavesAnswersAsTheyAre) {
  const auto free = check(GetParam().harmless, nullptr, std::nullopt);
  const WallClock clock;
  const auto limited =
      check(GetParam().harmless, &clock, clock.steady_now() + std::chrono::hours(1));
  ASSERT_EQ(free.has_value(), limited.has_value());
  if (!free) {
    EXPECT_EQ(to_error(free.error()).message(), to_error(limited.error()).message());
  }
}

INSTANTIATE_TEST_SUITE_P(Modules, CompileTime, testing::ValuesIn(kHostile),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(CompileTimes, AreToldAsOneProblem) {
  const ModuleSource source{"a.rego", "package b\n" + reversed(6'000)};
  const CountedClock clock(4);
  const auto out = PolicySet::compile(std::span(&source, 1),
                                      {.clock = &clock, .deadline = CountedClock::deadline()});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error(), Errc::compile_time);
  EXPECT_EQ(out.error().kind(), ErrorKind::too_large);
  EXPECT_EQ(
      out.error().message(),
      "1 error occurred: rego_compile_time_error: compiling the policies takes longer than it "
      "may: nothing is known of them");
}

// Whoever follows a term or a path follows it to its end.
TEST(CompileDepth, IsBoundedWhateverIsInARow) {
  constexpr int kMany = 200'000;
  const auto row = [](std::string_view part) {
    std::string out;
    for (int i = 0; i < kMany; ++i) {
      out += part;
    }
    return out;
  };
  for (const std::string& text :
       {"p := 1" + row(" + input.x") + "\n", "p if 1" + row(" in input.x") + "\n",
        "p" + row(".a") + " := 1\n", "p" + row("[\"a\"]") + " := 1\n",
        "p := (((1" + row(" + x") + ") + 1) + 1)\n"}) {
    const auto out = compile("package b\n" + text);
    ASSERT_FALSE(out) << text.substr(0, 20);
    EXPECT_NE(out.error().message().find("max parsing recursion depth exceeded"), std::string::npos)
        << out.error().message().substr(0, 200);
  }
  EXPECT_FALSE(compile("package b" + row(".a") + "\np := 1\n"));
  EXPECT_TRUE(compile("package b\np := input" + row(".a") + "\nq := data" + row(".a") + "\n"));
}

// About as many operators as there may be, answered by programs and by the tree.
TEST(CompileDepth, LeavesLongExpressionsAlone) {
  std::string sum = "p := 0";
  std::string list = "q := [0";
  for (int i = 1; i < 240; ++i) {
    sum += " + input.x";
  }
  for (int i = 1; i < 1'000; ++i) {
    list += ", input.x + " + number(i) + " * 2";
  }
  std::string many = "r := [input.x";
  for (int i = 0; i < 20'000; ++i) {
    many += ", input.x";
  }
  const auto policy = compile("package b\n" + sum + "\n" + list + "]\n" + many + "]\n");
  ASSERT_TRUE(policy) << policy.error().message().substr(0, 200);
  for (const bool walk_tree : {false, true}) {
    Evaluation evaluation;
    evaluation.walk_tree = walk_tree;
    EXPECT_EQ(ask(*policy, "data.b.p = x", R"({"x": 1})", evaluation).value_or("error"), "x=239");
    EXPECT_TRUE(ask(*policy, "data.b.q = x", R"({"x": 1})", evaluation));
    EXPECT_EQ(ask(*policy, "x = count(data.b.r)", R"({"x": 1})", evaluation).value_or("error"),
              "x=20001");
    EXPECT_EQ(ask(*policy, "data.b.r = x", R"({"y": 1})", evaluation).value_or("error"), "");
  }
}

TEST(Packages, AreReadWithoutWhatFollows) {
  const auto package = [](const std::string& text) -> std::string {
    const auto out = package_of({"a.rego", text});
    std::string all;
    for (const auto& part : out.value_or(std::vector<std::string>{"refused"})) {
      all += "/" + part;
    }
    return all;
  };
  EXPECT_EQ(package("# first\npackage a.b[\"c-d\"]\n\np := 1\n"), "/a/b/c-d");
  EXPECT_EQ(package("package a\np := ]\n"), "/a");
  for (const std::string text : {"", "p := 1\n", "package\n", "package a[x]\n", "package a.\n"}) {
    EXPECT_EQ(package(text), "/refused") << text;
  }
}

// A schema whose parts name each other twice is as large as 2^40 of them written out.
TEST(CompileTimes, BoundSchemas) {
  std::string definitions;
  for (int i = 0; i < 40; ++i) {
    const std::string next = "{\"$ref\": \"#/definitions/d" + number(i + 1) + "\"}";
    definitions += "\"d" + number(i) + R"(": {"type": "object", "properties": {"a": )" + next +
                   ", \"b\": " + next + "}}, ";
  }
  auto schemas = std::make_shared<Schemas>();
  schemas->by_name.emplace(
      "schema", value_from_json("{\"definitions\": {" + definitions +
                                R"("d40": {"type": "string"}}, "$ref": "#/definitions/d0"})")
                    .value());
  const ModuleSource source{"a.rego", "package b\np := input.a.b\n"};
  EXPECT_TRUE(PolicySet::check({&source, 1}, {.schemas = schemas}));
}

}  // namespace
}  // namespace unhidra::rego
