// X448 and Ed448, which OpenSSL and the native provider have. Expected values: RFC 8032
// section 7.4.
#include "providers.h"

namespace unhidra::crypto {
namespace {

const Provider* const kCurve448Providers[] = {&openssl_provider(), &native_provider()};

TEST(Curve448, X448OfTheBasePointIsThePublicKey) {
  const auto alice = hex_array<56>(
      "9a8f4925d1519f5775cf46971028b71f01b5ac1a2c2d6dc5a6b6f0f8b2e0b0f5"
      "0000000000000000000000000000000000000000000000aa");
  for (const Provider* provider : kCurve448Providers) {
    ASSERT_TRUE(provider->supports(Feature::x448));
    // The base point's u coordinate is 5 (RFC 7748 section 4.2): both ways to a public key agree.
    ByteArray<56> base{5};
    ByteArray<56> by_base{};
    ByteArray<56> by_agreement{};
    ASSERT_TRUE(provider->x448_base(alice, by_base));
    ASSERT_TRUE(provider->x448(alice, base, by_agreement));
    EXPECT_EQ(by_base, by_agreement);
  }
}

TEST(Curve448, X448RefusesTheAllZeroSecret) {
  const ByteArray<56> key{7};
  const ByteArray<56> zero{};
  for (const Provider* provider : kCurve448Providers) {
    ByteArray<56> out{};
    const auto status = provider->x448(key, zero, out);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error(), Errc::low_order_point);
  }
}

TEST(Curve448, Ed448MatchesTheStandardsEmptyMessage) {
  const auto seed = hex_array<57>(
      "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3"
      "528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b");
  const auto expected = hex_array<57>(
      "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
      "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180");
  for (const Provider* provider : kCurve448Providers) {
    ByteArray<57> public_key{};
    ByteArray<114> signature{};
    ASSERT_TRUE(provider->ed448_public(seed, public_key));
    EXPECT_EQ(public_key, expected);
    ASSERT_TRUE(provider->ed448_sign(seed, {}, signature));
    EXPECT_TRUE(provider->ed448_verify(public_key, {}, signature));
    signature[3] ^= 1;
    EXPECT_FALSE(provider->ed448_verify(public_key, {}, signature));
  }
}

TEST(Curve448, SodiumSaysThatItLacksIt) {
  EXPECT_FALSE(sodium_provider().supports(Feature::x448));
  EXPECT_FALSE(sodium_provider().supports(Feature::ed448));
  ByteArray<56> out{};
  EXPECT_EQ(sodium_provider().x448_base(ByteArray<56>{}, out).error(), Errc::unsupported);
}

}  // namespace
}  // namespace unhidra::crypto
