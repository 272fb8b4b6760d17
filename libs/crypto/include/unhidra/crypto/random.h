#pragma once
// The product's source of randomness: the operating system's generator (in WebAssembly the host's).

#include "unhidra/base/random.h"

namespace unhidra::crypto {

// Stateless; may be used from any thread. Ends the process if the system cannot deliver.
class SystemRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override;
};

// The same in blocks, for a process that draws many ids: a system call for each costs more than the
// rest of them. What is given out is wiped from the block. Not for a process that forks, as both
// would go on with the same block.
class PooledRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override;
};

}  // namespace unhidra::crypto
