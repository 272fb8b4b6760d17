#pragma once
// The product's source of randomness: the operating system's generator (in WebAssembly the host's).

#include "unhidra/base/random.h"

namespace unhidra::crypto {

// Stateless; may be used from any thread. Ends the process if the system cannot deliver.
class SystemRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override;
};

}  // namespace unhidra::crypto
