#include "unhidra/testkit/fake_clock.h"

namespace unhidra::testkit {
namespace {

constexpr std::int64_t kStartMicros = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kNanosPerMicro = 1'000;

}  // namespace

FakeClock::FakeClock() : FakeClock(from_unix_micros(kStartMicros)) {}

FakeClock::FakeClock(Timestamp start)
    : civil_nanos_(to_unix_micros(start) * kNanosPerMicro),
      steady_nanos_(std::chrono::nanoseconds(std::chrono::hours(1)).count()) {}

Timestamp FakeClock::now() const {
  return from_unix_micros(civil_nanos_.load() / kNanosPerMicro);
}

SteadyTime FakeClock::steady_now() const {
  return SteadyTime(std::chrono::nanoseconds(steady_nanos_.load()));
}

void FakeClock::advance(std::chrono::nanoseconds by) {
  civil_nanos_ += by.count();
  steady_nanos_ += by.count();
}

void FakeClock::set_now(Timestamp time) {
  civil_nanos_ = to_unix_micros(time) * kNanosPerMicro;
}

}  // namespace unhidra::testkit
