#pragma once
// The sum or the product of many numbers. As long as they are integers the total is kept as one,
// not as text, so that a step costs what the operation does.

#include <optional>
#include <string>

#include "builtins/function.h"
#include "builtins/number_parts.h"

namespace unhidra::rego::builtins {

class NumberFold {
 public:
  static NumberFold sum() { return NumberFold(Arithmetic::plus, 0); }
  static NumberFold product() { return NumberFold(Arithmetic::multiply, 1); }

  // `number` is a number. Errc::invalid: the total is too large; CallErrc::exhausted.
  Status add(const Value& number, Environment& environment);
  // The total as text. CallErrc::exhausted.
  Result<std::string> take(Environment& environment);

 private:
  NumberFold(Arithmetic operation, int start) : operation_(operation), whole_(start) {}

  Status add_whole(const Integer& number, Environment& environment);
  Status add_text(std::string_view number, Environment& environment);

  Arithmetic operation_;
  std::optional<Integer> whole_;  // nothing: the total is no integer, and stands in text_
  std::string text_;
};

}  // namespace unhidra::rego::builtins
