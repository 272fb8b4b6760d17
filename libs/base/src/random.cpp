#include "unhidra/base/random.h"

#include <cstring>

namespace unhidra {

std::uint64_t RandomSource::below(std::uint64_t bound) {
  // Rejection of the uneven tail keeps every value equally likely.
  const std::uint64_t limit = bound * (~std::uint64_t{0} / bound);
  for (;;) {
    const auto bytes = array<8>();
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof(value));
    if (value < limit) {
      return value % bound;
    }
  }
}

}  // namespace unhidra
