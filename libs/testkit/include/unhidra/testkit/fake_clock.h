#pragma once
// Time that moves when a test says so. Safe to read and move from several threads.

#include <atomic>

#include "unhidra/base/time.h"

namespace unhidra::testkit {

class FakeClock final : public Clock {
 public:
  // Starts at 2026-01-01T00:00:00Z unless told otherwise; the steady clock starts at one hour.
  FakeClock();
  explicit FakeClock(Timestamp start);

  Timestamp now() const override;
  SteadyTime steady_now() const override;

  // Moves both clocks forward.
  void advance(std::chrono::nanoseconds by);
  // Moves civil time alone, as an administrator or NTP would: backwards too.
  void set_now(Timestamp time);

 private:
  std::atomic<std::int64_t> civil_nanos_;
  std::atomic<std::int64_t> steady_nanos_;
};

}  // namespace unhidra::testkit
