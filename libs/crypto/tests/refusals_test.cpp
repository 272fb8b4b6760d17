// What must be refused, and that a refusal leaves nothing behind.
#include "unhidra/crypto/keys.h"
#include "unhidra/crypto/random.h"

#include "allocations.h"
#include "providers.h"

namespace unhidra::crypto {
namespace {

class Refusals : public EachProvider {};
INSTANTIATE_TEST_SUITE_P(All, Refusals, testing::ValuesIn(kProviders), provider_name);

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](Byte b) { return b == 0; });
}

// The points of order 1, 2, 4 and 8 of curve25519 and its twist (RFC 7748 section 7).
TEST_P(Refusals, LowOrderX25519PointsNeverMakeASecret) {
  const char* const points[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                                "0100000000000000000000000000000000000000000000000000000000000000",
                                "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  SystemRandom random;
  const auto ours = X25519KeyPair::generate(provider(), random);
  for (const char* point : points) {
    ByteArray<32> out;
    out.fill(7);
    const auto status = provider().x25519(ours.private_key().expose(), hex_array<32>(point), out);
    ASSERT_FALSE(status) << point;
    EXPECT_EQ(status.error(), Errc::low_order_point);
    EXPECT_TRUE(all_zero(out));
  }
}

TEST_P(Refusals, BadEd25519PublicKeysAreNamed) {
  const char* const keys[] = {// small order
                              "0100000000000000000000000000000000000000000000000000000000000000",
                              "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "0000000000000000000000000000000000000000000000000000000000000080",
                              "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                              "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                              // not canonical
                              "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                              // not on the curve
                              "0200000000000000000000000000000000000000000000000000000000000000"};
  for (const char* key : keys) {
    const auto status = provider().ed25519_check_public(hex_array<32>(key));
    ASSERT_FALSE(status) << key;
    EXPECT_EQ(status.error(), Errc::bad_key);
  }
}

// With A the neutral element and R = [S]B every message would verify under the equation alone.
TEST_P(Refusals, ASmallOrderKeySignsNothing) {
  ByteArray<32> neutral{};
  neutral[0] = 1;
  ByteArray<64> signature{};
  signature[0] = 1;  // R neutral, S zero
  EXPECT_EQ(provider().ed25519_verify(neutral, as_bytes("any"), signature).error(),
            Errc::bad_signature);
}

// S + L verifies under the equation, but is another encoding (RFC 8032 section 5.1.7).
TEST_P(Refusals, MalleatedEd25519SignatureFails) {
  SystemRandom random;
  const auto pair = Ed25519KeyPair::generate(provider(), random);
  auto signature = pair.sign(provider(), as_bytes("text"));
  const auto order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(signature.bytes()[32 + i]) + order[i];
    signature.mutable_bytes()[32 + i] = static_cast<Byte>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(verify(provider(), pair.public_key(), as_bytes("text"), signature));
}

TEST_P(Refusals, AnAlteredCiphertextOpensToNothing) {
  for (const Aead aead : {Aead::chacha20_poly1305, Aead::aes_128_gcm, Aead::aes_256_gcm}) {
    if (!provider().supports(aead)) {
      Bytes out(17);
      EXPECT_EQ(
          provider().aead_seal(aead, Bytes(key_size(aead)), Bytes(12), {}, Bytes(1), out).error(),
          Errc::unsupported);
      continue;
    }
    const Bytes key(key_size(aead), 1);
    const Bytes nonce(12, 2);
    const auto sealed = seal(provider(), aead, key, nonce, as_bytes("ad"), as_bytes("hello world"));
    Bytes out(sealed.size() - kAeadTagSize);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      Bytes altered = sealed;
      altered[i] ^= 0x80;
      out.assign(out.size(), 0x55);
      const auto status = provider().aead_open(aead, key, nonce, as_bytes("ad"), altered, out);
      ASSERT_FALSE(status);
      EXPECT_EQ(status.error(), Errc::bad_tag);
      EXPECT_TRUE(all_zero(out)) << "unauthenticated plaintext was left in the output";
    }
    EXPECT_EQ(provider().aead_open(aead, key, nonce, as_bytes("aD"), sealed, out).error(),
              Errc::bad_tag);
    EXPECT_EQ(provider().aead_open(aead, key, nonce, {}, Bytes(15), {}).error(), Errc::bad_tag);
  }
}

TEST_P(Refusals, WrongLengthsAreErrorsNotOverruns) {
  const auto aead = Aead::chacha20_poly1305;
  Bytes out(16 + 4);
  EXPECT_EQ(provider().aead_seal(aead, Bytes(31), Bytes(12), {}, Bytes(4), out).error(),
            Errc::bad_key);
  EXPECT_EQ(provider().aead_seal(aead, Bytes(32), Bytes(8), {}, Bytes(4), out).error(),
            Errc::bad_parameters);
  EXPECT_EQ(provider().aead_seal(aead, Bytes(32), Bytes(12), {}, Bytes(5), out).error(),
            Errc::bad_parameters);
  EXPECT_EQ(provider().aead_open(aead, Bytes(32), Bytes(12), {}, Bytes(21), out).error(),
            Errc::bad_parameters);
  Bytes digest(31);
  EXPECT_EQ(provider().hash(Hash::sha256, {}, digest).error(), Errc::bad_parameters);
  EXPECT_EQ(provider().hmac(Hash::sha256, {}, {}, digest).error(), Errc::bad_parameters);
  Bytes too_much(255 * 32 + 1);
  EXPECT_EQ(provider().hkdf_expand(Hash::sha256, Bytes(32), {}, too_much).error(),
            Errc::bad_parameters);
}

TEST_P(Refusals, SealingAndOpeningInPlaceWorks) {
  for (const Aead aead : {Aead::chacha20_poly1305, Aead::aes_256_gcm}) {
    if (!provider().supports(aead)) {
      continue;
    }
    for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 100, 4000}) {
      const Bytes key(32, 3);
      const Bytes nonce(12, 4);
      Bytes buffer(size + kAeadTagSize, 9);
      const MutableByteView text = MutableByteView(buffer).first(size);
      ASSERT_TRUE(provider().aead_seal(aead, key, nonce, {}, text, buffer));
      EXPECT_EQ(buffer, seal(provider(), aead, key, nonce, {}, Bytes(size, 9)));
      ASSERT_TRUE(provider().aead_open(aead, key, nonce, {}, buffer, text));
      EXPECT_EQ(to_bytes(text), Bytes(size, 9));
    }
  }
}

TEST(NistCurves, KeysOutsideTheGroupAreRefused) {
  const auto& provider = native_provider();
  const Curve curve = Curve::p256;
  Bytes point(point_size(curve));
  const auto order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  EXPECT_EQ(provider.ec_public(curve, order, point).error(), Errc::bad_key);
  EXPECT_EQ(provider.ec_public(curve, Bytes(32), point).error(), Errc::bad_key);
  EXPECT_EQ(provider.ec_public(curve, Bytes(31, 1), point).error(), Errc::bad_key);
  const Bytes scalar(32, 1);
  ASSERT_TRUE(provider.ec_public(curve, scalar, point));
  Bytes secret(32);
  EXPECT_TRUE(provider.ec_check_public(curve, point));
  for (Bytes bad : {Bytes(), Bytes(65), Bytes{0}, Bytes(point.begin(), point.begin() + 33)}) {
    EXPECT_EQ(provider.ec_check_public(curve, bad).error(), Errc::bad_key);
    EXPECT_EQ(provider.ecdh(curve, scalar, bad, secret).error(), Errc::bad_key);
  }
  point.back() ^= 1;
  EXPECT_EQ(provider.ecdh(curve, scalar, point, secret).error(), Errc::bad_key);
  EXPECT_EQ(
      provider
          .ecdsa_verify(curve, Hash::sha256, EcdsaFormat::fixed, point, as_bytes("x"), Bytes(64, 1))
          .error(),
      Errc::bad_key);
}

TEST(NistCurves, ZeroSignatureIsRefused) {
  const auto& provider = native_provider();
  for (const Curve curve : {Curve::p256, Curve::p384, Curve::p521}) {
    Bytes scalar(coordinate_size(curve));
    scalar.back() = 5;
    Bytes point(point_size(curve));
    ASSERT_TRUE(provider.ec_public(curve, scalar, point));
    EXPECT_EQ(provider
                  .ecdsa_verify(curve, Hash::sha256, EcdsaFormat::fixed, point, as_bytes("x"),
                                Bytes(2 * coordinate_size(curve)))
                  .error(),
              Errc::bad_signature);
  }
}

TEST(Rsa, WeakAndHugeKeysAreRefused) {
  const Bytes exponent{1, 0, 1};
  for (const std::size_t bits : std::initializer_list<std::size_t>{512, 1024, 2040, 8200, 100000}) {
    EXPECT_EQ(native_provider()
                  .rsa_pkcs1_verify(Hash::sha256, Bytes(bits / 8, 0xff), exponent, as_bytes("x"),
                                    Bytes(bits / 8))
                  .error(),
              Errc::bad_key)
        << bits;
  }
  EXPECT_EQ(native_provider()
                .rsa_pss_verify(Hash::sha256, Bytes(256, 0xff), Bytes{1}, as_bytes("x"), Bytes(256))
                .error(),
            Errc::bad_key);
}

TEST(HotPath, AShortMessageAllocatesNothing) {
  const auto& provider = native_provider();
  SystemRandom random;
  const auto ours = X25519KeyPair::generate(provider, random);
  const auto theirs = X25519KeyPair::generate(provider, random);
  const auto signer = Ed25519KeyPair::generate(provider, random);
  ByteArray<100 + kAeadTagSize> sealed;
  ByteArray<100> text{};
  const ByteArray<12> nonce{};

  const auto before = allocations();
  const auto secret = ours.agree(provider, theirs.public_key());
  const auto chain = provider.hmac_sha256(secret->expose(), as_bytes("1"));
  const auto keys = provider.hkdf_sha256<76>({}, chain.expose(), as_bytes("message"));
  const auto key = keys.expose().first(32);
  const bool done =
      provider.aead_seal(Aead::chacha20_poly1305, key, nonce, chain.expose(), text, sealed) &&
      provider.aead_open(Aead::chacha20_poly1305, key, nonce, chain.expose(), sealed, text);
  const auto signature = signer.sign(provider, sealed);
  const auto verified = verify(provider, signer.public_key(), sealed, signature);
  const auto after = allocations();
  EXPECT_TRUE(done && verified);
  EXPECT_EQ(after, before);
}

TEST(Random, GivesDifferentBytesEachTime) {
  SystemRandom random;
  const auto a = random.array<32>();
  const auto b = random.array<32>();
  EXPECT_NE(a, b);
  random.fill({});
}

}  // namespace
}  // namespace unhidra::crypto
