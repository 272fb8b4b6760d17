#pragma once
// What RFC 8032 leaves to the verifier about encodings of points on edwards25519. Public data only:
// nothing here is constant-time.

#include "unhidra/crypto/provider.h"

namespace unhidra::crypto::edwards {

// y < 2^255 - 19, and no "negative zero" (RFC 8032 section 5.1.3).
bool is_canonical(FixedView<32> point);
// One of the eight points whose order divides 8, in any encoding.
bool is_small_order(FixedView<32> point);
// The encoding has an x coordinate: (y^2 - 1) / (d y^2 + 1) is a square.
bool is_on_curve(FixedView<32> point);

}  // namespace unhidra::crypto::edwards
