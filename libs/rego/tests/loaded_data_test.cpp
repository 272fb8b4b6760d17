// What is made of data at load: the same answers as without, and made again only where data
// changed.
#include "policies.h"

namespace unhidra::rego {
namespace {

constexpr auto kPolicy = R"(package a

default allow := false

allow if {
  input.user in admins
}
allow if {
  limits[input.kind] >= input.size
}
admins contains user if {
  some user, role in data.users
  role == "admin"
}
limits[kind] := limit if {
  some kind, limit in data.limits
}
names := {lower(name) | some name, _ in data.users}
total := sum([limit | some limit in data.limits])
fixed := {"a", "b"}
now := time.now_ns()
mine := input.user
)";

Value given() {
  return *value_from_json(
      R"({"users": {"Ada": "admin", "Bob": "member"}, "limits": {"door": 3, "lamp": 5}})");
}

std::string answer(const PolicySet& policy, const LoadedData& loaded, const std::string& input) {
  Evaluation evaluation;
  evaluation.loaded = &loaded;
  return ask(policy, "data.a.allow = x", input, evaluation).value_or("error");
}

TEST(LoadedData, HasTheDocumentsThatNeedNoInput) {
  const auto policy = compile(kPolicy);
  ASSERT_TRUE(policy) << policy.error().message();
  const auto loaded = policy->load(given());
  // admins, limits, names, total; not what the clock or the input changes, nor constants.
  EXPECT_EQ(loaded.ready(), 4U);
  EXPECT_EQ(answer(*policy, loaded, R"({"user": "Ada"})"), "x=true");
  EXPECT_EQ(answer(*policy, loaded, R"({"user": "Bob", "kind": "lamp", "size": 5})"), "x=true");
  EXPECT_EQ(answer(*policy, loaded, R"({"user": "Bob", "kind": "lamp", "size": 6})"), "x=false");
}

TEST(LoadedData, ReadyDocumentsCostAnEvaluationNothing) {
  const auto policy =
      compile("package a\np if input.x in big\nbig contains x * 2 if some x in data.list");
  std::vector<Value> list;
  for (int i = 0; i < 10'000; ++i) {
    list.push_back(Value::integer(i));
  }
  const auto loaded =
      policy->load(Value::object({{Value::string("list"), Value::array(std::move(list))}}));
  Evaluation evaluation;
  evaluation.max_steps = 20;
  evaluation.loaded = &loaded;
  EXPECT_EQ(ask(*policy, "data.a.p = x", R"({"x": 4444})", evaluation).value_or("error"), "x=true");
  evaluation.loaded = nullptr;
  evaluation.data = loaded.data();
  EXPECT_FALSE(ask(*policy, "data.a.p = x", R"({"x": 4444})", evaluation));
}

TEST(LoadedData, OnlyWhatDependsOnAChangeIsMadeAgain) {
  const auto policy = compile(kPolicy);
  const auto loaded = policy->load(given());
  const std::vector<std::string> path = {"users", "Bob"};
  const auto promoted = loaded.with(path, Value::string("admin"));
  EXPECT_EQ(promoted.ready(), 4U);
  EXPECT_EQ(promoted.taken_over(), 2U);  // limits and total
  EXPECT_EQ(answer(*policy, promoted, R"({"user": "Bob"})"), "x=true");
  EXPECT_EQ(answer(*policy, loaded, R"({"user": "Bob"})"), "x=false");
  EXPECT_EQ(loaded.replaced_by(given()).taken_over(), 4U);
  EXPECT_EQ(loaded.replaced_by(Value::object({})).taken_over(), 0U);
}

TEST(LoadedData, OfOtherPoliciesIsOnlyData) {
  const auto policy = compile("package a\np := count(data.list)");
  const auto other = compile("package a\np := count(data.list) + 1");
  const auto loaded = policy->load(*value_from_json(R"({"list": [1, 2]})"));
  Evaluation evaluation;
  evaluation.loaded = &loaded;
  EXPECT_EQ(ask(*policy, "data.a.p = x", "", evaluation).value_or("error"), "x=2");
  EXPECT_EQ(ask(*other, "data.a.p = x", "", evaluation).value_or("error"), "x=3");
}

TEST(LoadedData, AnErrorIsTheEvaluations) {
  const auto policy = compile("package a\np := 1 if data.x\np := 2 if data.y\nq := 1");
  const auto loaded = policy->load(*value_from_json(R"({"x": true, "y": true})"));
  EXPECT_EQ(loaded.ready(), 0U);
  Evaluation evaluation;
  evaluation.loaded = &loaded;
  const auto answer = ask(*policy, "data.a.p = x", "", evaluation);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), Errc::eval_conflict);
}

// A rule that is undefined lets the given data through, and one that is a constant does not.
TEST(LoadedData, GivenDataAtARulesPlace) {
  const std::string text =
      "package a\nc := 1\nd := 2 if data.never\np := [c, d]\nq := object.keys(data.a.o)\n"
      "o[\"x\"] := 1\n";
  const auto policy = compile(text);
  const auto loaded = policy->load(*value_from_json(R"({"a": {"c": 7, "d": 8, "o": {"y": 2}}})"));
  Evaluation evaluation;
  evaluation.loaded = &loaded;
  EXPECT_EQ(ask(*policy, "data.a.p = x", "", evaluation).value_or("error"), "x=[1,8]");
  EXPECT_EQ(ask(*policy, "data.a.q = x", "", evaluation).value_or("error"), R"(x=["x","y"])");
}

TEST(LoadedData, ASearchLooksOnlyAtWhatItCanFind) {
  const auto policy = compile(
      "package a\np := [g.limit | some g in data.grants; g.role == input.role; g.limit > 2]\n"
      "q if { g := data.grants[_]; g.kind != \"x\"; input.role == g.role }");
  ASSERT_TRUE(policy) << policy.error().message();
  std::string grants;
  for (int i = 0; i < 10'000; ++i) {
    grants += (i == 0 ? R"({"role": "r)" : R"(,{"role": "r)") + std::to_string(i % 1'000) +
              R"(", "kind": "y", "limit": )" + std::to_string(i / 1'000) + "}";
  }
  const auto loaded = policy->load(*value_from_json(R"({"grants": [)" + grants + "]}"));
  Evaluation evaluation;
  evaluation.max_steps = 150;
  evaluation.loaded = &loaded;
  const std::string input = R"({"role": "r77"})";
  EXPECT_EQ(ask(*policy, "data.a.p = x", input, evaluation).value_or("error"), "x=[3,4,5,6,7,8,9]");
  EXPECT_EQ(ask(*policy, "data.a.q = x", input, evaluation).value_or("error"), "x=true");
  EXPECT_EQ(ask(*policy, "data.a.q = x", R"({"role": "none"})", evaluation).value_or("error"), "");
  const std::vector<std::string> path = {"other"};
  const auto changed = loaded.with(path, Value::integer(1));
  evaluation.loaded = &changed;
  EXPECT_EQ(ask(*policy, "data.a.p = x", input, evaluation).value_or("error"), "x=[3,4,5,6,7,8,9]");
}

// ---- constants ----

TEST(Constants, ARuleThatComparesWithANamedConstantIsFoundByTheIndex) {
  std::string text = "package a\n";
  for (int i = 0; i < 1'000; ++i) {
    const std::string n = std::to_string(i);
    text += "role" + n + " := concat(\"\", [\"role\", \"" + n + "\"])\n";
    text += "p if { input.role == role" + n + "; input.x == " + n + " }\n";
  }
  Evaluation evaluation;
  evaluation.max_steps = 30;
  EXPECT_EQ(ask(*compile(text), "data.a.p = x", R"({"role": "role777", "x": 777})", evaluation)
                .value_or("error"),
            "x=true");
}

TEST(Constants, FunctionsOfConstantsAndRulesThatCanNeverMatchAreNoWork) {
  std::string text = "package a\nenabled := false\nf(x) := x + 1 if x < 2000\n";
  for (int i = 0; i < 1'000; ++i) {
    text += "p := 1 if { enabled; input.x == " + std::to_string(i) + " }\n";
  }
  text += "p := 2 if f(3) == 4\n";
  Evaluation evaluation;
  evaluation.max_steps = 12;
  EXPECT_EQ(ask(*compile(text), "data.a.p = x", R"({"x": 3})", evaluation).value_or("error"),
            "x=2");
}

TEST(Constants, EveryOfNothingHoldsThoughItsBodyNeverDoes) {
  const auto policy = compile("package a\nno := false\np if every _ in input.l { no }");
  EXPECT_EQ(ask(*policy, "data.a.p = x", R"({"l": []})").value_or("error"), "x=true");
  EXPECT_EQ(ask(*policy, "data.a.p = x", R"({"l": [1]})").value_or("error"), "");
}

}  // namespace
}  // namespace unhidra::rego
