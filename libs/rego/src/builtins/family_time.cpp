// Time.
#include <charconv>

#include "builtins/families.h"
#include "builtins/go_time.h"
#include "builtins/number_math.h"
#include "builtins/time_zone.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::string_view kEither = "either number (ns) or [number (ns), string (tz)]";

struct Moment {
  Instant instant;
  std::string zone;
  std::string layout;
  ZoneOffset offset;
};

Value nanoseconds(std::int64_t value) {
  return Value::integer(value);
}

Answer nanoseconds_of(const Instant& instant) {
  UNHIDRA_TRY(const std::int64_t value, to_unix_nanoseconds(instant));
  return nanoseconds(value);
}

Result<std::int64_t> timestamp(const Value& value) {
  if (!value.is(Kind::number)) {
    return wrong_kind(1, value, {"number"});
  }
  const auto text = integer_text(value.text());
  std::int64_t out = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), out).ec != std::errc()) {
    return failed("timestamp too big");
  }
  return out;
}

// A number, or [number, zone], or [number, zone, layout].
Result<Moment> moment(const Call& call, std::size_t i) {
  const Value& operand = call[i];
  Moment out;
  if (operand.is(Kind::number)) {
    UNHIDRA_TRY(const std::int64_t ns, timestamp(operand));
    out.instant = from_unix_nanoseconds(ns);
    return out;
  }
  if (!operand.is(Kind::array) || operand.size() == 0) {
    return wrong_kind(1, operand, {kEither});
  }
  const auto parts = operand.elements();
  if (!parts[0].is(Kind::number)) {
    return wrong_kind(1, parts[0], {"number"});
  }
  for (std::size_t part = 1; part < parts.size() && part < 3; ++part) {
    if (!parts[part].is(Kind::string)) {
      return wrong_kind(1, parts[part], {"string"});
    }
    (part == 1 ? out.zone : out.layout) = parts[part].text();
  }
  UNHIDRA_TRY(const std::int64_t ns, timestamp(parts[0]));
  out.instant = from_unix_nanoseconds(ns);
  UNHIDRA_TRY(out.offset, zone_at(out.zone, out.instant));
  return out;
}

Value integers(std::initializer_list<std::int64_t> values) {
  std::vector<Value> out;
  for (const std::int64_t value : values) {
    out.push_back(Value::integer(value));
  }
  return Value::array(std::move(out));
}

Answer now_ns(const Call& call) {
  return nanoseconds(call.environment().now_ns);
}

Answer parse_ns(const Call& call) {
  UNHIDRA_TRY(const std::string_view layout, call.string(0));
  UNHIDRA_TRY(const std::string_view text, call.string(1));
  UNHIDRA_TRY_VOID(call.environment().charge(layout.size() * (text.size() + 1)));
  UNHIDRA_TRY(const Instant instant, parse_time(named_layout(layout), text));
  return nanoseconds_of(instant);
}

Answer parse_rfc3339_ns(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const Instant instant, parse_time(named_layout("RFC3339"), text));
  return nanoseconds_of(instant);
}

Answer parse_duration_ns(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::int64_t duration, parse_duration(text));
  return nanoseconds(duration);
}

Answer format_moment(const Call& call) {
  UNHIDRA_TRY(const Moment at, moment(call, 0));
  const std::string_view layout =
      named_layout(at.layout.empty() ? std::string_view("RFC3339Nano") : at.layout);
  UNHIDRA_TRY_VOID(call.environment().charge(layout.size() * 16));
  return Value::string(format_time(at.instant, at.offset, layout));
}

Answer date(const Call& call) {
  UNHIDRA_TRY(const Moment at, moment(call, 0));
  const Civil civil = to_civil(at.instant, at.offset.seconds);
  return integers({civil.year, civil.month, civil.day});
}

Answer clock_time(const Call& call) {
  UNHIDRA_TRY(const Moment at, moment(call, 0));
  const Civil civil = to_civil(at.instant, at.offset.seconds);
  return integers({civil.hour, civil.minute, civil.second});
}

Answer weekday_of(const Call& call) {
  UNHIDRA_TRY(const Moment at, moment(call, 0));
  return Value::string(std::string(weekday_name(weekday(to_civil(at.instant, at.offset.seconds)))));
}

Answer add_date(const Call& call) {
  UNHIDRA_TRY(const Moment at, moment(call, 0));
  std::int64_t add[3] = {};
  // Beyond these the result lies outside of what nanoseconds can say, whatever it starts from.
  constexpr std::int64_t kFar = 10'000'000;
  for (std::size_t i = 0; i < 3; ++i) {
    UNHIDRA_TRY(add[i], call.integer(i + 1));
    if (add[i] > kFar || add[i] < -kFar) {
      return failed("time outside of valid range");
    }
  }
  const Civil civil = to_civil(at.instant, at.offset.seconds);
  UNHIDRA_TRY(const Instant result, in_zone(at.zone, civil.year + add[0], civil.month + add[1],
                                            civil.day + add[2], civil));
  return nanoseconds_of(result);
}

// Years, months, days, hours, minutes and seconds between two moments, in the zone of the first.
Answer diff(const Call& call) {
  UNHIDRA_TRY(Moment first, moment(call, 0));
  UNHIDRA_TRY(Moment second, moment(call, 1));
  UNHIDRA_TRY(second.offset, zone_at(first.zone, second.instant));
  if (second.instant < first.instant) {
    std::swap(first, second);
  }
  const Civil a = to_civil(first.instant, first.offset.seconds);
  const Civil b = to_civil(second.instant, second.offset.seconds);
  std::int64_t year = b.year - a.year;
  std::int64_t month = b.month - a.month;
  std::int64_t day = b.day - a.day;
  std::int64_t hour = b.hour - a.hour;
  std::int64_t minute = b.minute - a.minute;
  std::int64_t second_count = b.second - a.second;
  const auto borrow = [](std::int64_t& low, std::int64_t& high, std::int64_t size) {
    if (low < 0) {
      low += size;
      --high;
    }
  };
  borrow(second_count, minute, 60);
  borrow(minute, hour, 60);
  borrow(hour, day, 24);
  const std::int64_t days_in_month =
      (to_seconds(a.year, a.month + 1, 1, 0, 0, 0) - to_seconds(a.year, a.month, 1, 0, 0, 0)) /
      86'400;
  borrow(day, month, days_in_month);
  borrow(month, year, 12);
  return integers({year, month, day, hour, minute, second_count});
}

constexpr Builtin kTable[] = {
    {"time.add_date", 4, add_date},
    {"time.clock", 1, clock_time},
    {"time.date", 1, date},
    {"time.diff", 2, diff},
    {"time.format", 1, format_moment},
    {"time.now_ns", 0, now_ns, true},
    {"time.parse_duration_ns", 1, parse_duration_ns},
    {"time.parse_ns", 2, parse_ns},
    {"time.parse_rfc3339_ns", 1, parse_rfc3339_ns},
    {"time.weekday", 1, weekday_of},
};

}  // namespace

std::span<const Builtin> time_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
