#pragma once
// Randomness is injected: a cryptographic source in the product, a seeded one in tests.

#include <cstdint>

#include "unhidra/base/bytes.h"
#include "unhidra/base/secret.h"

namespace unhidra {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills with bytes fit for keys. Never fails: a source that cannot deliver ends the process.
  virtual void fill(MutableByteView out) = 0;

  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out;
    fill(out);
    return out;
  }
  template <std::size_t N>
  SecretArray<N> secret_array() {
    SecretArray<N> out;
    fill(out.expose_mutable());
    return out;
  }
  SecretBytes secret(std::size_t size) {
    SecretBytes out(size);
    fill(out.expose_mutable());
    return out;
  }
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

}  // namespace unhidra
