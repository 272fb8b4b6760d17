#include "builtins/number_math.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "builtins/number_parts.h"

namespace unhidra::rego::builtins {
namespace {

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

}  // namespace

std::uint64_t full_digits(std::string_view number) {
  const auto e = std::min(number.find_first_of("eE"), number.size());
  std::uint64_t exponent = 0;
  if (e < number.size()) {
    // Those beyond are refused before anything is computed.
    constexpr std::uint64_t kMost = 2 * kMaxNumberExponent;
    const auto digits =
        number.substr(std::min(number.find_first_of("0123456789", e), number.size()));
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    exponent = error == std::errc::result_out_of_range ? kMost : std::min(exponent, kMost);
  }
  return e + exponent;
}

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
      NumberParts half = *parts;
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
  const auto sign = [](const NumberParts& parts) {
    return parts.digits == "0" ? 0 : parts.negative ? -1 : 1;
  };
  if (sign(*left) != sign(*right)) {
    return sign(*left) < sign(*right) ? -1 : 1;
  }
  const auto magnitude = [](const NumberParts& parts) {
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
  return value ? std::optional(written(*value)) : std::nullopt;
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
    text = written(magnitude);
  } else if (base == 2) {
    for (const char digit : magnitude.str(0, std::ios_base::hex)) {
      const int four = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
      for (int bit = 3; bit >= 0; --bit) {
        text += (four >> bit & 1) != 0 ? '1' : '0';
      }
    }
    text.erase(0, std::min(text.find('1'), text.size() - 1));
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
    return written(Integer(*integer * factor));
  }
  return written(Integer(mp::trunc(to_real(*parts) * Real(factor))));
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
    return sign + written(Integer(numerator * power_of_ten(exponent)));
  }
  const Integer denominator = power_of_ten(-exponent);
  if (numerator % denominator == 0) {
    return sign + written(Integer(numerator / denominator));
  }
  const Integer scaled = (numerator * power_of_ten(10) * 2 + denominator) / (denominator * 2);
  std::string digits = written(scaled);
  digits.insert(0, digits.size() < 11 ? 11 - digits.size() : 0, '0');
  digits.insert(digits.size() - 10, ".");
  return sign + digits;
}

}  // namespace unhidra::rego::builtins
