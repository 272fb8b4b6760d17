#pragma once
// Civil time in the reference's terms: layouts written as the reference time
// ("2006-01-02T15:04:05Z07:00"), durations ("1h15m30.5s") and calendar arithmetic on the proleptic
// Gregorian calendar.

#include <cstdint>
#include <string>
#include <string_view>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

// A point in time: seconds since 1970 in UTC, and nanoseconds within the second (0 to 999,999,999).
struct Instant {
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;
};

// A clock on a wall: what an Instant is in a zone.
struct Civil {
  std::int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int32_t nanosecond = 0;
};

// The offset of a zone at one moment, east of UTC, and what people call it then ("CEST").
struct ZoneOffset {
  std::int32_t seconds = 0;
  std::string abbreviation = "UTC";
};

std::int64_t days_from_civil(std::int64_t year, int month, int day);
// The wall clock at this offset.
Civil to_civil(const Instant& instant, std::int32_t offset_seconds);
// Seconds since 1970 of a wall clock at offset zero; month and day may lie outside their ranges.
std::int64_t to_seconds(std::int64_t year, std::int64_t month, std::int64_t day, int hour,
                        int minute, int second);
// 0 is Sunday.
int weekday(const Civil& civil);
std::string_view weekday_name(int weekday);

// What the constants of the reference stand for ("RFC1123Z"); any other text stands for itself.
std::string_view named_layout(std::string_view name);
std::string format_time(const Instant& instant, const ZoneOffset& zone, std::string_view layout);
// A zone abbreviation without an offset ("CET") is taken as UTC: it names no single zone.
Result<Instant> parse_time(std::string_view layout, std::string_view text);
// Nanoseconds.
Result<std::int64_t> parse_duration(std::string_view text);

// Nanoseconds since 1970; fails outside 1677-09-21 to 2262-04-11, what 64 bits hold.
Result<std::int64_t> to_unix_nanoseconds(const Instant& instant);
Instant from_unix_nanoseconds(std::int64_t nanoseconds);

}  // namespace unhidra::rego::builtins
