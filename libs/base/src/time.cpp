#include "unhidra/base/time.h"

#include <cstdio>

namespace unhidra {
namespace {

using namespace std::chrono;

// Reads exactly `digits` decimal digits at `at` and moves past them.
bool read_digits(std::string_view text, std::size_t& at, std::size_t digits, int& out) {
  if (text.size() < at + digits) {
    return false;
  }
  out = 0;
  for (std::size_t i = 0; i < digits; ++i, ++at) {
    if (text[at] < '0' || text[at] > '9') {
      return false;
    }
    out = out * 10 + (text[at] - '0');
  }
  return true;
}

bool read_char(std::string_view text, std::size_t& at, char expected) {
  if (at < text.size() && text[at] == expected) {
    ++at;
    return true;
  }
  return false;
}

// The optional fraction of a second, cut to microseconds.
bool read_fraction(std::string_view text, std::size_t& at, std::int64_t& micros) {
  micros = 0;
  if (!read_char(text, at, '.')) {
    return true;
  }
  std::size_t digits = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
    if (digits < 6) {
      micros = micros * 10 + (text[at] - '0');
    }
  }
  for (std::size_t i = digits; i < 6; ++i) {
    micros *= 10;
  }
  return digits > 0 && digits <= 9;
}

// 'Z' or a numeric offset.
bool read_offset(std::string_view text, std::size_t& at, minutes& offset) {
  if (read_char(text, at, 'Z')) {
    offset = minutes(0);
    return true;
  }
  const bool negative = at < text.size() && text[at] == '-';
  if (!negative && (at >= text.size() || text[at] != '+')) {
    return false;
  }
  ++at;
  int hour = 0;
  int minute = 0;
  if (!read_digits(text, at, 2, hour) || !read_char(text, at, ':') ||
      !read_digits(text, at, 2, minute) || hour > 23 || minute > 59) {
    return false;
  }
  offset = minutes(hour * 60 + minute) * (negative ? -1 : 1);
  return true;
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss<microseconds> clock(time - day);
  char buffer[64];
  std::snprintf(
      buffer, sizeof(buffer), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return buffer;
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  std::size_t at = 0;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  std::int64_t micros = 0;
  minutes offset(0);
  const bool shaped =
      read_digits(text, at, 4, y) && read_char(text, at, '-') && read_digits(text, at, 2, mo) &&
      read_char(text, at, '-') && read_digits(text, at, 2, d) && read_char(text, at, 'T') &&
      read_digits(text, at, 2, h) && read_char(text, at, ':') && read_digits(text, at, 2, mi) &&
      read_char(text, at, ':') && read_digits(text, at, 2, s) && read_fraction(text, at, micros) &&
      read_offset(text, at, offset) && at == text.size();
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)),
                            day(static_cast<unsigned>(d))};
  if (!shaped || !date.ok() || h > 23 || mi > 59 || s > 59) {
    return fail(Errc::invalid, "not an RFC 3339 time");
  }
  return Timestamp(sys_days(date)) + hours(h) + minutes(mi) + seconds(s) + microseconds(micros) -
         offset;
}

}  // namespace unhidra
