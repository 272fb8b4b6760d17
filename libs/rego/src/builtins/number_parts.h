#pragma once
// Numbers as text taken apart, as integers and floating-point numbers, and written again.

#include <optional>
#include <string>
#include <string_view>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

#include "builtins/number_math.h"

namespace unhidra::rego::builtins {

namespace mp = boost::multiprecision;
using Integer = mp::cpp_int;
// The mantissa of the reference's floating-point numbers has 64 bits, the exponent 32.
using Real =
    mp::number<mp::cpp_bin_float<64, mp::digit_base_2, void, std::int32_t, -262'142, 262'143>,
               mp::et_off>;

struct NumberParts {
  bool negative = false;
  std::string digits;  // without sign and point
  long exponent = 0;   // the value is digits * 10^exponent
};

std::unexpected<Error> too_large();
// JSON's numbers, and also "+1", ".5", "5." and leading zeros.
std::optional<NumberParts> take_apart(std::string_view text);
bool in_range(const NumberParts& parts);
Integer power_of_ten(long exponent);
std::optional<Integer> to_integer(const NumberParts& parts);
std::optional<Integer> integer_of(std::string_view text);
Real to_real(const NumberParts& parts);
// The value as an integer without what stands behind the point.
Integer truncated(const NumberParts& parts);
std::string written(const Integer& value);
bool fits(const Integer& value);
// As text; Errc::invalid: it is too large.
Result<std::string> checked(const Real& value);
Result<std::string> checked(const Integer& value);

}  // namespace unhidra::rego::builtins
