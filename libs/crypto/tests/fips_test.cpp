#include "unhidra/crypto/fips.h"

#include <gtest/gtest.h>

namespace unhidra::crypto {
namespace {

TEST(FipsProvider, OffersWhatIsApproved) {
  const auto& fips = fips_provider();
  for (const auto aead : {Aead::aes_128_gcm, Aead::aes_256_gcm}) {
    ASSERT_TRUE(fips.supports(aead));
    const Bytes key(key_size(aead), 1);
    const Bytes nonce(kAeadNonceSize, 2);
    const auto text = as_bytes("text");
    Bytes sealed(text.size() + kAeadTagSize);
    Bytes opened(text.size());
    ASSERT_TRUE(fips.aead_seal(aead, key, nonce, {}, text, sealed));
    ASSERT_TRUE(fips.aead_open(aead, key, nonce, {}, sealed, opened));
    EXPECT_EQ(as_text(opened), "text");
  }
  for (const auto curve : {Curve::p256, Curve::p384, Curve::p521}) {
    EXPECT_TRUE(fips.supports(curve));
  }
  EXPECT_TRUE(fips.supports(Feature::ed25519));
  EXPECT_TRUE(fips.supports(Feature::rsa_verify));
  EXPECT_EQ(fips.sha256(as_bytes("abc")), openssl_provider().sha256(as_bytes("abc")));
}

TEST(FipsProvider, RefusesWhatIsNotApproved) {
  const auto& fips = fips_provider();
  EXPECT_FALSE(fips.supports(Feature::x25519));
  EXPECT_FALSE(fips.supports(Feature::argon2id));
  EXPECT_FALSE(fips.supports(Aead::chacha20_poly1305));
  ByteArray<32> one{1};
  ByteArray<32> out{2};
  EXPECT_EQ(fips.x25519(one, one, out).error(), Errc::unsupported);
  EXPECT_EQ(out, (ByteArray<32>{}));
  const Bytes nonce(kAeadNonceSize, 2);
  Bytes sealed(kAeadTagSize);
  EXPECT_EQ(fips.aead_seal(Aead::chacha20_poly1305, one, nonce, {}, {}, sealed).error(),
            Errc::unsupported);
  EXPECT_EQ(fips.aead_open(Aead::chacha20_poly1305, one, nonce, {}, sealed, {}).error(),
            Errc::unsupported);
  ByteArray<16> salt{};
  EXPECT_EQ(fips.argon2id({}, as_bytes("password"), salt, out).error(), Errc::unsupported);
}

}  // namespace
}  // namespace unhidra::crypto
