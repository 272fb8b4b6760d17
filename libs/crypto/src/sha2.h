#pragma once
// SHA-2, HMAC and HKDF without any allocation, for the native provider: the processor's SHA
// instructions through OpenSSL, the state on the stack.

#include "unhidra/crypto/provider.h"

namespace unhidra::crypto::sha2 {

// `out` has digest_size(hash) bytes.
void hash(Hash hash, Parts parts, MutableByteView out);
void hmac(Hash hash, ByteView key, Parts parts, MutableByteView out);
// `out` has at most 255 * digest_size(hash) bytes.
void hkdf_expand(Hash hash, ByteView key, ByteView info, MutableByteView out);

}  // namespace unhidra::crypto::sha2
