#include "unhidra/identity/public_key.h"

#include <gtest/gtest.h>

#include "unhidra/base/text.h"

#include "people.h"

namespace unhidra::identity {
namespace {

ByteArray<32> key_bytes(std::string_view hex) {
  return *to_array<32>(*from_hex(hex));
}

// All u below p that lead to the all-zero secret, and the same without reduction modulo p.
constexpr std::array<std::string_view, 7> kLowOrderPoints{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

TEST(PublicKey, PointsOfLowOrderAreRefusedAndIndeedGiveThePredictableSecret) {
  testkit::SeededRandom random(1);
  const auto ours = crypto::X25519KeyPair::generate(provider(), random);
  for (const auto hex : kLowOrderPoints) {
    const crypto::X25519PublicKey key(key_bytes(hex));
    const auto checked = check_public_key(key);
    ASSERT_FALSE(checked) << hex;
    EXPECT_EQ(checked.error(), Errc::bad_key);
    EXPECT_FALSE(ours.agree(provider(), key)) << hex;
  }
}

TEST(PublicKey, EncodingsThatAreNotCanonicalAreRefused) {
  testkit::SeededRandom random(2);
  for (int low = 0xed; low <= 0xff; ++low) {
    ByteArray<32> bytes;
    bytes.fill(0xff);
    bytes[0] = static_cast<Byte>(low);
    bytes[31] = 0x7f;
    EXPECT_FALSE(check_public_key(crypto::X25519PublicKey(bytes))) << low;
  }
  for (int i = 0; i < 50; ++i) {
    auto bytes = crypto::X25519KeyPair::generate(provider(), random).public_key().array();
    EXPECT_TRUE(check_public_key(crypto::X25519PublicKey(bytes)));
    bytes[31] |= 0x80;  // RFC 7748 ignores this bit: a second encoding of the same key
    EXPECT_FALSE(check_public_key(crypto::X25519PublicKey(bytes)));
  }
}

TEST(PublicKey, BadEd25519PointsAreRefused) {
  EXPECT_TRUE(check_public_key(provider(), account_of(3).public_key()));
  for (const auto hex : {
           "0100000000000000000000000000000000000000000000000000000000000000",  // neutral element
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
           "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
           "0200000000000000000000000000000000000000000000000000000000000000",  // not on the curve
           "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // not canonical
       }) {
    const auto checked = check_public_key(provider(), crypto::Ed25519PublicKey(key_bytes(hex)));
    ASSERT_FALSE(checked) << hex;
    EXPECT_EQ(checked.error(), Errc::bad_key);
  }
}

}  // namespace
}  // namespace unhidra::identity
