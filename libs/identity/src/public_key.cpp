#include "unhidra/identity/public_key.h"

#include <algorithm>

#include "unhidra/identity/errc.h"

namespace unhidra::identity {
namespace {

// The u-coordinates below p of all points of order 1, 2, 4 and 8 on the curve and its twist,
// little-endian (RFC 7748 section 6.1 asks for the check; each is a root of the division
// polynomials). A test computes each product and finds zero.
constexpr std::array<ByteArray<32>, 5> kLowOrder{{
    {},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

// Below p = 2^255 - 19: not 0x7fff...ff with a lowest byte of 0xed or more, and the top bit clear.
bool is_canonical(const ByteArray<32>& u) {
  if ((u[31] & 0x80) != 0) {
    return false;
  }
  const bool may_reach_p = u[31] == 0x7f && std::all_of(u.begin() + 1, u.begin() + 31,
                                                        [](Byte byte) { return byte == 0xff; });
  return !may_reach_p || u[0] < 0xed;
}

}  // namespace

Status check_public_key(const crypto::X25519PublicKey& key) {
  if (!is_canonical(key.array())) {
    return fail(Errc::bad_key, "the X25519 key is not in its canonical form");
  }
  if (std::find(kLowOrder.begin(), kLowOrder.end(), key.array()) != kLowOrder.end()) {
    return fail(Errc::bad_key, "the X25519 key is a point of low order");
  }
  return {};
}

Status check_public_key(const crypto::Provider& provider, const crypto::Ed25519PublicKey& key) {
  if (!provider.ed25519_check_public(key.bytes())) {
    return fail(Errc::bad_key, "the Ed25519 key is no good point of the curve");
  }
  return {};
}

}  // namespace unhidra::identity
