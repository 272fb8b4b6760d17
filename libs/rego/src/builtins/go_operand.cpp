#include "builtins/go_operand.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <boost/multiprecision/cpp_int.hpp>

#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

using boost::multiprecision::cpp_int;

std::string shortest(double value, std::chars_format form);

}  // namespace

std::string operand_type(const FormatArgument& argument) {
  constexpr std::array<std::string_view, 4> kNames = {"int", "*big.Int", "float64", "string"};
  return std::string(kNames[argument.index()]);
}

std::string plain_operand(const FormatArgument& argument) {
  if (const auto* number = std::get_if<std::int64_t>(&argument)) {
    return std::to_string(*number);
  }
  if (const auto* big = std::get_if<BigInteger>(&argument)) {
    return big->digits;
  }
  if (const auto* real = std::get_if<double>(&argument)) {
    return format_shortest(*real, 6);
  }
  return std::get<std::string>(argument);
}

namespace {

std::string pad(std::string text, const FormatFlags& flags, bool zeros) {
  const auto width = static_cast<std::size_t>(flags.width.value_or(0));
  const std::size_t length = rune_count(text);
  if (length >= width) {
    return text;
  }
  const std::size_t missing = width - length;
  if (flags.minus) {
    return text + std::string(missing, ' ');
  }
  if (!zeros) {
    return std::string(missing, ' ') + text;
  }
  const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == ' ');
  return text.insert(sign ? 1 : 0, missing, '0');
}

std::string bad_verb(char32_t verb, const FormatArgument& argument) {
  std::string out = "%!";
  append_rune(out, verb);
  const bool big = std::holds_alternative<BigInteger>(argument);
  return out + '(' + (big ? "big.Int" : operand_type(argument)) + '=' + plain_operand(argument) +
         ')';
}

std::string sign_of(bool negative, const FormatFlags& flags) {
  return negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
}

std::string digits_in_base(const cpp_int& magnitude, int base, bool upper) {
  if (base == 10) {
    return magnitude.str();
  }
  if (base != 2) {
    std::string text = magnitude.str(0, base == 8 ? std::ios_base::oct : std::ios_base::hex);
    std::ranges::transform(text, text.begin(), [upper](char c) {
      return static_cast<char>(upper ? std::toupper(c) : std::tolower(c));
    });
    return text;
  }
  std::string text;
  for (cpp_int rest = magnitude; rest != 0; rest >>= 1) {
    text += (rest & 1) != 0 ? '1' : '0';
  }
  std::ranges::reverse(text);
  return text.empty() ? "0" : text;
}

std::string format_integer(const cpp_int& value, char32_t verb, const FormatFlags& flags) {
  const int base = verb == 'b'                  ? 2
                   : verb == 'o' || verb == 'O' ? 8
                   : verb == 'x' || verb == 'X' ? 16
                                                : 10;
  const bool negative = value < 0;
  std::string digits = digits_in_base(negative ? cpp_int(-value) : value, base, verb == 'X');
  if (flags.precision) {
    if (*flags.precision == 0 && value == 0) {
      digits.clear();
    }
    const auto wanted = static_cast<std::size_t>(*flags.precision);
    if (digits.size() < wanted) {
      digits.insert(0, wanted - digits.size(), '0');
    }
  } else if (flags.zero && flags.width && !flags.minus) {
    // Zeros count as digits here: the prefix comes in front of them.
    std::size_t wanted = static_cast<std::size_t>(*flags.width);
    if (negative || flags.plus || flags.space) {
      wanted = wanted == 0 ? 0 : wanted - 1;
    }
    if (digits.size() < wanted) {
      digits.insert(0, wanted - digits.size(), '0');
    }
  }
  std::string prefix;
  if (verb == 'O') {
    prefix = "0o";
  } else if (flags.sharp) {
    prefix = base == 2     ? "0b"
             : base == 8   ? (digits.starts_with('0') ? "" : "0")
             : verb == 'x' ? "0x"
             : verb == 'X' ? "0X"
                           : "";
  }
  return pad(sign_of(negative, flags) + prefix + digits, flags, false);
}

std::string format_unicode(std::int64_t value, const FormatFlags& flags) {
  std::string digits = digits_in_base(cpp_int(static_cast<std::uint64_t>(value)), 16, true);
  const auto wanted = static_cast<std::size_t>(std::max(4, flags.precision.value_or(4)));
  if (digits.size() < wanted) {
    digits.insert(0, wanted - digits.size(), '0');
  }
  std::string text = "U+" + digits;
  if (flags.sharp && value >= 0 && value <= 0x10FFFF) {
    text += " '";
    append_rune(text, static_cast<char32_t>(value));
    text += '\'';
  }
  return pad(std::move(text), flags, false);
}

std::string format_int64(std::int64_t value, char32_t verb, const FormatFlags& flags) {
  const bool in_unicode = value >= 0 && value <= 0x10FFFF;
  switch (verb) {
    case 'v':
    case 'd':
    case 'b':
    case 'o':
    case 'O':
    case 'x':
    case 'X':
      return format_integer(cpp_int(value), verb, flags);
    case 'c':
    case 'q': {
      std::string text;
      append_rune(text, in_unicode ? static_cast<char32_t>(value) : kReplacement);
      if (verb == 'q') {
        // A character literal: single quotes are escaped, double ones are not.
        std::string body = quote(text, flags.plus);
        body = body.substr(1, body.size() - 2);
        if (body == "\\\"") {
          body = "\"";
        } else if (body == "'") {
          body = "\\'";
        }
        text = "'" + body + "'";
      }
      return pad(std::move(text), flags, flags.zero);
    }
    case 'U':
      return format_unicode(value, flags);
    default:
      return bad_verb(verb, value);
  }
}

// The exponent of the reference has at least two digits, as in C.
std::string with_precision(double value, std::chars_format form, int precision) {
  std::string buffer(static_cast<std::size_t>(precision) + 400, '\0');
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, form, precision);
  buffer.resize(static_cast<std::size_t>(result.ptr - buffer.data()));
  return buffer;
}

std::string shortest(double value, std::chars_format form) {
  std::array<char, 400> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, form);
  return {buffer.data(), result.ptr};
}

std::string magnitude_text(double value, char32_t verb, const FormatFlags& flags) {
  switch (verb) {
    case 'v':
      return flags.precision
                 ? with_precision(value, std::chars_format::general, std::max(1, *flags.precision))
                 : format_shortest(value, 6);
    case 'g':
    case 'G':
      if (!flags.precision) {
        return format_shortest(value, 6);
      }
      return with_precision(value, std::chars_format::general, *flags.precision);
    case 'e':
    case 'E':
      return with_precision(value, std::chars_format::scientific, flags.precision.value_or(6));
    case 'f':
    case 'F':
      return with_precision(value, std::chars_format::fixed, flags.precision.value_or(6));
    default:
      return "0x" + (flags.precision
                         ? with_precision(value, std::chars_format::hex, *flags.precision)
                         : shortest(value, std::chars_format::hex));
  }
}

// %b: the mantissa as an integer and a power of two.
std::string binary_exponent(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  const int power = value == 0 ? -1074 : exponent - 53;
  return std::to_string(mantissa) + 'p' + (power >= 0 ? "+" : "") + std::to_string(power);
}

std::string format_double(double value, char32_t verb, FormatFlags flags) {
  if (std::u32string_view(U"veEfFgGxXb").find(verb) == std::u32string_view::npos) {
    return bad_verb(verb, value);
  }
  const bool negative = std::signbit(value);
  if (!std::isfinite(value)) {
    flags.plus = flags.plus || std::isinf(value);
    const std::string name = std::isnan(value) ? "NaN" : "Inf";
    return pad((std::isnan(value) ? "" : sign_of(negative, flags)) + name, flags, false);
  }
  std::string text = verb == 'b' ? binary_exponent(std::fabs(value))
                                 : magnitude_text(std::fabs(value), verb, flags);
  if (verb == 'x' || verb == 'X') {
    const std::size_t p = text.find('p');
    if (p != std::string::npos && text.size() - p == 3) {
      text.insert(p + 2, "0");
    }
  }
  if (verb == 'E' || verb == 'G' || verb == 'X') {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return static_cast<char>(std::toupper(c)); });
  }
  return pad(sign_of(negative, flags) + text, flags, flags.zero && !flags.minus);
}

std::string format_hex_text(std::string_view text, bool upper, const FormatFlags& flags) {
  if (flags.precision) {
    text = text.substr(0, static_cast<std::size_t>(*flags.precision));
  }
  const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  const std::string_view prefix = upper ? "0X" : "0x";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (flags.space && i > 0) {
      out += ' ';
    }
    if (flags.sharp && (flags.space || i == 0)) {
      out += prefix;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    out += digits[byte >> 4];
    out += digits[byte & 0xF];
  }
  return pad(std::move(out), flags, flags.zero && !flags.minus);
}

std::string format_text(const std::string& text, char32_t verb, const FormatFlags& flags) {
  std::string_view cut = text;
  if (flags.precision) {
    std::size_t end = 0;
    for (int i = 0; i < *flags.precision && end < text.size(); ++i) {
      end += decode_rune(cut.substr(end)).size;
    }
    cut = cut.substr(0, end);
  }
  switch (verb) {
    case 'v':
    case 's':
      return pad(std::string(cut), flags, flags.zero && !flags.minus);
    case 'q': {
      const bool raw = flags.sharp && cut.find_first_of("`\x7F") == std::string_view::npos &&
                       std::ranges::all_of(cut, [](char c) {
                         return static_cast<unsigned char>(c) >= 0x20 || c == '\t';
                       });
      return pad(raw ? "`" + std::string(cut) + "`" : quote(cut, flags.plus), flags,
                 flags.zero && !flags.minus);
    }
    case 'x':
    case 'X':
      return format_hex_text(text, verb == 'X', flags);
    default:
      return bad_verb(verb, text);
  }
}

std::string format_big(const BigInteger& value, char32_t verb, const FormatFlags& flags) {
  if (std::u32string_view(U"bodxXOsv").find(verb) == std::u32string_view::npos) {
    return bad_verb(verb, value);
  }
  const bool negative = value.digits.starts_with('-');
  cpp_int number(negative ? value.digits.substr(1) : value.digits);
  return format_integer(negative ? cpp_int(-number) : number, verb, flags);
}

}  // namespace

std::string format_operand(const FormatArgument& argument, char32_t verb,
                           const FormatFlags& flags) {
  if (verb == 'T') {
    return format_text(operand_type(argument), 's', flags);
  }
  if (const auto* number = std::get_if<std::int64_t>(&argument)) {
    return format_int64(*number, verb, flags);
  }
  if (const auto* big = std::get_if<BigInteger>(&argument)) {
    return format_big(*big, verb, flags);
  }
  if (const auto* real = std::get_if<double>(&argument)) {
    return format_double(*real, verb, flags);
  }
  return format_text(std::get<std::string>(argument), verb, flags);
}

std::string format_shortest(double number, int exponent_from) {
  const std::string scientific = shortest(number, std::chars_format::scientific);
  const std::size_t e = scientific.find('e');
  if (e == std::string::npos) {
    return scientific;  // inf, nan
  }
  int exponent = 0;
  std::from_chars(scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1),
                  scientific.data() + scientific.size(), exponent);
  const bool use_exponent = exponent < -4 || exponent >= exponent_from;
  return use_exponent ? scientific : shortest(number, std::chars_format::fixed);
}

}  // namespace unhidra::rego::builtins
