#include "builtins/time_layout.h"

#include <array>
#include <optional>

namespace unhidra::rego::builtins {
namespace {

struct Pattern {
  std::string_view text;
  LayoutElement element;
};

// Longer spellings first. "Jan" and "Mon" are followed by no lower-case letter, "_2006" is an
// underscore and a year.
constexpr std::array kPatterns = std::to_array<Pattern>({
    {"January", LayoutElement::long_month},
    {"Jan", LayoutElement::month},
    {"Monday", LayoutElement::long_weekday},
    {"Mon", LayoutElement::weekday},
    {"MST", LayoutElement::zone},
    {"002", LayoutElement::zero_year_day},
    {"01", LayoutElement::zero_month},
    {"02", LayoutElement::zero_day},
    {"03", LayoutElement::zero_hour12},
    {"04", LayoutElement::zero_minute},
    {"05", LayoutElement::zero_second},
    {"06", LayoutElement::year},
    {"15", LayoutElement::hour},
    {"1", LayoutElement::number_month},
    {"2006", LayoutElement::long_year},
    {"2", LayoutElement::day},
    {"__2", LayoutElement::under_year_day},
    {"_2", LayoutElement::under_day},
    {"3", LayoutElement::hour12},
    {"4", LayoutElement::minute},
    {"5", LayoutElement::second},
    {"PM", LayoutElement::upper_half},
    {"pm", LayoutElement::lower_half},
    {"-070000", LayoutElement::number_seconds_zone},
    {"-07:00:00", LayoutElement::number_colon_seconds_zone},
    {"-0700", LayoutElement::number_zone},
    {"-07:00", LayoutElement::number_colon_zone},
    {"-07", LayoutElement::number_short_zone},
    {"Z070000", LayoutElement::iso_seconds_zone},
    {"Z07:00:00", LayoutElement::iso_colon_seconds_zone},
    {"Z0700", LayoutElement::iso_zone},
    {"Z07:00", LayoutElement::iso_colon_zone},
    {"Z07", LayoutElement::iso_short_zone},
});

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

bool is_lower(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= 'a' && text[at] <= 'z';
}

// ".000", ",999": not when a further digit follows.
std::optional<LayoutStep> fraction_at(std::string_view rest) {
  if (rest.size() < 2 || (rest[0] != '.' && rest[0] != ',') || (rest[1] != '0' && rest[1] != '9')) {
    return std::nullopt;
  }
  const char digit = rest[1];
  std::size_t end = 1;
  while (end < rest.size() && rest[end] == digit) {
    ++end;
  }
  if (is_digit(rest, end)) {
    return std::nullopt;
  }
  return LayoutStep{
      .literal = {},
      .element = digit == '0' ? LayoutElement::fraction_zeros : LayoutElement::fraction_nines,
      .text = rest.substr(0, end),
      .digits = static_cast<int>(end - 1),
      .rest = rest.substr(end)};
}

std::optional<LayoutStep> element_at(std::string_view rest) {
  if (auto fraction = fraction_at(rest)) {
    return fraction;
  }
  for (const Pattern& pattern : kPatterns) {
    if (!rest.starts_with(pattern.text)) {
      continue;
    }
    if ((pattern.element == LayoutElement::month || pattern.element == LayoutElement::weekday) &&
        is_lower(rest, 3)) {
      return std::nullopt;
    }
    if (pattern.element == LayoutElement::under_day && rest.starts_with("_2006")) {
      return std::nullopt;
    }
    return LayoutStep{.literal = {},
                      .element = pattern.element,
                      .text = pattern.text,
                      .digits = 0,
                      .rest = rest.substr(pattern.text.size())};
  }
  return std::nullopt;
}

}  // namespace

LayoutStep next_layout_step(std::string_view layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (auto step = element_at(layout.substr(i))) {
      step->literal = layout.substr(0, i);
      return *step;
    }
  }
  return {.literal = layout, .element = LayoutElement::none, .text = {}, .digits = 0, .rest = {}};
}

}  // namespace unhidra::rego::builtins
