#pragma once
// The birational map of RFC 7748 section 4.1. A point is public: nothing here is constant-time.

#include "unhidra/crypto/provider.h"

namespace unhidra::crypto::edwards {

// u = (1 + y) / (1 - y) of an encoded point; 0 for the neutral element, which has no image.
void to_montgomery(FixedView<32> point, MutableFixedView<32> u);

}  // namespace unhidra::crypto::edwards
