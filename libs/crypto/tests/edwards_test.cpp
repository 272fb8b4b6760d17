// The way from edwards25519 to the Montgomery curve, beside libsodium's ladder.
#include "unhidra/crypto/random.h"

#include "edwards_to_montgomery.h"
#include "providers.h"

namespace unhidra::crypto {
namespace {

ByteArray<32> montgomery(const ByteArray<32>& point) {
  ByteArray<32> out;
  edwards::to_montgomery(point, out);
  return out;
}

TEST(EdwardsToMontgomery, ABasePointIsNine) {
  ByteArray<32> base;
  base.fill(0x66);
  base[0] = 0x58;
  ByteArray<32> nine{9};
  EXPECT_EQ(montgomery(base), nine);
  base[31] |= 0x80;  // the sign of x does not matter
  EXPECT_EQ(montgomery(base), nine);
}

TEST(EdwardsToMontgomery, SpecialPoints) {
  const ByteArray<32> zero{};
  const ByteArray<32> one{1};
  EXPECT_EQ(montgomery(one), zero) << "the neutral element";
  EXPECT_EQ(montgomery(zero), one) << "y = 0: u = 1";
  ByteArray<32> minus_one;
  minus_one.fill(0xff);
  minus_one[0] = 0xec;
  minus_one[31] = 0x7f;
  EXPECT_EQ(montgomery(minus_one), zero) << "y = -1: u = 0";
  ByteArray<32> p_plus_two = minus_one;  // not canonical: y = 2, u = 3 / -1
  p_plus_two[0] = 0xef;
  ByteArray<32> minus_three = minus_one;
  minus_three[0] = 0xea;
  EXPECT_EQ(montgomery(p_plus_two), minus_three);
}

TEST(EdwardsToMontgomery, PublicKeysAreThoseOfTheLadder) {
  SystemRandom random;
  for (int i = 0; i < 3000; ++i) {
    ByteArray<32> key = random.array<32>();
    if (i < 4) {
      key.fill(i % 2 == 0 ? 0x00 : 0xff);
      key[0] = static_cast<Byte>(i);
    }
    ByteArray<32> quick;
    ByteArray<32> ladder;
    native_provider().x25519_base(key, quick);
    sodium_provider().x25519_base(key, ladder);
    ASSERT_EQ(quick, ladder);
  }
}

}  // namespace
}  // namespace unhidra::crypto
