#pragma once
// The birational map of RFC 7748 section 4.1. A point is public: nothing here is constant-time.

#include "unhidra/crypto/provider.h"

namespace unhidra::crypto::edwards {

// u = (1 + y) / (1 - y) of an encoded point; 0 for the neutral element, which has no image.
void to_montgomery(FixedView<32> point, MutableFixedView<32> u);
// The encoding (y, even x) with y = (u - 1) / (u + 1); whether it is a point at all is not said.
// The top bit of `u` is not looked at (RFC 7748 section 5). False for u = -1, which has no image.
bool to_edwards(FixedView<32> u, MutableFixedView<32> point);

}  // namespace unhidra::crypto::edwards
