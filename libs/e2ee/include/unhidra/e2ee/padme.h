#pragma once
// Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
// PURBs", 2019, section 4): the size to which something is filled up, so that an observer learns
// its rough size only; at most 12 % more.

#include <bit>
#include <cstdint>

namespace unhidra::e2ee {

// Not less than `size`; sizes below 2 stay as they are. `size` is below 2^63.
constexpr std::uint64_t padme(std::uint64_t size) {
  if (size < 2) {
    return size;
  }
  // Only as many leading bits as the length of the exponent may vary.
  const auto exponent = static_cast<std::uint64_t>(std::bit_width(size)) - 1;
  const auto significant = static_cast<std::uint64_t>(std::bit_width(exponent));
  if (significant >= exponent) {
    return size;
  }
  const std::uint64_t mask = (std::uint64_t{1} << (exponent - significant)) - 1;
  return (size + mask) & ~mask;
}

}  // namespace unhidra::e2ee
