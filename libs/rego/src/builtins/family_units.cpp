// Amounts with units: units.*.
#include <algorithm>
#include <array>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/number_math.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::size_t kMaxExponentDigits = 6;

struct Amount {
  std::string_view number;
  std::string_view unit;
};

// Where the number ends and the unit begins: "1.5e3Ki".
std::optional<Amount> split_amount(std::string_view text) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  const auto sign = [&](std::size_t i) {
    return i < text.size() && (text[i] == '+' || text[i] == '-');
  };
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == 'e' || c == 'E') {
      if (!digit(at + 1) && !sign(at + 1)) {
        break;
      }
      at += sign(at + 1) ? 1 : 0;
      std::size_t digits = 0;
      while (digit(at + 1 + digits)) {
        ++digits;
      }
      if (digits > kMaxExponentDigits) {
        return std::nullopt;
      }
    } else if (!digit(at) && c != '.' && !sign(at)) {
      break;
    }
  }
  return Amount{text.substr(0, at), text.substr(std::min(at, text.size()))};
}

std::string without_quotes(std::string_view text) {
  std::string out(text);
  std::erase(out, '"');
  return out;
}

struct Unit {
  char letter;
  std::uint64_t decimal;
  std::uint64_t binary;
};
constexpr auto kUnits = std::to_array<Unit>({
    {'k', 1'000, 1ULL << 10},
    {'m', 1'000'000, 1ULL << 20},
    {'g', 1'000'000'000, 1ULL << 30},
    {'t', 1'000'000'000'000, 1ULL << 40},
    {'p', 1'000'000'000'000'000, 1ULL << 50},
    {'e', 1'000'000'000'000'000'000, 1ULL << 60},
});

// `unit` in lower case; `suffix` is what may follow ("b" of bytes).
std::optional<std::uint64_t> factor_of(std::string_view unit, std::string_view suffix) {
  if (unit.empty()) {
    return 1;
  }
  for (const Unit& known : kUnits) {
    if (unit[0] != known.letter) {
      continue;
    }
    const std::string_view rest = unit.substr(1);
    if (rest.empty() || (!suffix.empty() && rest == suffix)) {
      return known.decimal;
    }
    if (rest.starts_with('i') &&
        (rest.size() == 1 || (!suffix.empty() && rest.substr(1) == suffix))) {
      return known.binary;
    }
  }
  return std::nullopt;
}

Answer units_parse_bytes(const Call& call) {
  UNHIDRA_TRY(const std::string_view raw, call.string(0));
  const auto bad = [](const std::string& what) { return failed("units.parse_bytes: " + what); };
  const std::string text = to_lower(without_quotes(raw));
  if (text.find(' ') != std::string::npos) {
    return bad("spaces not allowed in resource strings");
  }
  const auto amount = split_amount(text);
  if (!amount) {
    return bad("exponent too large");
  }
  if (amount->number.empty()) {
    return bad("no byte amount provided");
  }
  const auto factor = factor_of(amount->unit, "b");
  if (!factor) {
    return bad("byte unit " + std::string(amount->unit) + " not recognized");
  }
  auto total = scale_to_integer(amount->number, *factor);
  if (!total) {
    return bad("could not parse byte amount to a number");
  }
  UNHIDRA_TRY_VOID(call.environment().charge(total->size()));
  return Value::number(std::move(*total));
}

Answer units_parse(const Call& call) {
  UNHIDRA_TRY(const std::string_view raw, call.string(0));
  const auto bad = [](const std::string& what) { return failed("units.parse: " + what); };
  const std::string text = without_quotes(raw);
  if (text.find(' ') != std::string::npos) {
    return bad("spaces not allowed in resource strings");
  }
  const auto amount = split_amount(text);
  if (!amount) {
    return bad("exponent too large");
  }
  if (amount->number.empty()) {
    return bad("no amount provided");
  }
  // "m" alone is a thousandth; otherwise the case of the letters says nothing.
  const bool milli = amount->unit == "m";
  const auto factor =
      milli ? std::optional<std::uint64_t>(1) : factor_of(to_lower(amount->unit), "");
  if (!factor) {
    std::string unit(amount->unit);
    unit = unit.substr(0, 1) + to_lower(unit.substr(1));
    return bad("unit " + unit + " not recognized");
  }
  auto total = scale_to_decimal(amount->number, *factor, milli);
  if (!total) {
    return bad("could not parse amount to a number");
  }
  UNHIDRA_TRY_VOID(call.environment().charge(total->size()));
  return Value::number(std::move(*total));
}

constexpr Builtin kTable[] = {
    {"units.parse", 1, units_parse},
    {"units.parse_bytes", 1, units_parse_bytes},
};

}  // namespace

std::span<const Builtin> units_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
