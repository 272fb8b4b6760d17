#include "builtins/go_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <boost/multiprecision/cpp_int.hpp>

#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

using boost::multiprecision::cpp_int;

// Width, precision and argument numbers above this are refused, as in the reference.
constexpr int kMaxNumber = 1'000'000;

struct Flags {
  bool plus = false;
  bool minus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  std::optional<int> width;
  std::optional<int> precision;
};

struct Formatted {
  std::string text;
  bool pad_with_zeros = false;  // behind the sign
};

std::string pad(std::string text, const Flags& flags, bool zeros) {
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

std::string type_name(const FormatArgument& argument) {
  constexpr std::array<std::string_view, 4> kNames = {"int", "*big.Int", "float64", "string"};
  return std::string(kNames[argument.index()]);
}

std::string plain(const FormatArgument& argument) {
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

std::string bad_verb(char32_t verb, const FormatArgument& argument) {
  std::string out = "%!";
  append_rune(out, verb);
  const bool big = std::holds_alternative<BigInteger>(argument);
  return out + '(' + (big ? "big.Int" : type_name(argument)) + '=' + plain(argument) + ')';
}

std::string sign_of(bool negative, const Flags& flags) {
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

std::string format_integer(const cpp_int& value, char32_t verb, const Flags& flags) {
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

std::string format_unicode(std::int64_t value, const Flags& flags) {
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

std::string format_int64(std::int64_t value, char32_t verb, const Flags& flags) {
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

std::string magnitude_text(double value, char32_t verb, const Flags& flags) {
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

std::string format_double(double value, char32_t verb, Flags flags) {
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

std::string format_hex_text(std::string_view text, bool upper, const Flags& flags) {
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

std::string format_text(const std::string& text, char32_t verb, const Flags& flags) {
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

std::string format_big(const BigInteger& value, char32_t verb, const Flags& flags) {
  if (std::u32string_view(U"bodxXOsv").find(verb) == std::u32string_view::npos) {
    return bad_verb(verb, value);
  }
  const bool negative = value.digits.starts_with('-');
  cpp_int number(negative ? value.digits.substr(1) : value.digits);
  return format_integer(negative ? cpp_int(-number) : number, verb, flags);
}

std::string format_argument(const FormatArgument& argument, char32_t verb, const Flags& flags) {
  if (verb == 'T') {
    return format_text(type_name(argument), 's', flags);
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

class Printer {
 public:
  Printer(std::string_view pattern, std::span<const FormatArgument> arguments, std::size_t limit)
      : pattern_(pattern), arguments_(arguments), limit_(limit) {}

  std::string run() {
    while (at_ < pattern_.size() && out_.size() <= limit_) {
      const std::size_t percent = std::min(pattern_.find('%', at_), pattern_.size());
      out_ += pattern_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < pattern_.size()) {
        directive();
      }
    }
    report_extra();
    return std::move(out_);
  }

 private:
  bool peek(char c) const { return at_ < pattern_.size() && pattern_[at_] == c; }

  void directive() {
    flags_ = {};
    good_index_ = true;
    bool after_index = false;
    read_flags();
    after_index = argument_index();
    if (peek('*')) {
      ++at_;
      star_width();
      after_index = false;
    } else if (const std::optional<int> width = number()) {
      flags_.width = width;
      good_index_ = good_index_ && !after_index;  // "%[3]2d"
    }
    if (peek('.')) {
      ++at_;
      good_index_ = good_index_ && !after_index;  // "%[3].2d"
      after_index = argument_index();
      if (peek('*')) {
        ++at_;
        star_precision();
        after_index = false;
      } else {
        flags_.precision = number().value_or(0);
      }
    }
    if (!after_index) {
      argument_index();
    }
    verb();
  }

  void read_flags() {
    for (; at_ < pattern_.size(); ++at_) {
      switch (pattern_[at_]) {
        case '#':
          flags_.sharp = true;
          break;
        case '0':
          flags_.zero = !flags_.minus;
          break;
        case '+':
          flags_.plus = true;
          break;
        case '-':
          flags_.minus = true;
          flags_.zero = false;
          break;
        case ' ':
          flags_.space = true;
          break;
        default:
          return;
      }
    }
  }

  std::optional<int> number() {
    int value = 0;
    const std::size_t start = at_;
    while (at_ < pattern_.size() && pattern_[at_] >= '0' && pattern_[at_] <= '9') {
      value = value * 10 + (pattern_[at_] - '0');
      if (value > kMaxNumber) {
        return std::nullopt;
      }
      ++at_;
    }
    return at_ > start ? std::optional(value) : std::nullopt;
  }

  // "[n]": the next operand is the n-th.
  bool argument_index() {
    if (!peek('[')) {
      return false;
    }
    reordered_ = true;
    const std::size_t close = pattern_.find(']', at_);
    if (close == std::string_view::npos) {
      good_index_ = false;
      ++at_;
      return false;
    }
    ++at_;
    const std::optional<int> index = number();
    const bool whole = at_ == close;
    at_ = close + 1;
    if (!index || !whole || *index < 1 || static_cast<std::size_t>(*index) > arguments_.size()) {
      good_index_ = false;
      return true;
    }
    next_ = static_cast<std::size_t>(*index) - 1;
    return true;
  }

  std::optional<int> star() {
    if (next_ >= arguments_.size()) {
      return std::nullopt;
    }
    const auto* value = std::get_if<std::int64_t>(&arguments_[next_++]);
    if (value == nullptr || *value > kMaxNumber || *value < -kMaxNumber) {
      return std::nullopt;
    }
    return static_cast<int>(*value);
  }

  void star_width() {
    flags_.width = star();
    if (!flags_.width) {
      out_ += "%!(BADWIDTH)";
    } else if (*flags_.width < 0) {
      flags_.width = -*flags_.width;
      flags_.minus = true;
      flags_.zero = false;
    }
  }

  void star_precision() {
    flags_.precision = star();
    if (flags_.precision && *flags_.precision < 0) {
      flags_.precision.reset();
      out_ += "%!(BADPREC)";
    } else if (!flags_.precision) {
      out_ += "%!(BADPREC)";
    }
  }

  void verb() {
    if (at_ >= pattern_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const DecodedRune rune = decode_rune(pattern_.substr(at_));
    at_ += rune.size;
    if (rune.value == '%') {
      out_ += '%';
      return;
    }
    if (!good_index_ || next_ >= arguments_.size()) {
      out_ += "%!";
      append_rune(out_, rune.value);
      out_ += good_index_ ? "(MISSING)" : "(BADINDEX)";
      return;
    }
    out_ += format_argument(arguments_[next_++], rune.value, flags_);
  }

  void report_extra() {
    if (reordered_ || next_ >= arguments_.size()) {
      return;
    }
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < arguments_.size() && out_.size() <= limit_; ++i) {
      out_ += (i > next_ ? ", " : "") + type_name(arguments_[i]) + '=' + plain(arguments_[i]);
    }
    out_ += ')';
  }

  std::string_view pattern_;
  std::span<const FormatArgument> arguments_;
  std::size_t limit_;
  std::string out_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  Flags flags_;
  bool good_index_ = true;
  bool reordered_ = false;
};

}  // namespace

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

std::string format(std::string_view pattern, std::span<const FormatArgument> arguments,
                   std::size_t limit) {
  return Printer(pattern, arguments, limit).run();
}

}  // namespace unhidra::rego::builtins
