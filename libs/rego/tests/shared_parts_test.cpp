// Values that share their parts: some few nodes in memory, a tree larger than any machine can go
// over. Whatever goes over values ends by the budget or the deadline, in counted work.
#include <chrono>

#include "policies.h"

namespace unhidra::rego {
namespace {

using std::chrono::milliseconds;

constexpr int kLevels = 40;

// Two rules, each made in forty steps, that are equal and share nothing: x := [y, y].
std::string twins(const std::string& step) {
  std::string out = "package a\n";
  for (const std::string name : {"v", "w"}) {
    out += name + "0 := [input.one]\n";
    for (int i = 1; i <= kLevels; ++i) {
      const std::string below = name + std::to_string(i - 1);
      std::string made = step;
      for (std::size_t at = 0; (at = made.find('$', at)) != std::string::npos; at += below.size()) {
        made.replace(at, 1, below);
      }
      out += name + std::to_string(i) + " := " + made + "\n";
    }
  }
  return out + "v := v40\nw := w40\n";
}

struct Way {
  const char* name;
  const char* rules;  // p is asked
};

constexpr Way kWays[] = {
    {"equal", "p if v == w"},
    {"differs", "p := true if v != w"},
    {"unified", "p if { x := v; x = w }"},
    {"patterns", "p if [v, 1] = [w, 1]"},
    {"less", "p if v < w"},
    {"operator", "p := x if x := v == w"},
    {"minimum", "p := min([v, w])"},
    {"maximum", "p := max([v, w])"},
    {"sort", "p := count(sort([v, w, 1]))"},
    {"set", "p := count({v, w})"},
    {"comprehension", "p := count({x | some x in [v, w]})"},
    {"object_comprehension", "p := count({x: 1 | some x in [v, w]})"},
    {"one_key_of_two_values", "p := count({\"k\": x | some x in [v, w]})"},
    {"in_array", "p if v in [w]"},
    {"in_set", "p if v in {w, 1}"},
    {"in_object", "p if v in {\"k\": w}"},
    {"with_key", "p if \"k\", v in {\"k\": w}"},
    {"partial_set", "s contains v\ns contains w\np := count(s)"},
    {"partial_object", "o[x] := 1 if some x in [v, w]\np := count(o)"},
    {"member_of_a_partial_set", "s contains v\ns contains 1\np if s[w]"},
    {"two_outputs", "q := v\nq := w\np := count(q)"},
    {"function_of_two_outputs", "f(_) := v\nf(_) := w\np := count(f(1))"},
    {"key", "p := {v: 1}[w]"},
    {"object_get", "p := object.get({v: 1}, [w], 2)"},
    {"object_keys", "p := count(object.keys({v: 1, w: 2}))"},
    {"object_remove", "p := object.remove({v: 1}, {w})"},
    {"object_filter", "p := object.filter({v: 1}, {w})"},
    {"object_union", "p := count(object.union({\"a\": {v: 1}}, {\"a\": {w: 1}}))"},
    {"object_union_n", "p := count(object.union_n([{v: 1}, {w: 1}]))"},
    {"object_subset", "p if object.subset({\"a\": v}, {\"a\": w})"},
    {"subset_of_a_set", "p if object.subset([v, 1], {w})"},
    {"intersection", "p := count({v, 1} & {w, 1})"},
    {"intersection_of_sets", "p := count(intersection({{v, 1}, {w}}))"},
    {"difference", "p := count({v, 1} - {w})"},
    {"union", "p := count({v} | {w})"},
    {"union_of_sets", "p := count(union({{v}, {w, 1}}))"},
    {"patch_test",
     "p := json.patch({\"a\": v}, [{\"op\": \"test\", \"path\": \"/a\", \"value\": w}])"},
    {"patch_of_a_set", "p := json.patch({v, 1}, [{\"op\": \"remove\", \"path\": [w]}])"},
    {"schema", "p := json.match_schema({\"a\": v}, {\"properties\": {\"a\": {\"enum\": [w]}}})"},
    {"schema_of_unique",
     "p := json.match_schema({\"a\": [v, w]}, {\"properties\": {\"a\": "
     "{\"uniqueItems\": true}}})"},
    {"reachable", "p := count(graph.reachable({v: [w]}, [w]))"},
    {"reachable_paths", "p := count(graph.reachable_paths({v: [w]}, [v]))"},
    {"walk", "p := count([x | walk(v, x)])"},
    {"group",
     "p := count([y | some y in [v, w]; z := {x | some x in [v, w]; x == y}; count(z) > 0])"},
    {"every", "p if every x in [v] { x == w }"},
    {"negation", "p if not v == w"},
    {"or", "import future.keywords\np if { v == w or 1 == 2 }"},
    {"with", "p if data.a.q with data.a.v as w\nq if v == w with input.x as 1"},
    {"marshal", "p := json.marshal(v)"},
    {"marshal_lines", "p := json.marshal_with_options(v, {\"pretty\": true})"},
    {"marshal_yaml", "p := yaml.marshal(v)"},
    {"marshal_key", "p := json.marshal({v: 1})"},
    {"sprintf", "p := sprintf(\"%v\", [v])"},
    {"template", "p := $\"{v}\""},
    {"print", "p if { print(v) }"},
    {"token",
     "p := io.jwt.encode_sign({\"alg\": \"HS256\"}, {\"a\": v}, {\"kty\": \"oct\", \"k\": "
     "\"Zm9v\"})"},
    {"answer", "p := v"},
};

class SharedParts : public testing::TestWithParam<Way> {};

class CountedClock final : public Clock {
 public:
  Timestamp now() const override { return {}; }
  SteadyTime steady_now() const override {
    return SteadyTime(milliseconds(looks_++ < 100 ? 0 : 2));
  }
  int looks() const { return looks_; }

 private:
  mutable int looks_ = 0;
};

Result<std::string> asked(const Way& way, const std::string& step, Evaluation evaluation) {
  const auto policy = compile(twins(step) + way.rules + "\n");
  if (!policy) {
    return fail(Error(policy.error()));
  }
  return ask(*policy, "data.a.p = x", R"({"one": 1})", std::move(evaluation));
}

void expect_end(const Way& way, const std::string& step, const Evaluation& evaluation) {
  const auto answer = asked(way, step, evaluation);
  ASSERT_FALSE(answer) << way.rules << ": " << answer->substr(0, 100);
  EXPECT_EQ(answer.error(), Errc::budget_exhausted) << answer.error().message();
}

// Without a clock the steps are what ends it.
TEST_P(SharedParts, EndByTheBudget) {
  for (const bool walk_tree : {false, true}) {
    Evaluation evaluation;
    evaluation.walk_tree = walk_tree;
    evaluation.max_steps = 100'000;
    evaluation.max_memory = 1 << 20;
    expect_end(GetParam(), "[$, $]", evaluation);
    expect_end(GetParam(), R"({"a": $, "b": {"c": $}})", evaluation);
  }
}

// With steps and memory without end it is the clock.
TEST_P(SharedParts, EndByTheClock) {
  for (const bool walk_tree : {false, true}) {
    const CountedClock clock;
    Evaluation evaluation;
    evaluation.walk_tree = walk_tree;
    evaluation.max_steps = UINT64_MAX;
    evaluation.max_memory = std::uint64_t{1} << 62;
    evaluation.clock = &clock;
    evaluation.deadline = SteadyTime(milliseconds(1));
    expect_end(GetParam(), "[$, $]", evaluation);
    EXPECT_LT(clock.looks(), 400);
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, SharedParts, testing::ValuesIn(kWays),
                         [](const auto& test) { return std::string(test.param.name); });

// What is not compared to its end is answered.
TEST(HeavyValues, AreAnsweredWhereTheyDiffer) {
  const std::string policy = twins("[$, $]") +
                             "p := [v == v, v == [1], count(v), [v, 1] < [v, 2], {v: 1}[v],\n"
                             "count({v, v}), v[0] == v40[1], is_array(w)]\n";
  const auto compiled = compile(policy);
  ASSERT_TRUE(compiled) << compiled.error().message();
  for (const bool walk_tree : {false, true}) {
    Evaluation evaluation;
    evaluation.walk_tree = walk_tree;
    EXPECT_EQ(ask(*compiled, "data.a.p = x", R"({"one": 1})", evaluation).value_or("error"),
              "x=[true,false,2,true,1,1,true,true]");
  }
}

// Half a million comparisons of ordinary values are not in the way of anything.
TEST(HeavyValues, AreComparedInFullWithinTheBudget) {
  const auto policy = compile(
      "package a\np := [input.a == input.b, input.a == input.c, count({input.a, input.b, "
      "input.c}),\n"
      "input.a < input.c]\n");
  ASSERT_TRUE(policy) << policy.error().message();
  std::string list = "0";
  for (int i = 1; i < 20'000; ++i) {
    list += ",{\"n\": [" + std::to_string(i) + ", \"text\"]}";
  }
  EXPECT_EQ(ask(*policy, "data.a.p = x",
                "{\"a\": [" + list + "], \"b\": [" + list + "], \"c\": [" + list + ", 1]}")
                .value_or("error"),
            "x=[true,false,2,true]");
}

// ---- depth ----

Value nested(std::size_t depth) {
  Value out = Value::integer(1);
  for (std::size_t i = 0; i < depth; ++i) {
    out = Value::array({std::move(out)});
  }
  return out;
}

std::string chained(int levels, const std::string& before, const std::string& after) {
  std::string out = "package a\nv0 := [input.one]\n";
  for (int i = 1; i <= levels; ++i) {
    out += "v" + std::to_string(i) + " := " + before + "v" + std::to_string(i - 1) + after + "\n";
  }
  // From below, so that rules are not inside each other.
  out += "p := x if {\n";
  for (int i = 1; i <= levels; ++i) {
    out += "\tv" + std::to_string(i) + "\n";
  }
  return out + "\tx := v" + std::to_string(levels) + "\n}\n";
}

// What a policy nests level by level ends long before any stack.
TEST(Depth, OfWhatIsMadeIsBounded) {
  for (const auto& [before, after] :
       std::vector<std::pair<std::string, std::string>>{{"[", "]"},
                                                        {"{1, ", "}"},
                                                        {"{\"k\": ", "}"},
                                                        {"[x | x := ", "]"},
                                                        {"{x | x := ", "}"},
                                                        {"{1: x | x := ", "}"},
                                                        {"object.union({\"k\": ", "}, {})"},
                                                        {"array.concat([", "], [])"}}) {
    const auto policy = compile(chained(2'500, before, after));
    ASSERT_TRUE(policy) << policy.error().message();
    const auto shallow = compile(chained(900, before, after));
    ASSERT_TRUE(shallow) << shallow.error().message();
    for (const bool walk_tree : {false, true}) {
      Evaluation evaluation;
      evaluation.walk_tree = walk_tree;
      const auto answer = ask(*policy, "data.a.p = x", R"({"one": 1})", evaluation);
      ASSERT_FALSE(answer) << before;
      EXPECT_EQ(answer.error(), Errc::budget_exhausted) << before << answer.error().message();
      const auto good = ask(*shallow, "data.a.p = x", R"({"one": 1})", evaluation);
      EXPECT_TRUE(good || walk_tree) << before << good.error().message();
    }
  }
}

TEST(Depth, OfJsonAndYamlIsBounded) {
  EXPECT_FALSE(value_from_json(std::string(100'000, '[') + std::string(100'000, ']')));
  EXPECT_FALSE(value_from_json(std::string(100'000, '[')));
  EXPECT_FALSE(value_from_yaml(std::string(100'000, '[') + std::string(100'000, ']')));
  EXPECT_FALSE(value_from_term(std::string(100'000, '[') + std::string(100'000, ']')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) {
    objects += "{\"a\":";
  }
  EXPECT_FALSE(value_from_json(objects + "1" + std::string(100'000, '}')));
}

// A host may give what is deeper: it is taken apart, and refused where it is gone over.
TEST(Depth, OfAHostsValueIsNoMatter) {
  const Value deep = nested(100'000);
  EXPECT_EQ(deep.depth(), 0xFFFFU);
  const auto policy = compile(
      "package a\np := [count(input), input == input, is_array(input)]\nq := json.marshal(input)\n"
      "r := [x | walk(input, x)]\ns if input == [input]\nt := input\nu := {input, [input]}\n");
  ASSERT_TRUE(policy) << policy.error().message();
  for (const bool walk_tree : {false, true}) {
    for (const std::string rule : {"p", "q", "r", "s", "t", "u"}) {
      Evaluation evaluation;
      evaluation.walk_tree = walk_tree;
      evaluation.input = deep;
      const auto answer = ask(*policy, "data.a." + rule + " = x", "", evaluation);
      ASSERT_FALSE(answer) << rule;
      EXPECT_EQ(answer.error(), Errc::budget_exhausted) << rule;
    }
  }
}

// Nothing about a heavy or a deep value takes more than the clock allows, hundreds of them neither.
TEST(HeavyValues, ManyOfThemEndToo) {
  const auto policy = compile(
      twins("[$, $]") + "p := sort([x | some i in numbers.range(1, 1000); x := [v, w, i]])\n");
  ASSERT_TRUE(policy) << policy.error().message();
  Evaluation evaluation;
  evaluation.max_steps = 200'000;
  const auto answer = ask(*policy, "data.a.p = x", R"({"one": 1})", evaluation);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), Errc::budget_exhausted);
}

}  // namespace
}  // namespace unhidra::rego
