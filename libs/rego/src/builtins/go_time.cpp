#include "builtins/go_time.h"

#include <array>
#include <limits>

#include "builtins/go_text.h"
#include "builtins/time_layout.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

std::string padded(std::int64_t value, int width, char fill = '0') {
  std::string digits = std::to_string(value < 0 ? -value : value);
  if (digits.size() < static_cast<std::size_t>(width)) {
    digits.insert(0, static_cast<std::size_t>(width) - digits.size(), fill);
  }
  return value < 0 ? "-" + digits : digits;
}

int day_of_year(const Civil& civil) {
  return static_cast<int>(days_from_civil(civil.year, civil.month, civil.day) -
                          days_from_civil(civil.year, 1, 1)) +
         1;
}

std::string zone_text(std::int32_t offset, bool colon, bool minutes, bool seconds) {
  const std::int32_t magnitude = offset < 0 ? -offset : offset;
  std::string out(offset < 0 ? "-" : "+");
  out += padded(magnitude / 3600, 2);
  if (minutes) {
    out += (colon ? ":" : "") + padded(magnitude / 60 % 60, 2);
  }
  if (seconds) {
    out += (colon ? ":" : "") + padded(magnitude % 60, 2);
  }
  return out;
}

std::string fraction_text(std::int32_t nanosecond, const LayoutStep& step) {
  std::string digits = padded(nanosecond, 9).substr(0, static_cast<std::size_t>(step.digits));
  if (step.element == LayoutElement::fraction_nines) {
    digits = trim_right(digits, "0");
    if (digits.empty()) {
      return {};
    }
  }
  return step.text[0] + digits;
}

std::string date_text(const Civil& civil, LayoutElement element) {
  switch (element) {
    case LayoutElement::long_month:
      return std::string(kMonths[static_cast<std::size_t>(civil.month) - 1]);
    case LayoutElement::month:
      return std::string(kMonths[static_cast<std::size_t>(civil.month) - 1].substr(0, 3));
    case LayoutElement::number_month:
      return std::to_string(civil.month);
    case LayoutElement::zero_month:
      return padded(civil.month, 2);
    case LayoutElement::long_weekday:
      return std::string(weekday_name(weekday(civil)));
    case LayoutElement::weekday:
      return std::string(weekday_name(weekday(civil)).substr(0, 3));
    case LayoutElement::day:
      return std::to_string(civil.day);
    case LayoutElement::under_day:
      return padded(civil.day, 2, ' ');
    case LayoutElement::zero_day:
      return padded(civil.day, 2);
    case LayoutElement::under_year_day:
      return padded(day_of_year(civil), 3, ' ');
    case LayoutElement::zero_year_day:
      return padded(day_of_year(civil), 3);
    case LayoutElement::long_year:
      return padded(civil.year, 4);
    default:
      return padded((civil.year < 0 ? 0 : civil.year) % 100, 2);
  }
}

std::string clock_text(const Civil& civil, const ZoneOffset& zone, const LayoutStep& step) {
  const int hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12;
  switch (step.element) {
    case LayoutElement::hour:
      return padded(civil.hour, 2);
    case LayoutElement::hour12:
      return std::to_string(hour12);
    case LayoutElement::zero_hour12:
      return padded(hour12, 2);
    case LayoutElement::minute:
      return std::to_string(civil.minute);
    case LayoutElement::zero_minute:
      return padded(civil.minute, 2);
    case LayoutElement::second:
      return std::to_string(civil.second);
    case LayoutElement::zero_second:
      return padded(civil.second, 2);
    case LayoutElement::upper_half:
      return civil.hour >= 12 ? "PM" : "AM";
    case LayoutElement::lower_half:
      return civil.hour >= 12 ? "pm" : "am";
    case LayoutElement::zone:
      return zone.abbreviation.empty()
                 ? zone_text(zone.seconds, false, zone.seconds % 3600 != 0, false)
                 : zone.abbreviation;
    default:
      return fraction_text(civil.nanosecond, step);
  }
}

// The form of a numeric zone, or nothing for other elements.
struct ZoneForm {
  bool numeric = false;
  bool z_for_utc = false;
  bool colon = false;
  bool minutes = true;
  bool seconds = false;
};

ZoneForm zone_form(LayoutElement element) {
  switch (element) {
    case LayoutElement::iso_zone:
      return {.numeric = true, .z_for_utc = true};
    case LayoutElement::iso_seconds_zone:
      return {.numeric = true, .z_for_utc = true, .seconds = true};
    case LayoutElement::iso_short_zone:
      return {.numeric = true, .z_for_utc = true, .minutes = false};
    case LayoutElement::iso_colon_zone:
      return {.numeric = true, .z_for_utc = true, .colon = true};
    case LayoutElement::iso_colon_seconds_zone:
      return {.numeric = true, .z_for_utc = true, .colon = true, .seconds = true};
    case LayoutElement::number_zone:
      return {.numeric = true};
    case LayoutElement::number_seconds_zone:
      return {.numeric = true, .seconds = true};
    case LayoutElement::number_short_zone:
      return {.numeric = true, .minutes = false};
    case LayoutElement::number_colon_zone:
      return {.numeric = true, .colon = true};
    case LayoutElement::number_colon_seconds_zone:
      return {.numeric = true, .colon = true, .seconds = true};
    default:
      return {};
  }
}

bool is_date_element(LayoutElement element) {
  return element <= LayoutElement::zero_year_day || element == LayoutElement::long_year ||
         element == LayoutElement::year;
}

}  // namespace

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  // Years begin in March, so that a leap day is the last of its year.
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

Civil to_civil(const Instant& instant, std::int32_t offset_seconds) {
  const std::int64_t local = instant.seconds + offset_seconds;
  const std::int64_t days = floor_div(local, kSecondsPerDay);
  const auto second_of_day = static_cast<int>(local - days * kSecondsPerDay);
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_div(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_index = (5 * day_of_year + 2) / 153;
  Civil out;
  out.day = static_cast<int>(day_of_year - (153 * month_index + 2) / 5 + 1);
  out.month = static_cast<int>(month_index < 10 ? month_index + 3 : month_index - 9);
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = second_of_day / 3600;
  out.minute = second_of_day / 60 % 60;
  out.second = second_of_day % 60;
  out.nanosecond = instant.nanoseconds;
  return out;
}

std::int64_t to_seconds(std::int64_t year, std::int64_t month, std::int64_t day, int hour,
                        int minute, int second) {
  const std::int64_t months = month - 1;
  year += floor_div(months, 12);
  const auto first = static_cast<int>(months - floor_div(months, 12) * 12) + 1;
  return (days_from_civil(year, first, 1) + day - 1) * kSecondsPerDay + hour * 3600 + minute * 60 +
         second;
}

int weekday(const Civil& civil) {
  const std::int64_t days = days_from_civil(civil.year, civil.month, civil.day) + 4;
  return static_cast<int>(days - floor_div(days, 7) * 7);
}

std::string_view weekday_name(int weekday) {
  return kWeekdays[static_cast<std::size_t>(weekday)];
}

std::string_view named_layout(std::string_view name) {
  constexpr auto kNamed = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"ANSIC", "Mon Jan _2 15:04:05 2006"},
      {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
      {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
      {"RFC822", "02 Jan 06 15:04 MST"},
      {"RFC822Z", "02 Jan 06 15:04 -0700"},
      {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
      {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
      {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
      {"RFC3339", "2006-01-02T15:04:05Z07:00"},
      {"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
  });
  for (const auto& [known, layout] : kNamed) {
    if (known == name) {
      return layout;
    }
  }
  return name;
}

std::string format_time(const Instant& instant, const ZoneOffset& zone, std::string_view layout) {
  const Civil civil = to_civil(instant, zone.seconds);
  std::string out;
  while (!layout.empty()) {
    const LayoutStep step = next_layout_step(layout);
    out += step.literal;
    const ZoneForm form = zone_form(step.element);
    if (form.numeric) {
      out += form.z_for_utc && zone.seconds == 0
                 ? "Z"
                 : zone_text(zone.seconds, form.colon, form.minutes, form.seconds);
    } else if (step.element != LayoutElement::none) {
      out += is_date_element(step.element) ? date_text(civil, step.element)
                                           : clock_text(civil, zone, step);
    }
    layout = step.rest;
  }
  return out;
}

Result<std::int64_t> to_unix_nanoseconds(const Instant& instant) {
  std::int64_t nanoseconds = 0;
  // Nanoseconds count up within their second, so a negative second comes one lower first.
  const bool negative = instant.seconds < 0;
  const std::int64_t whole = instant.seconds + (negative ? 1 : 0);
  const std::int64_t rest = instant.nanoseconds - (negative ? kNanosecondsPerSecond : 0);
  if (__builtin_mul_overflow(whole, kNanosecondsPerSecond, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds, rest, &nanoseconds)) {
    return fail(Errc::invalid, "time outside of valid range");
  }
  return nanoseconds;
}

Instant from_unix_nanoseconds(std::int64_t nanoseconds) {
  // The second's beginning may be below what 64 bits count in nanoseconds.
  const std::int64_t rest = nanoseconds % kNanosecondsPerSecond;
  return {floor_div(nanoseconds, kNanosecondsPerSecond),
          static_cast<std::int32_t>(rest < 0 ? rest + kNanosecondsPerSecond : rest)};
}

}  // namespace unhidra::rego::builtins
