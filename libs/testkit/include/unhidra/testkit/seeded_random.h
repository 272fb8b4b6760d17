#pragma once
// Randomness that repeats. Never for keys of the product: it is predictable by design.

#include <array>

#include "unhidra/base/random.h"

namespace unhidra::testkit {

// One object per thread.
class SeededRandom final : public RandomSource {
 public:
  // The seed is UNHIDRA_TEST_SEED when that is set, else a fresh one; it is printed, so that a
  // failed run can be played again.
  SeededRandom();
  // Prints nothing: the seed stands in the test.
  explicit SeededRandom(std::uint64_t seed);

  void fill(MutableByteView out) override;
  std::uint64_t next();
  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace unhidra::testkit
