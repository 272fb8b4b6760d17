#include "builtins/number_parts.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDigits = 21;  // as many tell any two 64-bit mantissas apart

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

std::string written(const Real& value) {
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

}  // namespace

std::string written(const Integer& value) {
  return value.str();
}

std::unexpected<Error> too_large() {
  return fail(Errc::invalid, "number is too large");
}

std::optional<NumberParts> take_apart(std::string_view text) {
  NumberParts out;
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

bool in_range(const NumberParts& parts) {
  const long size = static_cast<long>(parts.digits.size()) + parts.exponent;
  return size <= kMaxNumberExponent && parts.exponent >= -kMaxNumberExponent;
}

Integer power_of_ten(long exponent) {
  return mp::pow(Integer(10), static_cast<unsigned>(exponent));
}

std::optional<Integer> to_integer(const NumberParts& parts) {
  if (parts.exponent < 0 || !in_range(parts)) {
    return std::nullopt;
  }
  Integer value(parts.digits);
  value *= power_of_ten(parts.exponent);
  return parts.negative ? Integer(-value) : value;
}

Real to_real(const NumberParts& parts) {
  return Real((parts.negative ? "-" : "") + parts.digits + "e" + std::to_string(parts.exponent));
}

bool fits(const Integer& value) {
  return value == 0 || mp::msb(value < 0 ? Integer(-value) : value) < kMaxNumberBits;
}

Result<std::string> checked(const Real& value) {
  if (!mp::isfinite(value)) {
    return too_large();
  }
  return written(value);
}

Result<std::string> checked(const Integer& value) {
  if (!fits(value)) {
    return too_large();
  }
  return written(value);
}

std::optional<Integer> integer_of(std::string_view text) {
  const auto parts = take_apart(text);
  return parts ? to_integer(*parts) : std::nullopt;
}

Integer truncated(const NumberParts& parts) {
  Integer value(parts.digits);
  if (parts.exponent >= 0) {
    value *= power_of_ten(parts.exponent);
  } else {
    value /= power_of_ten(-parts.exponent);
  }
  return parts.negative ? Integer(-value) : value;
}

}  // namespace unhidra::rego::builtins
