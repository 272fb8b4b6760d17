// Programs and the index against the walk over the rules' tree: random policies and inputs answer
// the same both ways. The functions among them give one value each: a program that has its answer
// does not go on to find conflicts elsewhere.
#include <random>

#include "policies.h"

namespace unhidra::rego {
namespace {

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::string policy() {
    std::string out = "package a\n\ndefault d := \"none\"\n\n";
    const int rules = pick(3, 12);
    for (int i = 0; i < rules; ++i) {
      out += "p if {" + body(false) + "}\n";
      out += "d := \"" + letter() + "\" if {" + body(false) + "} else := \"z\" if {" + body(false) +
             "}\n";
      out += "f(\"" + letter() + "\", x) := y if { y := [x, \"f\"] }\n";
      out += "s contains x if { some x in data.list;" + body(true) + "}\n";
      out += "s contains input.a if {" + body(false) + "}\n";
      out += "o[k] := v if { some k, v in data.object;" + body(false) + "}\n";
    }
    out += "g(x) := 1 if x == 1\ng(x) := 2 if x == \"a\"\ng(x) := 3 if x == \"c\"\n";
    out += "c := [[x, y] | some x in data.list; y := data.object[k]; k != x]\n";
    out += "m := {k: v | some k, v in data.object; not v == input.a}\n";
    return out;
  }

  std::string input() {
    std::string out = "{";
    for (const char* name : {"a", "b", "c"}) {
      if (pick(0, 5) != 0) {
        out += (out.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":" + scalar();
      }
    }
    return out + (out.size() > 1 ? "," : "") + R"("l":[)" + scalar() + "," + scalar() + "," +
           scalar() + "]}";
  }

 private:
  int pick(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1));
  }
  std::string letter() { return std::string(1, static_cast<char>('a' + pick(0, 3))); }
  std::string scalar() {
    static const char* const kValues[] = {"1",     "2",    "1.0",  "\"a\"", "\"b\"",
                                          "\"c\"", "true", "null", "false"};
    return kValues[pick(0, 8)];
  }
  std::string place() {
    static const char* const kPlaces[] = {"input.a", "input.b", "input.c", "input.l[1]"};
    return kPlaces[pick(0, 3)];
  }
  std::string body(bool has_x) {
    std::string out;
    const int size = pick(1, 3);
    for (int i = 0; i < size; ++i) {
      out += " " + expression(has_x) + ";";
    }
    return out + " true ";
  }
  std::string expression(bool has_x) {
    const std::string n = std::to_string(pick(0, 1'000'000));
    switch (pick(0, 16)) {
      case 0:
      case 1:
      case 2:
        return place() + " == " + scalar();
      case 3:
        return scalar() + " = " + place();
      case 4:
        return "not " + place() + " == " + scalar();
      case 5:
        return "some v" + n + " in input.l; v" + n + " != " + scalar();
      case 6:
        return "input.l[i" + n + "] == " + place() + "; i" + n + " > 0";
      case 7:
        return "every e in input.l { e != " + scalar() + " }";
      case 8:
        return "count([y | some y in input.l; y == " + place() + "]) < 2";
      case 9:
        return "f(\"" + letter() + "\", " + place() + ") != null";
      case 10:
        return "data.object[\"" + letter() + "\"] == " + scalar();
      case 11:
        return place() + " in {" + scalar() + ", " + scalar() + "}";
      case 12:
        return "[w" + n + ", " + scalar() + "] = [" + place() + ", " + place() + "]; w" + n +
               " != 7";
      case 13:
        return "g(" + place() + ") > 1";
      case 14:
        return "startswith(" + place() + ", \"a\")";
      case 15:
        return "1 + 1 == 2";
      default:
        return has_x ? "x != " + place() : place();
    }
  }

  std::mt19937 random_;
};

constexpr auto kData =
    R"({"list": [1, 2, "a", "b", true, null], "object": {"a": 1, "b": "b", "c": null}})";

std::string answer(const PreparedQuery& query, const Evaluation& evaluation) {
  const auto solutions = query.evaluate(evaluation);
  if (!solutions) {
    return std::string(solutions.error().code().name);
  }
  std::vector<Value> rows;
  for (const auto& solution : *solutions) {
    std::vector<Value::Member> row;
    for (const auto& [name, value] : solution) {
      row.emplace_back(Value::string(name), value);
    }
    rows.push_back(Value::object(std::move(row)));
  }
  return to_term(Value::set(std::move(rows)));
}

class ProgramsAnswerLikeTheTree : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ProgramsAnswerLikeTheTree, RandomPoliciesAndInputs) {
  Generator generator(GetParam());
  const std::string text = generator.policy();
  const auto policy = compile(text);
  ASSERT_TRUE(policy) << policy.error().message() << "\n" << text;
  for (const std::string query :
       {"data.a.p = x", "data.a.d = x", "data.a.s = x", "data.a.s[x]", "data.a.s[\"a\"] = x",
        "data.a.o = x", "data.a.o[\"b\"] = x", "data.a.o[k] = x", "data.a.c = x", "data.a.m = x",
        "data.a.s[1] = x; data.a.s[2] = y; data.a.s[\"b\"] = z",
        "x := [data.a.f(\"a\", 1), data.a.g(1)]", "not data.a.p; x := 1"}) {
    const auto prepared = policy->prepare(query);
    ASSERT_TRUE(prepared) << prepared.error().message();
    for (int i = 0; i < 12; ++i) {
      const std::string input = generator.input();
      Evaluation evaluation;
      evaluation.data = *value_from_json(kData);
      evaluation.input = *value_from_json(input);
      const std::string by_program = answer(*prepared, evaluation);
      evaluation.walk_tree = true;
      ASSERT_EQ(by_program, answer(*prepared, evaluation)) << query << "\n"
                                                           << input << "\n"
                                                           << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProgramsAnswerLikeTheTree, testing::Range(1U, 61U));

TEST(Programs, EqualNumbersOfDifferentWritingFindTheirRule) {
  const std::string text =
      "package a\np := \"one\" if input.x == 1\np := \"two\" if input.x == 2\np := \"three\" if "
      "input.x == 3\n"
      "p := \"half\" if input.x == 0.5\n";
  for (const auto& [input, wanted] :
       {std::pair("1", "x=\"one\""), std::pair("1.0", "x=\"one\""), std::pair("20e-1", "x=\"two\""),
        std::pair("0.50", "x=\"half\""), std::pair("4", "")}) {
    EXPECT_EQ(ask(text, "data.a.p = x", std::string("{\"x\":") + input + "}").value_or("error"),
              wanted)
        << input;
  }
}

TEST(Programs, AnElseIsReachedThoughItsRuleDoesNotMatch) {
  const std::string text =
      "package a\np := 1 if input.x == \"a\" else := 2 if input.y == 1\n"
      "p := 3 if input.x == \"c\"\np := 4 if input.x == \"d\"\n";
  EXPECT_EQ(ask(text, "data.a.p = x", R"({"x":"q","y":1})").value(), "x=2");
  EXPECT_EQ(ask(text, "data.a.p = x", R"({"x":"c"})").value(), "x=3");
  EXPECT_FALSE(ask(text, "data.a.p = x", R"({"x":"c","y":1})"));
}

TEST(Programs, OneKeyOfAPartialObjectIsFoundWithoutTheOthers) {
  const std::string text =
      "package a\no[k] := v if { some k in numbers.range(1, 1000000); v := k }\no[\"x\"] := 1\n";
  const auto policy = compile(text);
  Evaluation evaluation;
  evaluation.max_memory = 256 << 20;
  EXPECT_EQ(ask(*policy, "data.a.o[\"x\"] = x", "", evaluation).value_or("error"), "x=1");
}

class StoppedClock final : public Clock {
 public:
  Timestamp now() const override { return {}; }
  SteadyTime steady_now() const override { return SteadyTime(std::chrono::seconds(10)); }
};

TEST(Programs, TimeThatIsUpEndsAnEvaluationEitherWay) {
  const auto policy = compile(
      "package a\np if { some i in numbers.range(1, 3000); some k in numbers.range(1, 3000); i + k "
      "< 0 }");
  ASSERT_TRUE(policy);
  const StoppedClock clock;
  for (const bool walk : {false, true}) {
    Evaluation evaluation;
    evaluation.clock = &clock;
    evaluation.deadline = SteadyTime(std::chrono::seconds(9));
    evaluation.walk_tree = walk;
    const auto answer = ask(*policy, "data.a.p = x", "", evaluation);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), Errc::budget_exhausted);
  }
}

}  // namespace
}  // namespace unhidra::rego
