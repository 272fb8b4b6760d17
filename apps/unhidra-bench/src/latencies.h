#pragma once
// Latencies counted in buckets of at most 3 % width, from a nanosecond to centuries. Counting costs
// no allocation, and the counts of several threads or processes add up.

#include <array>
#include <chrono>
#include <cstdint>

#include "unhidra/base/codec.h"

namespace unhidra::bench {

class Latencies {
 public:
  void add(std::chrono::nanoseconds latency);
  void merge(const Latencies& other);
  std::uint64_t count() const { return count_; }
  // The upper end of the bucket in which the share `quantile` of all samples ends; zero when there
  // are none. Never more than the largest sample.
  std::chrono::nanoseconds at(double quantile) const;
  std::chrono::nanoseconds largest() const { return largest_; }

  void encode(ByteWriter& writer) const;
  static Latencies decode(ByteReader& reader);

 private:
  static constexpr unsigned kSubBits = 5;
  static constexpr std::size_t kBuckets = (64 - kSubBits) << kSubBits;
  static std::size_t bucket_of(std::uint64_t nanoseconds);
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds largest_{};
};

}  // namespace unhidra::bench
