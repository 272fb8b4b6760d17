// An evaluation ends near its deadline wherever the time goes: also inside one call of a function.
#include <chrono>

#include "clocks.h"
#include "policies.h"

namespace unhidra::rego {
namespace {

using std::chrono::milliseconds;

std::string list_of(int size, const auto& item) {
  std::string out;
  for (int i = 0; i < size; ++i) {
    out += (out.empty() ? "" : ",") + item(i);
  }
  return out;
}
std::string quoted(int i) {
  return '"' + std::to_string(i) + '"';
}

std::string hostile_input() {
  constexpr int kMany = 4'000;
  const auto number = [](int i) { return std::to_string(i + 1); };
  const auto half = [](int i) { return std::to_string(i) + ".5"; };
  const auto object = [](int i) { return "{" + quoted(i) + ": {\"a\": 1}}"; };
  const auto vertex = [](int i) { return quoted(i) + ": [" + quoted(i + 1) + "]"; };
  const auto zero = [](int) { return std::string("0"); };
  std::string ab;
  for (int i = 0; i < 5'000; ++i) {
    ab += (i * 7919 >> 3) % 2 == 0 ? 'a' : 'b';
  }
  return "{\"numbers\": [" + list_of(kMany, number) + "], \"halves\": [" + list_of(kMany, half) +
         "], \"objects\": [" + list_of(kMany, object) + "], \"graph\": {" + list_of(kMany, vertex) +
         "}, \"zeros\": [" + list_of(2'000, zero) + "], \"other\": [" + list_of(1'000, zero) +
         ", 1], \"few\": [" + list_of(40, number) + "], \"nested\": " + std::string(400, '[') +
         std::string(400, ']') + ", \"big\": 1e9000, \"one\": 1, \"token\": \"a.b.c\", \"ab\": \"" +
         ab + "\"}";
}

struct Hostile {
  const char* name;
  const char* expression;
};

// Each is some few steps, so that what looks at the clock is the function.
constexpr Hostile kHostile[] = {
    {"product", "product(input.numbers)"},
    {"sum_of_halves", "sum(input.halves)"},
    {"union_n", "object.union_n(input.objects)"},
    {"reachable", "graph.reachable(input.graph, {\"0\"})"},
    {"reachable_paths", "graph.reachable_paths(input.graph, {\"0\"})"},
    {"walk", "[v | walk(input.nested, [_, v])]"},
    {"walk_of_walk", "[v | walk([w | walk(input.zeros, w)], v)]"},
    {"subset", "object.subset(input.zeros, input.other)"},
    {"range", "numbers.range(input.one, 20000)"},
    {"multiplication", "[x | some y in input.few; x := input.big * (input.big + y)]"},
    {"shift", "[x | some y in input.few; x := bits.lsh(y, 65000)]"},
    {"format_int", "[x | some y in input.few; x := format_int(input.big + y, 2)]"},
    {"sort", "[x | some y in input.few; x := sort(input.numbers)]"},
    {"member", "[x | some y in input.few; x := y in input.numbers]"},
    {"regex", "[x | some y in input.few; x := regex.match(`((a|b|ab|ba){30}){20}x`, input.ab)]"},
    {"regex_find", "regex.find_n(`a.*x|a|b`, input.ab, -1)"},
    {"regex_compile",
     "[x | some y in input.few; x := regex.is_valid(sprintf(`(.{1,%d}){20}`, [40 + "
     "y]))]"},
    {"json_is_valid", "[x | some y in input.few; x := json.is_valid(input.ab)]"},
    {"keys", "[x | some y in input.few; x := io.jwt.verify_rs256(input.token, input.ab)]"},
};

class TimeLimit : public testing::TestWithParam<Hostile> {};

TEST_P(TimeLimit, EndsInsideAFunction) {
  const auto policy = compile("package a\np := " + std::string(GetParam().expression) + "\n");
  ASSERT_TRUE(policy) << policy.error().message();
  const std::string input = hostile_input();
  for (const bool walk_tree : {false, true}) {
    const CountedClock clock(4);
    Evaluation evaluation;
    evaluation.walk_tree = walk_tree;
    evaluation.max_memory = std::uint64_t{1} << 40;
    evaluation.max_steps = std::uint64_t{1} << 40;
    evaluation.clock = &clock;
    evaluation.deadline = CountedClock::deadline();
    const auto answer = ask(*policy, "data.a.p = x", input, evaluation);
    ASSERT_FALSE(answer) << answer->substr(0, 80);
    EXPECT_EQ(answer.error(), Errc::budget_exhausted) << answer.error().message();
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, TimeLimit, testing::ValuesIn(kHostile),
                         [](const auto& test) { return std::string(test.param.name); });

// Functions that have the time they need answer as before.
TEST(TimeLimits, LeaveAnswersAsTheyAre) {
  const auto policy = compile(
      "package a\np := [product([2, 3, 4]), sum([0.5, 1.5, 2]), sum({1e3, 7}), product([0.5, 4]),\n"
      "product([1e18, 1e18, -1]), sum([]), product([]), sum([1.5, 1e30, -1e30]),\n"
      "object.union_n([{\"a\": {\"b\": 1}}, {\"a\": {\"c\": 2}}, {\"a\": 3}, {\"a\": {\"d\": 4}},"
      " {\"a\": {\"d\": {}, \"e\": 5}}]),\n"
      "object.subset([1, 1, 2], [1, 2]), object.subset([1, 2], {2, 1}), object.subset([1, 2], "
      "[]),\n"
      "format_int(10, 2), format_int(0, 2), format_int(-255, 2)]");
  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_EQ(ask(*policy, "data.a.p = x").value_or("error"),
            "x=[24,4,1007,2,-1000000000000000000000000000000000000,0,1,0,"
            R"({"a":{"d":{},"e":5}},true,true,true,"1010","0","-11111111"])");
}

// What an expression takes that goes through its whole program at each character is counted before.
TEST(Budgets, CountWhatExpressionsAndKeysTake) {
  const std::string input = hostile_input();
  for (const std::string call :
       {"regex.match(`((a|b|ab|ba){30}){20}x`, concat(\"\", [x | some y in input.few; x := "
        "input.ab]))",
        "regex.find_n(`a.*x|a|b`, concat(\"\", [x | some y in input.few; x := input.ab]), -1)",
        "regex.find_all_string_submatch_n(`(()){200}`, input.ab, -1)"}) {
    const auto policy = compile("package a\np := " + call + "\n");
    ASSERT_TRUE(policy) << policy.error().message();
    Evaluation evaluation;
    evaluation.max_steps = 200'000;
    evaluation.max_memory = 8 << 20;
    const auto answer = ask(*policy, "data.a.p = x", input, evaluation);
    ASSERT_FALSE(answer) << call << answer->substr(0, 80);
    EXPECT_EQ(answer.error(), Errc::budget_exhausted) << call;
  }
  // What policies ask is none of it.
  const auto policy = compile(
      "package a\np := [x | some y in input.numbers; y < 100; x := "
      "regex.match(`^(devices|sensors)/[a-z0-9-]+/(state|set)$`, sprintf(\"devices/%d-a/set\", "
      "[y]))]\n");
  ASSERT_TRUE(policy);
  Evaluation evaluation;
  evaluation.max_steps = 200'000;
  evaluation.max_memory = 8 << 20;
  EXPECT_TRUE(ask(*policy, "data.a.p = x", input, evaluation));
}

// Some forty nodes whose text would be a million million bytes long.
TEST(Budgets, EndWhatWouldBeWrittenTooOften) {
  std::string text = "package a\nv0 := [input.one]\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string below = "v" + std::to_string(i - 1);
    text += "v" + std::to_string(i) + " := [" + below + ", " + below + "]\n";
  }
  for (const std::string call :
       {"json.marshal(v40)", "json.marshal_with_options(v40, {\"pretty\": true})",
        "yaml.marshal(v40)", "sprintf(\"%v\", [v40])", "$\"{v40}\""}) {
    const auto policy = compile(text + "p := " + call + "\n");
    ASSERT_TRUE(policy) << policy.error().message();
    Evaluation evaluation;
    evaluation.max_memory = 8 << 20;
    const auto answer = ask(*policy, "data.a.p = x", R"({"one": 1})", evaluation);
    ASSERT_FALSE(answer) << call;
    EXPECT_EQ(answer.error(), Errc::budget_exhausted) << call;
  }
}

// By the real clock, with a hundredfold of the limit to spare for a slow machine.
TEST(TimeLimits, AreKeptByTheWallClock) {
  const auto policy = compile(
      "package a\n"
      "factorial := product(numbers.range(input.one, 10000))\n"
      "powers := [x | some i in input.numbers; some k in input.numbers; x := input.big * "
      "(input.big + (i * k))]\n"
      "walks := [x | walk(input.objects, a); walk(input.objects, b); walk([a, b], x)]\n"
      "searches := [x | some i in input.numbers; x := object.subset(input.zeros, "
      "array.concat(input.other, [i]))]\n");
  ASSERT_TRUE(policy) << policy.error().message();
  const std::string input = hostile_input();
  const WallClock clock;
  for (const std::string rule : {"factorial", "powers", "walks", "searches"}) {
    const auto query = policy->prepare("data.a." + rule).value();
    Evaluation evaluation;
    evaluation.input = value_from_json(input).value();
    evaluation.max_memory = std::uint64_t{1} << 33;
    evaluation.max_steps = std::uint64_t{1} << 40;
    evaluation.clock = &clock;
    const SteadyTime begin = clock.steady_now();
    evaluation.deadline = begin + milliseconds(20);
    const auto answer = query.evaluate(evaluation);
    EXPECT_LT(clock.steady_now() - begin, milliseconds(2'000)) << rule;
    // The product may be known to be too large, and so undefined, before the time is up.
    EXPECT_TRUE(!answer || rule == "factorial") << rule;
    if (!answer) {
      EXPECT_EQ(answer.error(), Errc::budget_exhausted) << rule << answer.error().message();
    }
  }
}

}  // namespace
}  // namespace unhidra::rego
