// Evaluation in part: that what stays, asked with the input, answers as the whole does.
#include <random>

#include "unhidra/rego/partial.h"

#include "policies.h"
#include "random_policies.h"

namespace unhidra::rego {
namespace {

// Rules of kinds that the random ones do not have.
constexpr auto kMoreRules = R"(
t[x].q[y] := z if { x := input.a; y := input.b; z := input.c }
t[x].q["k"] := 7 if { some x in data.list; is_string(x) }
u[x] contains y if { some x in data.list; is_string(x); y := input.l[_] }
w1 if { p with input.a as "a" }
w2 := x if { x := g(input.b) with data.list as [1] }
w3 if { not p with input as {"a": 1, "l": [1, 2, 3]} }
n1 if { not s[input.a] }
n2 if { x := input.a; not o[x] == input.b }
n3 if { some x in input.l; not n4(x, input.a) }
n4(x, y) if { x == y; y != 1 }
n4(x, y) if { not x == y; some z in data.list; z == y }
e1 := "one" if { input.a == 1 } else := input.b if { input.b } else := "three"
default e2(_) := "none"
e3 := x if { x := e2(input.a) with input.b as 1 }
w4 if { n1 with input.a as "b" }
w5 := x if { x := [a1, e2(input.c)] with input.c as "b" with input.b as 1 }
w6 if { not p with input.l as [1] }
e2(x) := y if { y := data.object[x] }
a1 := [x, y] if { [x, y] := [input.a, {"k": input.b}] }
a2 if { [_, {"k": x}] = a1; x == input.c }
a3 := {x: y | some x in data.list; is_string(x); y := [z | some z in input.l; z != x]}
c1 := count([x | walk(input, [_, x])])
c2 contains [at, v] if { walk(input.l, [at, v]); v != "a" }
c3 := sprintf("%v-%v", [input.a, count(s)])
c4 := $"{input.a}!{input.nothing}"
i1 if { input[k] == data.object[k] }
i2 := [i | some i, v in input.l; v == data.list[i]]
i3 contains k if { some k; data.object[k] == input[k] }
)";
constexpr const char* kMoreQueries[] = {"data.a.t = x",
                                        "data.a.t[x].q[y] = z",
                                        "data.a.t[x].q.k = y",
                                        "data.a.u = x",
                                        "data.a.u[x][y]",
                                        "data.a.u[input.a] = x",
                                        "data.a.w1 = x",
                                        "data.a.w2 = x",
                                        "data.a.w3 = x",
                                        "data.a.n1 = x",
                                        "data.a.n2 = x",
                                        "data.a.n3 = x",
                                        "not data.a.n3; x := 1",
                                        "data.a.e1 = x",
                                        "data.a.e2(input.a) = x",
                                        "data.a.e3 = x",
                                        "data.a.w4 = x",
                                        "data.a.w5 = x",
                                        "data.a.w6 = x",
                                        "data.a.a1 = x",
                                        "data.a.a1 = [x, {\"k\": y}]",
                                        "data.a.a2 = x",
                                        "data.a.a3 = x",
                                        "data.a.a3[x] = y",
                                        "data.a.c1 = x",
                                        "data.a.c2 = x",
                                        "data.a.c2[x]",
                                        "data.a.c3 = x",
                                        "data.a.c4 = x",
                                        "data.a.i1 = x",
                                        "data.a.i2 = x",
                                        "data.a.i3 = x",
                                        "data.a.i3[x]",
                                        "data.a[x] = true",
                                        "x := {k | data.a[k]}",
                                        "every y in [1, 2] { data.a.g(input.a) > y }; x := 1",
                                        "x := input.l[1]",
                                        "data.object[input.a] = x",
                                        "data.list[x] = input.l[x]",
                                        "some x in data.a.s; x == input.a",
                                        "x = data.a.d; data.a.d == \"none\"",
                                        "data.a.p; x = data.a.k1"};

// Rows of the query's own variables; a text: why there are none. 1 and 1.0 are the same.
Value rows_of(const PolicySet& policy, std::span<const std::string> queries,
              const Evaluation& evaluation) {
  std::vector<Value> rows;
  for (const std::string& query : queries) {
    const auto prepared = policy.prepare(query.empty() ? "true" : query);
    if (!prepared) {
      return Value::string(prepared.error().message() + " in " + query);
    }
    const auto solutions = prepared->evaluate(evaluation);
    if (!solutions) {
      return Value::string(std::string(solutions.error().code().name));
    }
    for (const auto& solution : *solutions) {
      std::vector<Value::Member> row;
      for (const auto& [name, value] : solution) {
        if (name.size() == 1) {
          row.emplace_back(Value::string(name), value);
        }
      }
      rows.push_back(Value::object(std::move(row)));
    }
  }
  return Value::set(std::move(rows));
}

// `value` without what is not known.
Value without(const Value& value, std::string_view member) {
  std::vector<Value::Member> out;
  for (const auto& one : value.members()) {
    if (one.first.text() != member) {
      out.push_back(one);
    }
  }
  return Value::object(std::move(out));
}

class WhatStays : public testing::TestWithParam<std::uint32_t> {};

void expect_same(const std::string& text, const std::vector<std::string>& queries,
                 const std::vector<std::string>& inputs, const PartialOptions& options,
                 const Evaluation& known, std::size_t& compared) {
  const auto policy = compile(text);
  ASSERT_TRUE(policy) << policy.error().message() << "\n" << text;
  for (const std::string& query : queries) {
    const auto residual = evaluate_in_part(*policy, query, known, options);
    if (!residual &&
        (residual.error() == Errc::eval_conflict || residual.error() == Errc::budget_exhausted)) {
      continue;
    }
    ASSERT_TRUE(residual) << residual.error().message() << "\n" << query << "\n" << text;
    ASSERT_TRUE(residual_to_json(*residual)) << query << "\n" << text;
    std::vector<ModuleSource> sources{{"test.rego", text}};
    std::string shown;
    for (const std::string& one : residual->queries) {
      shown += "\n-- \n" + one;
    }
    for (const auto& module : residual->support) {
      sources.push_back(module);
      shown += "\n--\n" + module.text;
    }
    const auto together = PolicySet::compile(sources);
    ASSERT_TRUE(together) << together.error().message() << shown << "\n" << text;
    for (const std::string& input : inputs) {
      Evaluation evaluation;
      evaluation.data = *value_from_json(kData);
      evaluation.input = *value_from_json(input);
      const Value whole = rows_of(*policy, {&query, 1}, evaluation);
      if (whole == Value::string("eval_conflict_error")) {
        continue;
      }
      const Value left = rows_of(*together, residual->queries, evaluation);
      ASSERT_TRUE(whole == left) << to_term(whole) << "\n"
                                 << to_term(left) << "\n"
                                 << query << "\n"
                                 << input << shown << "\n"
                                 << text;
      ++compared;
    }
  }
}

TEST_P(WhatStays, AnswersAsTheWholeDoes) {
  std::mt19937 random(GetParam());
  PolicyGenerator generator([&] { return random(); });
  const std::string text = generator.policy() + kMoreRules;
  std::vector<std::string> queries(std::begin(PolicyGenerator::kQueries),
                                   std::end(PolicyGenerator::kQueries));
  queries.insert(queries.end(), std::begin(kMoreQueries), std::end(kMoreQueries));
  std::vector<std::string> inputs;
  for (int i = 0; i < 6; ++i) {
    inputs.push_back(generator.input());
  }
  std::size_t compared = 0;
  Evaluation known;
  known.data = *value_from_json(kData);
  expect_same(text, queries, inputs, {.max_queries = 1'000}, known, compared);
  known.data = without(known.data, "list");
  expect_same(text, queries, inputs, {.unknowns = {"input", "data.list"}, .max_queries = 1'000},
              known, compared);
  known.data = *value_from_json(kData);
  for (const std::string& input : std::span(inputs).first(1)) {
    known.input = without(*value_from_json(input), "a");
    expect_same(text, queries, {input}, {.unknowns = {"input.a"}, .max_queries = 1'000}, known,
                compared);
  }
  EXPECT_GT(compared, 300U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, WhatStays, testing::Range(1U, 9U));

}  // namespace
}  // namespace unhidra::rego
