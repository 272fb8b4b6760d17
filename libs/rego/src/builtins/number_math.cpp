#include "builtins/number_math.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

namespace unhidra::rego::builtins {
namespace {

namespace mp = boost::multiprecision;
using Integer = mp::cpp_int;
// The mantissa of the reference's floating-point numbers has 64 bits, the exponent 32.
using Real =
    mp::number<mp::cpp_bin_float<64, mp::digit_base_2, void, std::int32_t, -262'142, 262'143>,
               mp::et_off>;

constexpr int kMaxDigits = 21;  // as many tell any two 64-bit mantissas apart

struct Parts {
  bool negative = false;
  std::string digits;  // without sign and point
  long exponent = 0;   // the value is digits * 10^exponent
};

std::unexpected<Error> too_large() {
  return fail(Errc::invalid, "number is too large");
}

// JSON's numbers, and also "+1", ".5", "5." and leading zeros.
std::optional<Parts> take_apart(std::string_view text) {
  Parts out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point) {
      point = true;
    } else if (text[at] >= '0' && text[at] <= '9') {
      out.digits += text[at];
      out.exponent -= point ? 1 : 0;
    } else {
      break;
    }
  }
  if (out.digits.empty()) {
    return std::nullopt;
  }
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') {
      return std::nullopt;
    }
    ++at;
    at += at < text.size() && text[at] == '+' ? 1 : 0;
    long exponent = 0;
    const auto [end, error] =
        std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (error == std::errc::result_out_of_range) {
      exponent = text[at] == '-' ? -1'000'000'000 : 1'000'000'000;
    } else if (error != std::errc() || end != text.data() + text.size()) {
      return std::nullopt;
    }
    out.exponent += std::clamp(exponent, -1'000'000'000L, 1'000'000'000L);
  }
  // Zeros at either end say nothing.
  while (out.digits.size() > 1 && out.digits.back() == '0') {
    out.digits.pop_back();
    ++out.exponent;
  }
  out.digits.erase(0, std::min(out.digits.find_first_not_of('0'), out.digits.size() - 1));
  if (out.digits == "0") {
    out.exponent = 0;
  }
  return out;
}

bool in_range(const Parts& parts) {
  const long size = static_cast<long>(parts.digits.size()) + parts.exponent;
  return size <= kMaxNumberExponent && parts.exponent >= -kMaxNumberExponent;
}

Integer power_of_ten(long exponent) {
  return mp::pow(Integer(10), static_cast<unsigned>(exponent));
}

std::optional<Integer> to_integer(const Parts& parts) {
  if (parts.exponent < 0 || !in_range(parts)) {
    return std::nullopt;
  }
  Integer value(parts.digits);
  value *= power_of_ten(parts.exponent);
  return parts.negative ? Integer(-value) : value;
}

Real to_real(const Parts& parts) {
  return Real((parts.negative ? "-" : "") + parts.digits + "e" + std::to_string(parts.exponent));
}

std::string write(const Integer& value) {
  return value.str();
}

bool fits(const Integer& value) {
  return value == 0 || mp::msb(value < 0 ? Integer(-value) : value) < kMaxNumberBits;
}

// digits and exponent of "d.ddde+XX".
struct Scientific {
  std::string digits;
  int exponent = 0;
};

Scientific scientific(const Real& value, int digits) {
  const std::string text = value.str(digits - 1, std::ios_base::scientific);
  const std::size_t e = text.find('e');
  Scientific out;
  for (const char c : text.substr(0, e)) {
    if (c != '.') {
      out.digits += c;
    }
  }
  const std::size_t number = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + number, text.data() + text.size(), out.exponent);
  return out;
}

Real read_back(const Scientific& value) {
  return Real(value.digits + "e" +
              std::to_string(value.exponent - static_cast<int>(value.digits.size()) + 1));
}

Scientific shortest(const Real& value) {
  // More digits never read back worse, so the fewest are found by bisection.
  // (Boost takes a precision of nought as all digits, so two are the least.)
  int low = 2;
  int high = kMaxDigits;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (read_back(scientific(value, middle)) == value) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  Scientific out = scientific(value, low);
  while (out.digits.size() > 1 && out.digits.back() == '0') {
    out.digits.pop_back();
  }
  return out;
}

std::string write(const Real& value) {
  const std::string sign = mp::signbit(value) != 0 ? "-" : "";
  const Real magnitude = mp::abs(value);
  if (magnitude == 0) {
    return sign + "0";
  }
  Scientific parts = shortest(magnitude);
  const int size = static_cast<int>(parts.digits.size());
  if (mp::trunc(magnitude) == magnitude) {
    // An integer: all its digits, zeros where the shortest form has none.
    std::string digits = parts.digits;
    digits.resize(static_cast<std::size_t>(std::max(parts.exponent + 1, size)), '0');
    return sign + digits;
  }
  if (parts.exponent < -4 || parts.exponent >= 6) {
    std::string exponent = std::to_string(std::abs(parts.exponent));
    exponent.insert(0, exponent.size() < 2 ? 1 : 0, '0');
    parts.digits.insert(1, size > 1 ? "." : "");
    return sign + parts.digits + (parts.exponent < 0 ? "e-" : "e+") + exponent;
  }
  if (parts.exponent < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-parts.exponent - 1), '0') +
           parts.digits;
  }
  parts.digits.insert(static_cast<std::size_t>(parts.exponent) + 1, ".");
  return sign + parts.digits;
}

Result<std::string> checked(const Real& value) {
  if (!mp::isfinite(value)) {
    return too_large();
  }
  return write(value);
}

Result<std::string> checked(const Integer& value) {
  if (!fits(value)) {
    return too_large();
  }
  return write(value);
}

std::optional<Result<std::string>> compute_exact(Arithmetic operation, const Integer& a,
                                                 const Integer& b) {
  switch (operation) {
    case Arithmetic::plus:
      return checked(Integer(a + b));
    case Arithmetic::minus:
      return checked(Integer(a - b));
    case Arithmetic::multiply:
      return checked(Integer(a * b));
    case Arithmetic::remainder:
      if (b == 0) {
        return fail(Errc::invalid, "modulo by zero");
      }
      return checked(Integer(a % b));
    case Arithmetic::divide:
      break;
  }
  // Only a quotient that is exact stays an integer.
  if (b == 0) {
    return fail(Errc::invalid, "divide by zero");
  }
  const Integer quotient = a / b;
  if (a != 0 && quotient * b == a) {
    return checked(quotient);
  }
  return std::nullopt;
}

std::optional<Integer> integer_of(std::string_view text) {
  const auto parts = take_apart(text);
  return parts ? to_integer(*parts) : std::nullopt;
}

// The value as an integer without what stands behind the point.
Integer truncated(const Parts& parts) {
  Integer value(parts.digits);
  if (parts.exponent >= 0) {
    value *= power_of_ten(parts.exponent);
  } else {
    value /= power_of_ten(-parts.exponent);
  }
  return parts.negative ? Integer(-value) : value;
}

}  // namespace

Result<std::string> compute(Arithmetic operation, std::string_view a, std::string_view b) {
  const auto left = take_apart(a);
  const auto right = take_apart(b);
  if (!left || !right || !in_range(*left) || !in_range(*right)) {
    return too_large();
  }
  const auto x = to_integer(*left);
  const auto y = to_integer(*right);
  if (x && y) {
    if (auto exact = compute_exact(operation, *x, *y)) {
      return *exact;
    }
  }
  switch (operation) {
    case Arithmetic::plus:
      return checked(Real(to_real(*left) + to_real(*right)));
    case Arithmetic::minus:
      return checked(Real(to_real(*left) - to_real(*right)));
    case Arithmetic::multiply:
      return checked(Real(to_real(*left) * to_real(*right)));
    case Arithmetic::divide:
      if (right->digits == "0") {
        return fail(Errc::invalid, "divide by zero");
      }
      return checked(Real(to_real(*left) / to_real(*right)));
    case Arithmetic::remainder:
      break;
  }
  return fail(Errc::invalid, "modulo on floating-point number");
}

Result<std::string> compute(Rounding operation, std::string_view a) {
  auto parts = take_apart(a);
  if (!parts || !in_range(*parts)) {
    return too_large();
  }
  if (operation == Rounding::absolute) {
    parts->negative = false;
    const auto integer = to_integer(*parts);
    return integer ? checked(*integer) : checked(to_real(*parts));
  }
  Integer whole = truncated(*parts);
  if (parts->exponent < 0) {
    const bool down = parts->negative;
    if (operation == Rounding::round) {
      // Half away from zero.
      Parts half = *parts;
      half.negative = false;
      const Integer scale = power_of_ten(-half.exponent);
      whole = (Integer(half.digits) * 2 + scale) / (scale * 2);
      whole = down ? Integer(-whole) : whole;
    } else if (operation == Rounding::ceil && !down) {
      ++whole;
    } else if (operation == Rounding::floor && down) {
      --whole;
    }
  }
  return checked(whole);
}

Result<std::string> compute(BitOperation operation, std::string_view a, std::string_view b) {
  const auto x = integer_of(a);
  const auto y = integer_of(b);
  if (!x || !y) {
    return too_large();
  }
  switch (operation) {
    case BitOperation::conjunction:
    case BitOperation::disjunction:
    case BitOperation::exclusive:
      break;
    case BitOperation::left:
    case BitOperation::right: {
      if (operation == BitOperation::left && *x != 0 && *y > kMaxNumberBits) {
        return too_large();
      }
      const unsigned bits = *y > kMaxNumberBits ? kMaxNumberBits : static_cast<unsigned>(*y);
      if (operation == BitOperation::left) {
        return checked(Integer(*x << bits));
      }
      // Rounds towards minus infinity.
      Integer shifted = *x >= 0 ? Integer(*x >> bits) : Integer(-((-*x - 1) >> bits) - 1);
      return checked(shifted);
    }
  }
  // Boost knows no two's complement of negative numbers: -x is ~(x - 1), and De Morgan does the
  // rest. Every operand becomes a magnitude and whether it is complemented.
  const auto magnitude = [](const Integer& value) {
    return value < 0 ? Integer(-value - 1) : value;
  };
  const bool p = *x < 0;
  const bool q = *y < 0;
  const Integer m = magnitude(*x);
  const Integer n = magnitude(*y);
  const auto without = [](const Integer& from, const Integer& what) {
    return Integer(from ^ (from & what));
  };
  Integer result;
  bool complemented = false;
  if (operation == BitOperation::exclusive) {
    result = m ^ n;
    complemented = p != q;
  } else if (operation == BitOperation::conjunction) {
    complemented = p && q;
    result = p && q ? Integer(m | n) : p ? without(n, m) : q ? without(m, n) : Integer(m & n);
  } else {
    complemented = p || q;
    result = p && q ? Integer(m & n) : p ? without(m, n) : q ? without(n, m) : Integer(m | n);
  }
  return checked(complemented ? Integer(-result - 1) : result);
}

Result<std::string> negate_bits(std::string_view a) {
  const auto x = integer_of(a);
  if (!x) {
    return too_large();
  }
  return checked(Integer(-*x - 1));
}

int compare_decimals(std::string_view a, std::string_view b) {
  auto left = take_apart(a);
  auto right = take_apart(b);
  if (!left || !right) {
    return left.has_value() - right.has_value();
  }
  const auto sign = [](const Parts& parts) {
    return parts.digits == "0" ? 0 : parts.negative ? -1 : 1;
  };
  if (sign(*left) != sign(*right)) {
    return sign(*left) < sign(*right) ? -1 : 1;
  }
  const auto magnitude = [](const Parts& parts) {
    return static_cast<long>(parts.digits.size()) + parts.exponent;
  };
  int order = magnitude(*left) < magnitude(*right)   ? -1
              : magnitude(*left) > magnitude(*right) ? 1
                                                     : 0;
  if (order == 0) {
    // Without zeros at their ends, digits of equal weight compare as text.
    const int text = left->digits.compare(right->digits);
    order = text < 0 ? -1 : text > 0 ? 1 : 0;
  }
  return sign(*left) < 0 ? -order : order;
}

double to_double(std::string_view number) {
  double out = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out);
  if (error == std::errc::result_out_of_range) {
    const bool tiny = compare_decimals(number, "1") < 0 && compare_decimals(number, "-1") > 0;
    out = tiny ? 0.0 : is_negative(number) ? -HUGE_VAL : HUGE_VAL;
  }
  return out;
}

std::optional<std::string> integer_text(std::string_view number) {
  const auto value = integer_of(number);
  return value ? std::optional(write(*value)) : std::nullopt;
}

bool is_negative(std::string_view number) {
  const auto parts = take_apart(number);
  return parts && parts->negative && parts->digits != "0";
}

Result<std::string> format_integer_base(std::string_view number, int base) {
  const auto parts = take_apart(number);
  if (!parts || !in_range(*parts)) {
    return too_large();
  }
  const Integer value = truncated(*parts);
  const Integer magnitude = value < 0 ? Integer(-value) : value;
  std::string text;
  if (base == 10) {
    text = write(magnitude);
  } else if (base == 2) {
    for (Integer rest = magnitude; rest != 0; rest >>= 1) {
      text += (rest & 1) != 0 ? '1' : '0';
    }
    std::ranges::reverse(text);
    text = text.empty() ? "0" : text;
  } else {
    text = magnitude.str(0, base == 8 ? std::ios_base::oct : std::ios_base::hex);
  }
  return (value < 0 ? "-" : "") + text;
}

std::optional<std::string> scale_to_integer(std::string_view number, std::uint64_t factor) {
  const auto parts = take_apart(number);
  if (!parts || !in_range(*parts)) {
    return std::nullopt;
  }
  // The reference multiplies in floating point: with an integer the exact product is the same.
  if (const auto integer = to_integer(*parts)) {
    return write(Integer(*integer * factor));
  }
  return write(Integer(mp::trunc(to_real(*parts) * Real(factor))));
}

std::optional<std::string> scale_to_decimal(std::string_view number, std::uint64_t factor,
                                            bool milli) {
  auto parts = take_apart(number);
  if (!parts || !in_range(*parts)) {
    return std::nullopt;
  }
  Integer numerator = Integer(parts->digits) * factor;
  const long exponent = parts->exponent - (milli ? 3 : 0);
  const std::string sign = parts->negative && numerator != 0 ? "-" : "";
  if (exponent >= 0) {
    return sign + write(Integer(numerator * power_of_ten(exponent)));
  }
  const Integer denominator = power_of_ten(-exponent);
  if (numerator % denominator == 0) {
    return sign + write(Integer(numerator / denominator));
  }
  const Integer scaled = (numerator * power_of_ten(10) * 2 + denominator) / (denominator * 2);
  std::string digits = write(scaled);
  digits.insert(0, digits.size() < 11 ? 11 - digits.size() : 0, '0');
  digits.insert(digits.size() - 10, ".");
  return sign + digits;
}

}  // namespace unhidra::rego::builtins
