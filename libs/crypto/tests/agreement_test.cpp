// Each provider against each other on random inputs.
#include <random>

#include "unhidra/crypto/keys.h"

#include "providers.h"

namespace unhidra::crypto {
namespace {

constexpr std::uint32_t kSeed = 20261122;

class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint32_t seed) : engine_(seed) {}
  void fill(MutableByteView out) override {
    for (Byte& byte : out) {
      byte = static_cast<Byte>(engine_());
    }
  }
  Bytes bytes(std::size_t size) {
    Bytes out(size);
    fill(out);
    return out;
  }

 private:
  std::mt19937 engine_;
};

class Agreement : public testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(kSeed)); }
  SeededRandom random_{kSeed};
};

TEST_F(Agreement, X25519SecretsAndPublicKeysAreTheSame) {
  for (int i = 0; i < 50; ++i) {
    const auto ours = X25519PrivateKey::generate(random_);
    const auto theirs = X25519KeyPair::generate(native_provider(), random_);
    std::vector<Bytes> secrets;
    for (const auto* provider : kProviders) {
      const auto pair = X25519KeyPair::from_private(*provider, ours.clone());
      const auto secret = pair.agree(*provider, theirs.public_key());
      ASSERT_TRUE(secret);
      secrets.push_back(to_bytes(secret->expose()));
      const auto back = theirs.agree(*provider, pair.public_key());
      ASSERT_TRUE(back);
      EXPECT_EQ(*back, *secret);
    }
    EXPECT_EQ(secrets[0], secrets[1]) << "seed " << kSeed;
    EXPECT_EQ(secrets[0], secrets[2]) << "seed " << kSeed;
  }
}

TEST_F(Agreement, WhatOneSignsTheOthersVerify) {
  for (std::size_t i = 0; i < 40; ++i) {
    const auto seed = Ed25519PrivateKey::generate(random_);
    const auto message = random_.bytes(i * 7);
    for (const auto* signer : kProviders) {
      const auto pair = Ed25519KeyPair::from_private(*signer, seed.clone());
      auto signature = pair.sign(*signer, message);
      for (const auto* verifier : kProviders) {
        EXPECT_TRUE(verifier->ed25519_check_public(pair.public_key().bytes()));
        EXPECT_TRUE(verify(*verifier, pair.public_key(), message, signature));
        auto broken = signature;
        broken.mutable_bytes()[i % 64] ^= 1;
        EXPECT_EQ(verify(*verifier, pair.public_key(), message, broken).error(),
                  Errc::bad_signature);
      }
    }
  }
}

TEST_F(Agreement, SealedByOneIsOpenedByTheOthers) {
  for (const Aead aead : {Aead::chacha20_poly1305, Aead::aes_128_gcm, Aead::aes_256_gcm}) {
    // Around block and vector sizes, and on both sides of the native provider's threshold.
    for (const std::size_t size : std::initializer_list<std::size_t>{
             0, 1, 15, 16, 17, 63, 64, 65, 100, 511, 751, 753, 768, 769, 70000}) {
      const auto key = random_.bytes(key_size(aead));
      const auto nonce = random_.bytes(kAeadNonceSize);
      const auto ad = random_.bytes(size % 29);
      const auto text = random_.bytes(size);
      std::vector<Bytes> sealed;
      for (const auto* provider : kProviders) {
        if (provider->supports(aead)) {
          sealed.push_back(seal(*provider, aead, key, nonce, ad, text));
          EXPECT_EQ(sealed.back(), sealed.front()) << to_string(aead) << " " << size;
          Bytes opened(size);
          ASSERT_TRUE(provider->aead_open(aead, key, nonce, ad, sealed.front(), opened));
          EXPECT_EQ(opened, text);
        }
      }
      EXPECT_GE(sealed.size(), 2U);
    }
  }
}

TEST_F(Agreement, DigestsMacsAndDerivedKeysAreTheSame) {
  for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
    for (std::size_t i = 0; i < 300; i += 13) {
      const auto key = random_.bytes(i);
      const auto text = random_.bytes(i * 3);
      const std::array<ByteView, 2> parts{ByteView(text).first(i), ByteView(text).subspan(i)};
      std::vector<Bytes> all;
      for (const auto* provider : kProviders) {
        if (!provider->supports(hash)) {
          continue;
        }
        Bytes digest(digest_size(hash));
        Bytes mac(digest_size(hash));
        Bytes derived(1 + i * 2);
        ASSERT_TRUE(provider->hash(hash, parts, digest));
        ASSERT_TRUE(provider->hmac(hash, key, parts, mac));
        ASSERT_TRUE(provider->hkdf(hash, key, text, digest, derived));
        append(digest, mac);
        append(digest, derived);
        all.push_back(std::move(digest));
        EXPECT_EQ(all.back(), all.front()) << to_string(hash) << " " << i;
      }
      EXPECT_GE(all.size(), 2U);
    }
  }
}

TEST_F(Agreement, NistCurvesAgreeAndSignOnBothSides) {
  const auto& provider = native_provider();
  for (const Curve curve : {Curve::p256, Curve::p384, Curve::p521}) {
    Bytes a = random_.bytes(coordinate_size(curve));
    Bytes b = random_.bytes(coordinate_size(curve));
    a[0] = b[0] = 0;  // below the group order on each of the curves
    a[1] = b[1] = 1;
    Bytes a_point(point_size(curve));
    Bytes b_point(point_size(curve));
    ASSERT_TRUE(provider.ec_public(curve, a, a_point));
    ASSERT_TRUE(provider.ec_public(curve, b, b_point));
    Bytes ab(coordinate_size(curve));
    Bytes ba(coordinate_size(curve));
    ASSERT_TRUE(provider.ecdh(curve, a, b_point, ab));
    ASSERT_TRUE(provider.ecdh(curve, b, a_point, ba));
    EXPECT_EQ(ab, ba);
    for (const auto format : {EcdsaFormat::der, EcdsaFormat::fixed}) {
      auto signature = provider.ecdsa_sign(curve, Hash::sha384, format, a, as_bytes("text"));
      ASSERT_TRUE(signature);
      EXPECT_TRUE(provider.ecdsa_verify(curve, Hash::sha384, format, a_point, as_bytes("text"),
                                        *signature));
      EXPECT_EQ(
          provider.ecdsa_verify(curve, Hash::sha384, format, b_point, as_bytes("text"), *signature)
              .error(),
          Errc::bad_signature);
      signature->push_back(0);
      EXPECT_FALSE(provider.ecdsa_verify(curve, Hash::sha384, format, a_point, as_bytes("text"),
                                         *signature));
    }
  }
}

}  // namespace
}  // namespace unhidra::crypto
