#pragma once
// Arithmetic on numbers as text, the form in which the language keeps them. Integers are exact at
// any size; everything else is computed as the reference does, in binary floating point with a
// 64-bit mantissa, and written as the shortest decimal that reads back as the same value
// (1 / 3 = 0.33333333333333333334).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

// Integers of more bits, and powers of ten beyond this, are refused: their decimal form would cost
// more than any policy is worth.
inline constexpr unsigned kMaxNumberBits = 65'536;
inline constexpr int kMaxNumberExponent = 19'000;

// What computing with numbers of so many decimal digits costs, in units of work (see
// Environment::spend): to turn them into binary and back grows with their square.
constexpr std::uint64_t work_of_digits(std::uint64_t digits) {
  return digits + digits * digits / 256;
}
// The digits of a number written out in full: five of "12e3". At most twice kMaxNumberExponent and
// the length of the text.
std::uint64_t full_digits(std::string_view number);

enum class Arithmetic : std::uint8_t { plus, minus, multiply, divide, remainder };
// "divide by zero", "modulo by zero", "modulo on floating-point number".
Result<std::string> compute(Arithmetic operation, std::string_view a, std::string_view b);

enum class Rounding : std::uint8_t { absolute, round, ceil, floor };
Result<std::string> compute(Rounding operation, std::string_view a);

enum class BitOperation : std::uint8_t { conjunction, disjunction, exclusive, left, right };
// On integers in two's complement of any size; the second operand of a shift is not negative.
Result<std::string> compute(BitOperation operation, std::string_view a, std::string_view b);
Result<std::string> negate_bits(std::string_view a);

// Which of two decimal numbers is greater, exactly: -1, 0 or 1.
int compare_decimals(std::string_view a, std::string_view b);
// The nearest double.
double to_double(std::string_view number);

// The integer that a number is ("1e3" and "10.0" are integers), in plain decimal digits.
std::optional<std::string> integer_text(std::string_view number);
bool is_negative(std::string_view number);
// The part before the decimal point in base 2, 8, 10 or 16.
Result<std::string> format_integer_base(std::string_view number, int base);

// The product of a decimal number and an integer, cut to an integer: "1.5", 1024 is "1536".
// Nothing when the first is no number.
std::optional<std::string> scale_to_integer(std::string_view number, std::uint64_t factor);
// The exact quotient number * factor / divisor, rounded to ten places when it is no integer.
std::optional<std::string> scale_to_decimal(std::string_view number, std::uint64_t factor,
                                            bool milli);

}  // namespace unhidra::rego::builtins
