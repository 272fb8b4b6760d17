#pragma once
// Time is injected. `Timestamp` is civil time (UTC, microseconds); `SteadyTime` only ever moves
// forward and is what timeouts are measured with.

#include <chrono>
#include <cstdint>
#include <string>

#include "unhidra/base/error.h"

namespace unhidra {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

constexpr std::int64_t to_unix_micros(Timestamp time) {
  return time.time_since_epoch().count();
}
constexpr Timestamp from_unix_micros(std::int64_t micros) {
  return Timestamp(std::chrono::microseconds(micros));
}

// RFC 3339 in UTC with microseconds: 2026-11-22T21:15:20.000000Z.
std::string to_rfc3339(Timestamp time);
Result<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace unhidra
