#pragma once
// What the parts of the engine stand on. All of it outlives them.

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/client/limits.h"
#include "unhidra/crypto/provider.h"

#include "transaction.h"

namespace unhidra::client {

struct Environment {
  const crypto::Provider& crypto;
  RandomSource& random;
  const Clock& clock;
  const Limits& limits;
  Transaction& tx;  // of the present step
};

}  // namespace unhidra::client
