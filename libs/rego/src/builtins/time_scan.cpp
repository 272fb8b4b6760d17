#include "builtins/time_scan.h"

#include "builtins/go_text.h"
#include "builtins/go_time.h"

namespace unhidra::rego::builtins {

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

int number_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    value = value * 10 + (c - '0');
  }
  return value;
}

bool all_digits(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text, i)) {
      return false;
    }
  }
  return !text.empty();
}

int days_in(std::int64_t year, int month) {
  const std::int64_t next =
      month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
  return static_cast<int>(next - days_from_civil(year, month, 1));
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && to_lower(a) == to_lower(b);
}

std::size_t abbreviation_size(std::string_view text) {
  const auto signed_offset = [](std::string_view rest) -> std::size_t {
    if (rest.empty() || (rest[0] != '+' && rest[0] != '-')) {
      return 0;
    }
    std::size_t end = 1;
    while (is_digit(rest, end) && end < 10) {
      ++end;
    }
    return end > 1 && number_of(rest.substr(1, end - 1)) <= 23 ? end : 0;
  };
  if (text.size() < 3) {
    return 0;
  }
  if (text.starts_with("ChST") || text.starts_with("MeST")) {
    return 4;
  }
  if (text.starts_with("GMT")) {
    return 3 + signed_offset(text.substr(3));
  }
  if (text[0] == '+' || text[0] == '-') {
    return signed_offset(text);
  }
  std::size_t upper = 0;
  while (upper < 6 && upper < text.size() && text[upper] >= 'A' && text[upper] <= 'Z') {
    ++upper;
  }
  switch (upper) {
    case 3:
      return 3;
    case 4:
      return text[3] == 'T' || text.starts_with("WITA") ? 4 : 0;
    case 5:
      return text[4] == 'T' ? 5 : 0;
    default:
      return 0;
  }
}

}  // namespace unhidra::rego::builtins
