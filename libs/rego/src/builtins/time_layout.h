#pragma once
// The elements of a time layout.

#include <cstdint>
#include <string_view>

namespace unhidra::rego::builtins {

enum class LayoutElement : std::uint8_t {
  none,
  long_month,                 // January
  month,                      // Jan
  number_month,               // 1
  zero_month,                 // 01
  long_weekday,               // Monday
  weekday,                    // Mon
  day,                        // 2
  under_day,                  // _2
  zero_day,                   // 02
  under_year_day,             // __2
  zero_year_day,              // 002
  hour,                       // 15
  hour12,                     // 3
  zero_hour12,                // 03
  minute,                     // 4
  zero_minute,                // 04
  second,                     // 5
  zero_second,                // 05
  long_year,                  // 2006
  year,                       // 06
  upper_half,                 // PM
  lower_half,                 // pm
  zone,                       // MST
  iso_zone,                   // Z0700: Z for UTC
  iso_seconds_zone,           // Z070000
  iso_short_zone,             // Z07
  iso_colon_zone,             // Z07:00
  iso_colon_seconds_zone,     // Z07:00:00
  number_zone,                // -0700
  number_seconds_zone,        // -070000
  number_short_zone,          // -07
  number_colon_zone,          // -07:00
  number_colon_seconds_zone,  // -07:00:00
  fraction_zeros,             // .000: that many digits
  fraction_nines,             // .999: up to that many, without trailing zeros
};

struct LayoutStep {
  std::string_view literal;  // before the element
  LayoutElement element = LayoutElement::none;
  std::string_view text;  // of the element itself
  int digits = 0;         // of a fraction
  std::string_view rest;
};
// The next element of a layout; `none` when only literal text is left.
LayoutStep next_layout_step(std::string_view layout);

}  // namespace unhidra::rego::builtins
