#include "latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace unhidra::bench {

// Below 2^kSubBits each value has its own bucket; above, each power of two has 2^kSubBits of them.
std::size_t Latencies::bucket_of(std::uint64_t nanoseconds) {
  const auto width = static_cast<unsigned>(std::bit_width(nanoseconds));
  if (width <= kSubBits) {
    return nanoseconds;
  }
  const unsigned shift = width - kSubBits - 1;
  return (static_cast<std::size_t>(shift) << kSubBits) + (nanoseconds >> shift);
}

std::uint64_t Latencies::end_of(std::size_t bucket) {
  constexpr std::uint64_t sub = std::uint64_t{1} << kSubBits;
  if (bucket < 2 * sub) {
    return bucket;
  }
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t mantissa = sub + (bucket & (sub - 1));
  return ((mantissa + 1) << shift) - 1;
}

void Latencies::add(std::chrono::nanoseconds latency) {
  const auto value =
      static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(latency.count(), 0));
  ++counts_[bucket_of(value)];
  ++count_;
  largest_ = std::max(largest_, latency);
}

void Latencies::merge(const Latencies& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts_[i] += other.counts_[i];
  }
  count_ += other.count_;
  largest_ = std::max(largest_, other.largest_);
}

std::chrono::nanoseconds Latencies::at(double quantile) const {
  if (count_ == 0) {
    return {};
  }
  const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) {
      const auto end = std::chrono::nanoseconds(end_of(i));
      return std::min(end, largest_);
    }
  }
  return largest_;
}

void Latencies::encode(ByteWriter& writer) const {
  writer.varint(static_cast<std::uint64_t>(largest_.count()));
  for (const auto count : counts_) {
    writer.varint(count);
  }
}

Latencies Latencies::decode(ByteReader& reader) {
  Latencies out;
  out.largest_ = std::chrono::nanoseconds(reader.varint());
  for (auto& count : out.counts_) {
    count = reader.varint();
    out.count_ += count;
  }
  return out;
}

}  // namespace unhidra::bench
