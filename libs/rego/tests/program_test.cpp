// Programs and the index against the walk over the rules' tree: random policies and inputs answer
// the same both ways. The functions among them give one value each: a program that has its answer
// does not go on to find conflicts elsewhere.
#include <random>

#include "policies.h"
#include "random_policies.h"

namespace unhidra::rego {
namespace {

class ProgramsAnswerLikeTheTree : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ProgramsAnswerLikeTheTree, RandomPoliciesAndInputs) {
  std::mt19937 random(GetParam());
  PolicyGenerator generator([&] { return random(); });
  const std::string text = generator.policy();
  const auto policy = compile(text);
  ASSERT_TRUE(policy) << policy.error().message() << "\n" << text;
  const auto loaded = policy->load(*value_from_json(kData));
  const std::vector<std::string> part = {"object"};
  const auto other = loaded.replaced_by(*value_from_json(kOtherData));
  const auto updated = other.with(part, *value_from_json(R"({"a": "a", "b": null})"));
  for (const std::string query : PolicyGenerator::kQueries) {
    const auto prepared = policy->prepare(query);
    ASSERT_TRUE(prepared) << prepared.error().message();
    for (int i = 0; i < 12; ++i) {
      const std::string input = generator.input();
      Evaluation evaluation;
      evaluation.data = *value_from_json(kData);
      evaluation.input = *value_from_json(input);
      const std::string by_program = answer(*prepared, evaluation);
      evaluation.loaded = &loaded;
      ASSERT_EQ(by_program, answer(*prepared, evaluation)) << "loaded: " << query << "\n"
                                                           << input << "\n"
                                                           << text;
      evaluation.loaded = &updated;
      const std::string by_updated = answer(*prepared, evaluation);
      evaluation.loaded = nullptr;
      evaluation.data = updated.data();
      ASSERT_EQ(answer(*prepared, evaluation), by_updated) << "updated: " << query << "\n"
                                                           << input << "\n"
                                                           << text;
      evaluation.data = loaded.data();
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

// A join of a thousand with a thousand looks at each once.
TEST(Programs, AComprehensionInALoopIsMadeOnceForAllValues) {
  const auto policy = compile(
      "package a\np := count([1 | some x in numbers.range(1, 1000)\n"
      "ys := [y.v | some y in data.list; y.k == x]; ys == [x + 1]])");
  ASSERT_TRUE(policy) << policy.error().message();
  std::vector<Value> list;
  for (int i = 1; i <= 1'000; ++i) {
    list.push_back(Value::object(
        {{Value::string("k"), Value::integer(i)}, {Value::string("v"), Value::integer(i + 1)}}));
  }
  Evaluation evaluation;
  evaluation.data = Value::object({{Value::string("list"), Value::array(std::move(list))}});
  evaluation.max_steps = 40'000;
  EXPECT_EQ(ask(*policy, "data.a.p = x", "", evaluation).value_or("error"), "x=1000");
}

TEST(Programs, ACallIsNotMadeTwice) {
  std::string text = "package a\nf0(x) := x\n";
  for (int i = 1; i <= 20; ++i) {
    const std::string inner = "f" + std::to_string(i - 1) + "(x)";
    text += "f" + std::to_string(i) + "(x) := " + inner + " + " + inner + "\n";
  }
  Evaluation evaluation;
  evaluation.max_steps = 1'000;
  EXPECT_EQ(ask(*compile(text + "p := f20(1)"), "data.a.p = x", "", evaluation).value_or("error"),
            "x=1048576");
}

// What no x asks for is not an error: what follows the condition is not evaluated for it.
TEST(Programs, AComprehensionMadeForAllValuesFailsForNoneThatNobodyAsksFor) {
  const std::string text =
      "package a\np := [ys | some x in [1, 2]\n"
      "ys := [to_number(y.v) | some y in input.list; y.k == x]]\n"
      "q := [ys | some x in [1, 2]\nys := [z | some y in input.list; y.k == x; z := f(y)]]\n"
      "f(y) := 1 if y.v\nf(y) := 2 if y.v == \"no number\"\n";
  Evaluation evaluation;
  evaluation.strict_errors = true;
  const std::string input =
      R"({"list": [{"k": 1, "v": "7"}, {"k": 2, "v": "8"}, {"k": 3, "v": "no number"}]})";
  EXPECT_EQ(ask(*compile(text), "data.a.p = x", input, evaluation).value_or("error"),
            "x=[[7],[8]]");
  EXPECT_EQ(ask(*compile(text), "data.a.q = x", input, evaluation).value_or("error"),
            "x=[[1],[1]]");
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

// So many steps as for one rule, however many there are.
TEST(RuleIndex, LooksIntoAlternativesAndElements) {
  for (const std::string one :
       {R"(input.role in ["a$", "b$"])", R"(input.role == "a$" or input.role == "b$")",
        R"(input.role in {"a$", "b$"}; input.x == 1)", R"(input.role in {"k": "a$", "l": "b$"})"}) {
    std::string text = "package a\nimport future.keywords.or\n";
    for (int i = 0; i < 1'000; ++i) {
      std::string condition = one;
      for (auto at = condition.find('$'); at != std::string::npos; at = condition.find('$')) {
        condition.replace(at, 1, std::to_string(i));
      }
      text += "p contains " + std::to_string(i) + " if { " + condition + " }\n";
    }
    const auto policy = compile(text);
    ASSERT_TRUE(policy) << policy.error().message();
    for (const std::string role : {"a7", "b7", "c7"}) {
      EvaluationCost cost;
      Evaluation evaluation;
      evaluation.cost = &cost;
      const auto answer =
          ask(*policy, "data.a.p = x", R"({"x": 1, "role": ")" + role + "\"}", evaluation);
      EXPECT_EQ(answer.value_or("error"), role == "c7" ? "x=[]" : "x=[7]") << one;
      EXPECT_LT(cost.steps, 60U) << one << role;
    }
  }
}

// Rules that ask for one of many values of several sources stand under each of them only as far as
// there is room.
TEST(RuleIndex, DoesNotGrowWithoutEnd) {
  std::string list;
  for (int i = 0; i < 250; ++i) {
    list += (i == 0 ? "" : ", ") + std::to_string(i);
  }
  std::string text = "package a\n";
  for (int i = 0; i < 1'000; ++i) {
    text += "p contains " + std::to_string(i) + " if { input.a in [" + list + "]; input.b in [" +
            list + "]; input.c in [" + list + "] }\n";
  }
  const auto policy = compile(text);
  ASSERT_TRUE(policy);
  EXPECT_EQ(ask(*policy, "count(data.a.p) = x", R"({"a": 1, "b": 2, "c": 3})").value_or("error"),
            "x=1000");
  EXPECT_EQ(ask(*policy, "count(data.a.p) = x", R"({"a": 1, "b": 2, "c": -3})").value_or("error"),
            "x=0");
}

}  // namespace
}  // namespace unhidra::rego
