#pragma once
// Clocks for tests of limits.

#include <chrono>

#include "unhidra/base/time.h"

namespace unhidra::rego {

// The time is up once it has been looked at so many times.
class CountedClock final : public Clock {
 public:
  explicit CountedClock(int looks) : left_(looks) {}
  Timestamp now() const override { return {}; }
  SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::milliseconds(left_-- > 0 ? 0 : 2));
  }
  static SteadyTime deadline() { return SteadyTime(std::chrono::milliseconds(1)); }

 private:
  mutable int left_;
};

class WallClock final : public Clock {
 public:
  Timestamp now() const override { return {}; }
  SteadyTime steady_now() const override {
    return std::chrono::time_point_cast<SteadyTime::duration>(std::chrono::steady_clock::now());
  }
};

}  // namespace unhidra::rego
