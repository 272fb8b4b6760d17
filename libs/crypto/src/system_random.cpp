#include <sodium.h>

#include "unhidra/crypto/provider.h"
#include "unhidra/crypto/random.h"

namespace unhidra::crypto {

void SystemRandom::fill(MutableByteView out) {
  if (out.empty()) {
    return;
  }
  sodium_provider();  // initialises libsodium once, before its generator is used
  randombytes_buf(out.data(), out.size());
}

}  // namespace unhidra::crypto
