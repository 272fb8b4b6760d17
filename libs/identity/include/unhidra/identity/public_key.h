#pragma once
// Whether foreign bytes may serve as a public key at all. The server asks before it stores a key,
// the client before it uses one.

#include "unhidra/crypto/keys.h"

namespace unhidra::identity {

// Refuses a u-coordinate that is not below 2^255 - 19 (RFC 7748 would reduce it, so that one key
// would have two encodings) and the points of low order, with which every secret is predictable.
// Errc::bad_key.
Status check_public_key(const crypto::X25519PublicKey& key);
// Refuses encodings that are not canonical, not on the curve, or of small order. Errc::bad_key.
Status check_public_key(const crypto::Provider& provider, const crypto::Ed25519PublicKey& key);

}  // namespace unhidra::identity
