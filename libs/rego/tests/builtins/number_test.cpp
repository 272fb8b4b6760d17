#include "builtins/call_by_name.h"

namespace unhidra::rego::builtins {
namespace {

TEST_F(Builtins, IntegersAreExactAndQuotientsHaveTheReferencesPrecision) {
  EXPECT_EQ(call("div", "[1, 3]"), "0.33333333333333333334");
  EXPECT_EQ(call("div", "[6, 3]"), "2");
  EXPECT_EQ(call("plus", "[9223372036854775807, 1]"), "9223372036854775808");
  EXPECT_EQ(call("mul", "[100000000000000000000000000001, 3]"), "300000000000000000000000000003");
  EXPECT_EQ(call("plus", "[0.1, 0.2]"), "0.3");
  EXPECT_EQ(call("mul", "[1234567.5, 1]"), "1.2345675e+06");
  EXPECT_EQ(call("minus", "[1e400, 1e400]"), "0");
  EXPECT_EQ(call("div", "[1e109, 1e100]"), "1000000000");
}

TEST_F(Builtins, ArithmeticFailsInTheReferencesWords) {
  EXPECT_EQ(call("div", "[1, 0]"), "error: divide by zero");
  EXPECT_EQ(call("div", "[1.5, 0.0]"), "error: divide by zero");
  EXPECT_EQ(call("rem", "[1, 0]"), "error: modulo by zero");
  EXPECT_EQ(call("rem", "[1.1, 1]"), "error: modulo on floating-point number");
  EXPECT_EQ(call("minus", R"([1, {"$set": [1]}])"),
            "type error: operand 2 must be number but got set");
  EXPECT_EQ(call("plus", R"(["a", 1])"), "type error: operand 1 must be number but got string");
}

TEST_F(Builtins, RoundingGoesAwayFromZeroAtTheHalf) {
  EXPECT_EQ(call("round", "[2.5]"), "3");
  EXPECT_EQ(call("round", "[-2.5]"), "-3");
  EXPECT_EQ(call("ceil", "[-1.99]"), "-1");
  EXPECT_EQ(call("floor", "[-1.01]"), "-2");
  EXPECT_EQ(call("abs", "[-1.5]"), "1.5");
}

TEST_F(Builtins, BitsAreInTwosComplementOfAnySize) {
  EXPECT_EQ(call("bits.and", "[-6, 11]"), "10");
  EXPECT_EQ(call("bits.or", "[-6, 11]"), "-5");
  EXPECT_EQ(call("bits.xor", "[-6, 11]"), "-15");
  EXPECT_EQ(call("bits.negate", "[42]"), "-43");
  EXPECT_EQ(call("bits.lsh", "[5, 100]"), "6338253001141147007483516026880");
  EXPECT_EQ(call("bits.rsh", "[-5, 1]"), "-3");
  EXPECT_EQ(call("bits.and", "[7.2, 42]"),
            "type error: operand 1 must be integer number but got floating-point number");
  EXPECT_EQ(call("bits.rsh", "[7, -1]"),
            "type error: operand 2 must be an unsigned integer number but got a negative integer");
}

TEST_F(Builtins, RangesAndShiftsStayInTheBudget) {
  EXPECT_EQ(call("numbers.range", "[3, 1]"), "[3, 2, 1]");
  EXPECT_EQ(call("numbers.range_step", "[0, 7, 3]"), "[0, 3, 6]");
  EXPECT_EQ(call("numbers.range_step", "[0, 7, 0]"),
            "error: numbers.range_step: step must be a positive integer");
  EXPECT_TRUE(call("numbers.range", "[0, 100000000000]").starts_with("exhausted: "));
  environment_.budget = 1 << 20;
  EXPECT_EQ(call("bits.lsh", "[1, 100000000000]"), "error: number is too large");
}

TEST_F(Builtins, ValuesCompareAcrossTypesInTermOrder) {
  EXPECT_EQ(call("lt", "[null, false]"), "true");
  EXPECT_EQ(call("lt", R"([[1], {"a": 1}])"), "true");
  EXPECT_EQ(call("equal", "[1.0, 1]"), "true");
  EXPECT_EQ(call("gt", "[9007199254740993, 9007199254740992]"), "true");
}

TEST_F(Builtins, AggregatesTakeListsAndSets) {
  EXPECT_EQ(call("sum", "[[1, 2.5, 3]]"), "6.5");
  EXPECT_EQ(call("product", R"([{"$set": [2, 3]}])"), "6");
  EXPECT_EQ(call("max", "[[]]"), "undefined");
  EXPECT_EQ(call("sort", R"([["b", 1, null]])"), R"([null, 1, "b"])");
  EXPECT_EQ(call("count", R"(["åäö"])"), "3");
  EXPECT_EQ(call("count", "[null]"),
            "type error: operand 1 must be one of {array, object, set, string} but got null");
}

TEST_F(Builtins, NumbersAreReadFromText) {
  EXPECT_EQ(call("to_number", R"(["-1.50"])"), "-1.50");
  EXPECT_EQ(call("to_number", "[true]"), "1");
  EXPECT_TRUE(call("to_number", R"(["1x"])").starts_with("error: "));
  EXPECT_EQ(call("units.parse", R"(["100m"])"), "0.1000000000");
  EXPECT_EQ(call("units.parse", R"(["1Ki"])"), "1024");
  EXPECT_EQ(call("units.parse_bytes", R"(["1.5KiB"])"), "1536");
  EXPECT_EQ(call("units.parse_bytes", R"(["GB"])"),
            "error: units.parse_bytes: no byte amount provided");
  EXPECT_EQ(call("units.parse", R"(["1 Ki"])"),
            "error: units.parse: spaces not allowed in resource strings");
}

}  // namespace
}  // namespace unhidra::rego::builtins
