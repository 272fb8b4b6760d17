#include "builtins/time_zone.h"

#include <array>
#include <memory>

#include <unicode/locid.h>
#include <unicode/timezone.h>

namespace unhidra::rego::builtins {
namespace {

constexpr std::size_t kMaxName = 128;

bool is_utc(std::string_view name) {
  return name.empty() || name == "UTC" || name == "Local";
}

Result<std::unique_ptr<icu::TimeZone>> find_zone(std::string_view name) {
  const auto unknown = [&] {
    return fail(Errc::invalid, "unknown time zone " + std::string(name.substr(0, kMaxName)));
  };
  if (name.size() > kMaxName) {
    return unknown();
  }
  const auto id =
      icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
  // ICU also reads "GMT+3:30" and knows names of its own; only the database's names count here.
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString canonical;
  UBool is_system = 0;
  icu::TimeZone::getCanonicalID(id, canonical, is_system, status);
  if (U_FAILURE(status) != 0 || is_system == 0) {
    return unknown();
  }
  return std::unique_ptr<icu::TimeZone>(icu::TimeZone::createTimeZone(id));
}

Result<std::int32_t> offset_at(const icu::TimeZone& zone, std::int64_t seconds, bool* summer) {
  std::int32_t raw = 0;
  std::int32_t daylight = 0;
  UErrorCode status = U_ZERO_ERROR;
  zone.getOffset(static_cast<UDate>(seconds) * 1000.0, 0, raw, daylight, status);
  if (U_FAILURE(status) != 0) {
    return fail(Errc::internal, "no offset for this time zone");
  }
  if (summer != nullptr) {
    *summer = daylight != 0;
  }
  return (raw + daylight) / 1000;
}

// What the zone's own people call it. Which abbreviations ICU gives depends on the region that it
// is asked for, so those of the English-speaking regions are tried in turn.
std::string abbreviation(const icu::TimeZone& zone, bool summer, std::int32_t offset) {
  constexpr std::array<const char*, 6> kRegions = {"US", "GB", "IN", "AU", "NZ", "ZA"};
  for (const char* region : kRegions) {
    icu::UnicodeString name;
    zone.getDisplayName(static_cast<UBool>(summer), icu::TimeZone::SHORT, icu::Locale("en", region),
                        name);
    std::string text;
    name.toUTF8String(text);
    if (!text.empty() &&
        text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos) {
      return text;
    }
  }
  // The database itself names zones without an abbreviation by their offset.
  const std::int32_t magnitude = offset < 0 ? -offset : offset;
  const auto two = [](std::int32_t value) {
    return std::string(value < 10 ? "0" : "") + std::to_string(value);
  };
  const std::int32_t minutes = magnitude / 60 % 60;
  return (offset < 0 ? "-" : "+") + two(magnitude / 3600) + (minutes != 0 ? two(minutes) : "");
}

}  // namespace

Result<ZoneOffset> zone_at(std::string_view name, const Instant& instant) {
  if (is_utc(name)) {
    return ZoneOffset{};
  }
  UNHIDRA_TRY(const auto zone, find_zone(name));
  bool summer = false;
  UNHIDRA_TRY(const std::int32_t offset, offset_at(*zone, instant.seconds, &summer));
  return ZoneOffset{offset, abbreviation(*zone, summer, offset)};
}

Result<Instant> in_zone(std::string_view name, std::int64_t year, std::int64_t month,
                        std::int64_t day, const Civil& clock) {
  const std::int64_t local = to_seconds(year, month, day, clock.hour, clock.minute, clock.second);
  if (is_utc(name)) {
    return Instant{local, clock.nanosecond};
  }
  UNHIDRA_TRY(const auto zone, find_zone(name));
  UNHIDRA_TRY(const std::int32_t guess, offset_at(*zone, local, nullptr));
  UNHIDRA_TRY(const std::int32_t offset, offset_at(*zone, local - guess, nullptr));
  return Instant{local - offset, clock.nanosecond};
}

}  // namespace unhidra::rego::builtins
