#include "policies.h"

namespace unhidra::rego {
namespace {

constexpr auto kPolicy = R"(package a

default allow := false

allow if {
  input.role == "admin"
}

allow if {
  input.role == "guest"
  some id in input.ids
  id == 7
} else := "else" if input.other

twice(x) := 2 * x
)";

class Recorder final : public Tracer {
 public:
  void rule_entered(std::string_view path, const Place& rule) override {
    note("> " + std::string(path), rule);
  }
  void rule_left(std::string_view, const Place& rule, bool matched) override {
    note(matched ? "< matched" : "< no", rule);
  }
  void expression_tried(const Place& expression) override { note("?", expression); }
  void expression_held(const Place& expression) override { note("+", expression); }
  void expression_failed(const Place& expression) override { note("-", expression); }

  std::string text;

 private:
  void note(const std::string& what, const Place& place) {
    if (place.file == "test.rego") {
      text += what + " " + std::to_string(place.row) + "\n";
    }
  }
};

TEST(Trace, TellsWhichRulesMatchedAndWhatFailedFirst) {
  const auto policy = compile(kPolicy);
  ASSERT_TRUE(policy) << policy.error().message();
  Recorder recorder;
  Evaluation evaluation;
  evaluation.tracer = &recorder;
  EXPECT_EQ(ask(*policy, "data.a.allow = x", R"({"role": "guest", "ids": [1, 7]})", evaluation)
                .value_or("error"),
            "x=true");
  EXPECT_EQ(
      recorder.text,
      "> data.a.allow 5\n? 6\n- 6\n< no 5\n"
      "> data.a.allow 9\n? 10\n+ 10\n? 11\n+ 11\n? 12\n- 12\n+ 11\n? 12\n+ 12\n< matched 9\n");
}

TEST(Trace, TheRulesAreListedWithTheirPlaces) {
  const auto policy = compile(kPolicy);
  ASSERT_TRUE(policy) << policy.error().message();
  const auto rules = policy->rules();
  ASSERT_EQ(rules.size(), 5U);
  EXPECT_EQ(rules[0].path, "data.a.allow");
  EXPECT_TRUE(rules[0].is_default);
  EXPECT_EQ(rules[1].place.row, 5U);
  EXPECT_EQ(rules[1].place.file, "test.rego");
  ASSERT_EQ(rules[2].expressions.size(), 3U);
  EXPECT_EQ(rules[2].expressions[2].row, 12U);
  EXPECT_TRUE(rules[3].is_else);
  EXPECT_TRUE(rules[4].is_function);
}

}  // namespace
}  // namespace unhidra::rego
