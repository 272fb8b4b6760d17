#pragma once
// ChaCha20 (RFC 8439 section 2.4) four blocks at a time, in the compiler's portable vectors: for
// WebAssembly, where libsodium's vector code for other processors cannot be compiled.

#include <cstdint>

#include "unhidra/base/secret.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

// Adds the key stream that begins with block `counter`. `in` and `out` have the same length and are
// the same bytes or do not overlap.
void vector_chacha20(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter, ByteView in,
                     MutableByteView out);

}  // namespace unhidra::crypto
