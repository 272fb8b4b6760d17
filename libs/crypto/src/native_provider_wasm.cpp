// In WebAssembly libsodium is all there is.
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

const Provider& native_provider() {
  return sodium_provider();
}

}  // namespace unhidra::crypto
