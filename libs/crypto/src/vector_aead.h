#pragma once
// ChaCha20-Poly1305 (RFC 8439 section 2.8) for WebAssembly: both in one pass, as the processor does
// the vectors of the one beside the integers of the other. Private to this room.

#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

// `out` has the text's length and 16 bytes more; it begins where the text does, or overlaps it not.
void vector_aead_seal(FixedView<32> key, FixedView<12> nonce, ByteView associated_data,
                      ByteView text, MutableByteView out);

// `out` is 16 bytes shorter than `sealed`. False: the tag does not match, and `out` is zeros.
bool vector_aead_open(FixedView<32> key, FixedView<12> nonce, ByteView associated_data,
                      ByteView sealed, MutableByteView out);

}  // namespace unhidra::crypto
