#pragma once
// What makes an RSA public key too weak to trust.

#include "unhidra/base/bytes.h"

namespace unhidra::pki {

// 2048 to 8192 bits, odd; the exponent odd, above one and at most 64 bits; not of the vulnerable
// generator. Both big-endian without leading zeros.
bool is_acceptable_rsa(ByteView modulus, ByteView exponent);

// The fingerprint of the "Return of Coppersmith's Attack" (CVE-2017-15361): such moduli are powers
// of 65537 modulo every small prime. A sound key looks so with a chance of about 2^-27.
bool has_roca_fingerprint(ByteView modulus);

}  // namespace unhidra::pki
