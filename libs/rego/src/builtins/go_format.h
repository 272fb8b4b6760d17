#pragma once
// The verbs of the reference's formatted printing (Go, package fmt), for the four kinds of operands
// that sprintf has: integers, big integers, floating-point numbers and text.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace unhidra::rego::builtins {

// A decimal integer that does not fit 64 bits.
struct BigInteger {
  std::string digits;
};
using FormatArgument = std::variant<std::int64_t, BigInteger, double, std::string>;

// What cannot be formatted is described in the result ("%!d(string=hi)"), as the reference does.
// Stops once the result has more than `limit` bytes; the caller then refuses it.
std::string format(std::string_view pattern, std::span<const FormatArgument> arguments,
                   std::size_t limit);

// The shortest text that reads back as this number, without an exponent from 1e-4 up to 1e21
// (`exponent_from` 21), as JSON has it, or up to 1e6, as %v has it.
std::string format_shortest(double number, int exponent_from);

}  // namespace unhidra::rego::builtins
