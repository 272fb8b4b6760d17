// The standards' own examples, for each provider that has the algorithm. The bulk of the vectors is
// run by tests/conformance/wycheproof_vectors.
#include "providers.h"

namespace unhidra::crypto {
namespace {

class Vectors : public EachProvider {};
INSTANTIATE_TEST_SUITE_P(All, Vectors, testing::ValuesIn(kProviders), provider_name);

// RFC 7748 section 6.1.
TEST_P(Vectors, X25519OfRfc7748) {
  const auto alice =
      hex_array<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob =
      hex_array<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  ByteArray<32> alice_public;
  ByteArray<32> bob_public;
  provider().x25519_base(alice, alice_public);
  provider().x25519_base(bob, bob_public);
  EXPECT_EQ(to_hex(alice_public),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob_public), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  ByteArray<32> secret;
  ASSERT_TRUE(provider().x25519(alice, bob_public, secret));
  EXPECT_EQ(to_hex(secret), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

struct SigningCase {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1, tests 1 to 3.
TEST_P(Vectors, Ed25519OfRfc8032) {
  const SigningCase cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "dc6594a7c15e9716ed28dc027beceea1ec40a"}};
  for (const auto& c : cases) {
    const auto seed = hex_array<32>(c.seed);
    ByteArray<32> public_key;
    provider().ed25519_public(seed, public_key);
    EXPECT_EQ(to_hex(public_key), c.public_key);
    ByteArray<64> signature;
    provider().ed25519_sign(seed, public_key, hex(c.message), signature);
    EXPECT_EQ(to_hex(signature), c.signature);
    EXPECT_TRUE(provider().ed25519_verify(public_key, hex(c.message), signature));
  }
}

// RFC 8439 section 2.8.2.
TEST_P(Vectors, ChaCha20Poly1305OfRfc8439) {
  const auto key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const auto nonce = hex("070000004041424344454647");
  const auto ad = hex("50515253c0c1c2c3c4c5c6c7");
  const auto text = to_bytes(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.");
  const auto sealed = seal(provider(), Aead::chacha20_poly1305, key, nonce, ad, text);
  EXPECT_EQ(
      to_hex(sealed),
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
      "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
      "4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
  Bytes opened(text.size());
  ASSERT_TRUE(provider().aead_open(Aead::chacha20_poly1305, key, nonce, ad, sealed, opened));
  EXPECT_EQ(opened, text);
}

// The GCM specification's test case 14: an all-zero key, nonce and block.
TEST_P(Vectors, Aes256GcmOfTheGcmSpecification) {
  if (!provider().supports(Aead::aes_256_gcm)) {
    GTEST_SKIP() << "no AES here";
  }
  const auto sealed = seal(provider(), Aead::aes_256_gcm, Bytes(32), Bytes(12), {}, Bytes(16));
  EXPECT_EQ(to_hex(sealed), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST_P(Vectors, DigestsOfFips180) {
  EXPECT_EQ(to_hex(provider().sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      to_hex(provider().sha512({as_bytes("a"), {}, as_bytes("bc")})),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
      "a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  ByteArray<48> out;
  const ByteView abc = as_bytes("abc");
  if (provider().supports(Hash::sha384)) {
    ASSERT_TRUE(provider().hash(Hash::sha384, Parts(&abc, 1), out));
    EXPECT_EQ(
        to_hex(out),
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca1"
        "34c825a7");
  } else {
    EXPECT_EQ(provider().hash(Hash::sha384, Parts(&abc, 1), out).error(), Errc::unsupported);
  }
}

// RFC 4231 test cases 2 and 6: a short key, and one longer than the block.
TEST_P(Vectors, HmacOfRfc4231) {
  EXPECT_EQ(to_hex(provider()
                       .hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))
                       .expose()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes long_key(131, 0xaa);
  const auto text = as_bytes("Test Using Larger Than Block-Size Key - Hash Key First");
  EXPECT_EQ(to_hex(provider().hmac_sha256(long_key, text).expose()),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  ByteArray<64> mac;
  ASSERT_TRUE(provider().hmac(Hash::sha512, long_key, Parts(&text, 1), mac));
  EXPECT_EQ(
      to_hex(mac),
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215"
      "d6a1e5295e64f73f63f0aec8b915a985d786598");
}

// RFC 5869 test cases 1 and 3 (no salt, no info).
TEST_P(Vectors, HkdfOfRfc5869) {
  const Bytes input(22, 0x0b);
  const auto salt = hex("000102030405060708090a0b0c");
  EXPECT_EQ(to_hex(provider().hkdf_sha256<42>(salt, input, hex("f0f1f2f3f4f5f6f7f8f9")).expose()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(to_hex(provider().hkdf_sha256<42>({}, input, {}).expose()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  Bytes prk(32);
  ASSERT_TRUE(provider().hkdf_extract(Hash::sha256, salt, input, prk));
  EXPECT_EQ(to_hex(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
}

// RFC 9106's own example uses four lanes and a secret, which the product does not; this value was
// made with OpenSSL 3.2's Argon2id: salt 00..0f, 64 KiB, 3 passes, 1 lane.
TEST_P(Vectors, Argon2idAgreesWithAnotherImplementation) {
  if (!provider().supports(Feature::argon2id)) {
    GTEST_SKIP() << "OpenSSL 3.0 has no Argon2id";
  }
  const auto salt = hex_array<16>("000102030405060708090a0b0c0d0e0f");
  Bytes out(32);
  ASSERT_TRUE(
      provider().argon2id({.memory_kib = 64, .passes = 3}, as_bytes("password"), salt, out));
  EXPECT_EQ(to_hex(out), "b06bcf7d2d3ae0a0e060f75fc78cc0082e6196baab3e422cbe3cc0c807f76c0d");
}

// RFC 6979 section A.2.5: P-256, SHA-256, "sample".
TEST_P(Vectors, EcdsaOfRfc6979) {
  if (!provider().supports(Curve::p256)) {
    GTEST_SKIP() << "no NIST curves here";
  }
  Bytes point(point_size(Curve::p256));
  ASSERT_TRUE(provider().ec_public(
      Curve::p256, hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"), point));
  EXPECT_EQ(
      to_hex(point),
      "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9"
      "e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const auto signature = hex(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e2"
      "9f65f3e900dbb9aff4064dc4ab2f843acda8");
  EXPECT_TRUE(provider().ecdsa_verify(Curve::p256, Hash::sha256, EcdsaFormat::fixed, point,
                                      as_bytes("sample"), signature));
  EXPECT_EQ(provider()
                .ecdsa_verify(Curve::p256, Hash::sha256, EcdsaFormat::fixed, point,
                              as_bytes("Sample"), signature)
                .error(),
            Errc::bad_signature);
}

}  // namespace
}  // namespace unhidra::crypto
