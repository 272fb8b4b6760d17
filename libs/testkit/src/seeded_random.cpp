#include "unhidra/testkit/seeded_random.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

namespace unhidra::testkit {
namespace {

std::uint64_t choose_seed() {
  if (const char* given = std::getenv("UNHIDRA_TEST_SEED"); given != nullptr && *given != '\0') {
    return std::strtoull(given, nullptr, 0);
  }
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

}  // namespace

SeededRandom::SeededRandom() : SeededRandom(choose_seed()) {
  std::printf("seed: UNHIDRA_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  std::fflush(stdout);
}

SeededRandom::SeededRandom(std::uint64_t seed) : seed_(seed) {
  // SplitMix64 spreads the seed over the state, so that seeds 1 and 2 share nothing.
  for (auto& word : state_) {
    seed += 0x9E3779B97F4A7C15U;
    auto z = seed;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    word = z ^ (z >> 31U);
  }
}

// xoshiro256** (Blackman and Vigna, 2018).
std::uint64_t SeededRandom::next() {
  const auto result = std::rotl(state_[1] * 5, 7) * 9;
  const auto shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SeededRandom::fill(MutableByteView out) {
  while (!out.empty()) {
    const auto word = next();
    const auto size = std::min(out.size(), sizeof(word));
    std::memcpy(out.data(), &word, size);
    out = out.subspan(size);
  }
}

}  // namespace unhidra::testkit
