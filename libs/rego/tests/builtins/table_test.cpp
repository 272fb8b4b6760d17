#include "builtins/call_by_name.h"

namespace unhidra::rego::builtins {
namespace {

TEST(BuiltinTable, EveryFunctionIsFoundByItsName) {
  std::size_t count = 0;
  for (const auto family : all_builtins()) {
    for (std::size_t i = 0; i < family.size(); ++i, ++count) {
      EXPECT_EQ(find_builtin(family[i].name), &family[i]) << family[i].name;
      if (i > 0) {
        EXPECT_LT(family[i - 1].name, family[i].name);
      }
    }
  }
  EXPECT_GT(count, 190U);
  EXPECT_EQ(find_builtin("no.such.function"), nullptr);
}

// Every function with operands of every kind: an answer or an error, never a crash.
TEST(BuiltinTable, NoFunctionMindsOperandsOfAnyKind) {
  const std::vector<Value> samples = {
      Value(),
      Value::boolean(true),
      Value::integer(-3),
      Value::number("1.5"),
      Value::number("1e400"),
      Value::string(""),
      Value::string("a/b.c\xFF"),
      Value::array({}),
      Value::array({Value::integer(1), Value::string("UTC"), Value::string("x")}),
      Value::object({{Value::string("a"), Value::integer(1)}}),
      Value::set({Value::string("s"), Value::integer(2)}),
  };
  CountingRandom random;
  for (const auto family : all_builtins()) {
    for (const Builtin& builtin : family) {
      // One operand of each kind at each place, the others of the same kind.
      for (const Value& first : samples) {
        for (const Value& rest : samples) {
          Environment environment;
          environment.budget = 1 << 20;
          environment.random = &random;
          std::vector<Value> operands(builtin.arity, rest);
          if (!operands.empty()) {
            operands[0] = first;
          }
          static_cast<void>(builtin.function(Call(operands, environment)));
        }
      }
    }
  }
}

TEST_F(Builtins, WhatNeedsTheHostIsOffWithoutOne) {
  EXPECT_TRUE(call("http.send", R"([{"method": "get", "url": "http://localhost"}])")
                  .starts_with("error: "));
  EXPECT_TRUE(call("net.lookup_ip_addr", R"(["example.org"])").starts_with("error: "));
  EXPECT_TRUE(call("providers.aws.sign_req", "[{}, {}, 1]").starts_with("error: "));
  EXPECT_EQ(call("opa.runtime", "[]"), "{}");
}

TEST_F(Builtins, RandomAnswersStayTheSameThroughoutAnEvaluation) {
  EXPECT_EQ(call("rand.intn", R"(["a", 1000000])"), call("rand.intn", R"(["a", 1000000])"));
  EXPECT_NE(call("uuid.rfc4122", R"(["a"])"), call("uuid.rfc4122", R"(["b"])"));
  EXPECT_EQ(call("uuid.rfc4122", R"(["a"])"), call("uuid.rfc4122", R"(["a"])"));
  EXPECT_EQ(call("rand.intn", R"(["a", 0])"), "0");
}

}  // namespace
}  // namespace unhidra::rego::builtins
