// Semantic Versioning 2.0: semver.*.
#include <algorithm>
#include <array>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/number_math.h"

namespace unhidra::rego::builtins {
namespace {

struct Version {
  std::array<std::string_view, 3> numbers;
  std::vector<std::string_view> pre_release;
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_number(std::string_view text) {
  return is_digits(text) && (text.size() == 1 || text[0] != '0');
}

bool are_identifiers(const std::vector<std::string_view>& parts, bool pre_release) {
  return std::ranges::all_of(parts, [&](std::string_view part) {
    const bool alphabet = !part.empty() && std::ranges::all_of(part, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    return alphabet && (!pre_release || !is_digits(part) || is_number(part));
  });
}

std::optional<Version> parse_version(std::string_view text) {
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos &&
      !are_identifiers(split(text.substr(plus + 1), "."), false)) {
    return std::nullopt;
  }
  text = text.substr(0, plus);
  Version out;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    out.pre_release = split(text.substr(dash + 1), ".");
    if (!are_identifiers(out.pre_release, true)) {
      return std::nullopt;
    }
  }
  const auto numbers = split(text.substr(0, dash), ".");
  if (numbers.size() != 3 || !std::ranges::all_of(numbers, is_number)) {
    return std::nullopt;
  }
  std::ranges::copy(numbers, out.numbers.begin());
  return out;
}

int compare_identifiers(std::string_view a, std::string_view b) {
  if (is_digits(a) != is_digits(b)) {
    return is_digits(a) ? -1 : 1;  // numbers come first
  }
  if (is_digits(a)) {
    return compare_decimals(a, b);
  }
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int compare_versions(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (const int order = compare_decimals(a.numbers[i], b.numbers[i])) {
      return order;
    }
  }
  if (a.pre_release.empty() || b.pre_release.empty()) {
    // A pre-release comes before its release.
    return static_cast<int>(a.pre_release.empty()) - static_cast<int>(b.pre_release.empty());
  }
  for (std::size_t i = 0; i < a.pre_release.size() && i < b.pre_release.size(); ++i) {
    if (const int order = compare_identifiers(a.pre_release[i], b.pre_release[i])) {
      return order;
    }
  }
  return a.pre_release.size() < b.pre_release.size()   ? -1
         : a.pre_release.size() > b.pre_release.size() ? 1
                                                       : 0;
}

Answer semver_compare(const Call& call) {
  UNHIDRA_TRY(const std::string_view a, call.string(0));
  UNHIDRA_TRY(const std::string_view b, call.string(1));
  const auto left = parse_version(a);
  const auto right = parse_version(b);
  if (!left || !right) {
    return failed("operand " + std::string(left ? "2" : "1") + ": string " + quote(left ? b : a) +
                  " is not a valid SemVer");
  }
  return Value::integer(compare_versions(*left, *right));
}

Answer semver_is_valid(const Call& call) {
  return Value::boolean(call[0].is(Kind::string) && parse_version(call[0].text()).has_value());
}

constexpr Builtin kTable[] = {
    {"semver.compare", 2, semver_compare},
    {"semver.is_valid", 1, semver_is_valid},
};

}  // namespace

std::span<const Builtin> semver_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
