#pragma once
// Calls a built-in function with operands written as JSON; sets are written {"$set": [...]}.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "builtins/function.h"
#include "builtins/json_text.h"

namespace unhidra::rego::builtins {

class CountingRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override {
    for (Byte& byte : out) {
      byte = next_++;
    }
  }

 private:
  Byte next_ = 1;
};

inline Value with_sets(const Value& value) {
  if (value.is(Kind::array)) {
    std::vector<Value> out;
    for (const Value& element : value.elements()) {
      out.push_back(with_sets(element));
    }
    return Value::array(std::move(out));
  }
  if (!value.is(Kind::object)) {
    return value;
  }
  if (const Value* set = value.find("$set")) {
    const Value list = with_sets(*set);
    return Value::set({list.elements().begin(), list.elements().end()});
  }
  std::vector<Value::Member> out;
  for (const auto& [key, member] : value.members()) {
    out.emplace_back(key, with_sets(member));
  }
  return Value::object(std::move(out));
}

class Builtins : public testing::Test {
 protected:
  // The result as a term, "undefined", or "type error: ..." and "error: ...".
  std::string call(std::string_view name, std::string_view operands_json) {
    environment_.random = &random_;
    const Builtin* builtin = find_builtin(name);
    if (builtin == nullptr) {
      return "no function " + std::string(name);
    }
    const auto operands = parse_json(operands_json);
    if (!operands || operands->size() != builtin->arity) {
      return "bad operands: " +
             (operands ? std::string("their number") : operands.error().message());
    }
    const Value list = with_sets(*operands);
    const Answer answer = builtin->function(Call(list.elements(), environment_));
    if (!answer) {
      return (answer.error() == CallErrc::type_error  ? "type error: "
              : answer.error() == CallErrc::exhausted ? "exhausted: "
                                                      : "error: ") +
             answer.error().message();
    }
    return *answer ? to_term(**answer) : "undefined";
  }

  CountingRandom random_;
  Environment environment_;
};

}  // namespace unhidra::rego::builtins
