#include "unhidra/pki/jwk.h"

#include "pki_fixtures.h"
#include "rsa_checks.h"

namespace unhidra::pki {
namespace {

using enum SignatureAlgorithm;

TEST(Jwk, EveryAlgorithmSignsAndVerifiesAndSurvivesJson) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(eddsa); ++i) {
    const auto algorithm = static_cast<SignatureAlgorithm>(i);
    const auto& key = key_of(algorithm);
    const auto read = PublicJwk::parse(key.public_key().to_json());
    ASSERT_TRUE(read) << to_string(algorithm);
    EXPECT_EQ(read->algorithm(), algorithm);
    EXPECT_EQ(read->key_id(), key.key_id());
    EXPECT_EQ(read->to_json(), key.public_key().to_json());
    const auto signature = key.sign(as_bytes("text"));
    ASSERT_TRUE(signature);
    EXPECT_TRUE(read->verify(as_bytes("text"), *signature)) << to_string(algorithm);
    EXPECT_FALSE(read->verify(as_bytes("Text"), *signature)) << to_string(algorithm);
    EXPECT_FALSE(read->verify(as_bytes("text"), {})) << to_string(algorithm);
  }
}

TEST(Jwk, PublicJsonHoldsNothingPrivate) {
  for (const auto algorithm : {rs256, es256, eddsa}) {
    const auto json = key_of(algorithm).public_key().to_json();
    for (const char* member : {"\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"k\""}) {
      EXPECT_EQ(json.find(member), std::string::npos) << json;
    }
  }
}

// RFC 7638 section 3.1's key and its thumbprint.
TEST(Jwk, ThumbprintOfRfc7638) {
  const auto key = PublicJwk::parse(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256"})");
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(key->key_id(), key->thumbprint());
}

TEST(Jwk, KeysThatMustNotVerifyAreRefused) {
  const std::string x = to_base64url(Bytes(32, 9));
  const std::string bad[] = {
      "",
      "[]",
      "{}",
      R"({"kty":"oct","k":"c2VjcmV0","alg":"HS256"})",
      R"({"kty":"OKP","crv":"X25519","x":")" + x + "\"}",
      R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})",
      R"({"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})",
      R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + x + "\"}",
      R"({"kty":"EC","crv":"secp256k1","x":")" + x + R"(","y":")" + x + "\"}",
      R"({"kty":"RSA","alg":"RS256","n":")" + to_base64url(Bytes(128, 0xff)) + R"(","e":"AQAB"})",
      R"({"kty":"RSA","alg":"RS256","n":")" + to_base64url(Bytes(2000, 0xff)) + R"(","e":"AQAB"})",
  };
  for (const auto& json : bad) {
    const auto key = PublicJwk::parse(json);
    ASSERT_FALSE(key) << json;
  }
  // A sound key, spoilt in one member at a time.
  const std::string good = key_of(rs256).public_key().to_json();
  ASSERT_TRUE(PublicJwk::parse(good));
  const auto with = [&](std::string_view member) {
    return "{" + std::string(member) + "," + good.substr(1);
  };
  EXPECT_FALSE(PublicJwk::parse(with(R"("d":"AQAB")"))) << "a private key";
  EXPECT_FALSE(PublicJwk::parse(with(R"("kty":"RSA")"))) << "a member named twice";
  EXPECT_FALSE(PublicJwk::parse(with(R"("key_ops":["encrypt"])")));
  EXPECT_TRUE(PublicJwk::parse(with(R"("key_ops":["verify"])")));
  EXPECT_FALSE(PublicJwk::parse(good, eddsa)) << "pinned to another algorithm";
  EXPECT_FALSE(PublicJwk::parse(good, ps256)) << "pinned to another algorithm";
  EXPECT_TRUE(PublicJwk::parse(good, rs256));
}

TEST(Jwk, RsaKeyWithoutAlgorithmNeedsAPin) {
  const auto& rsa = std::get<RsaPublicKey>(key_of(rs256).public_key().material());
  const std::string json = R"({"kty":"RSA","n":")" + to_base64url(rsa.modulus) + R"(","e":")" +
                           to_base64url(rsa.exponent) + "\"}";
  EXPECT_FALSE(PublicJwk::parse(json));
  EXPECT_EQ(PublicJwk::parse(json, ps384)->algorithm(), ps384);
  EXPECT_FALSE(PublicJwk::parse(json, es256));
}

TEST(Jwk, SetsRoundTripAndLeaveOutWhatIsNotForUs) {
  const std::vector<PublicJwk> keys{key_of(rs256).public_key(), key_of(eddsa).public_key()};
  const std::string json = to_jwks(keys);
  const auto read = parse_jwks(json);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[1].to_json(), keys[1].to_json());
  const auto mixed = parse_jwks(R"({"keys":[{"kty":"oct","k":"AA"},)" + keys[0].to_json() + "]}");
  ASSERT_TRUE(mixed);
  EXPECT_EQ(mixed->size(), 1U);
  EXPECT_FALSE(parse_jwks(R"({"keys":[1]})"));
  EXPECT_FALSE(parse_jwks(R"({"keys":{}})"));
  EXPECT_FALSE(parse_jwks("[]"));
}

TEST(Jwk, RocaFingerprintIsFoundAndSoundKeysAreNot) {
  // A power of 65537 is one modulo every prime.
  Bytes weak{1, 0, 1};
  EXPECT_TRUE(has_roca_fingerprint(weak));
  EXPECT_FALSE(
      has_roca_fingerprint(std::get<RsaPublicKey>(key_of(rs256).public_key().material()).modulus));
}

TEST(SigningKey, PemRoundTripKeepsTheKey) {
  for (const auto algorithm : {rs256, es256, eddsa}) {
    const auto& key = key_of(algorithm);
    const auto pem = key.to_pem();
    ASSERT_TRUE(pem);
    EXPECT_TRUE(as_text(pem->expose()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = SigningKey::from_pem(pem->expose(), algorithm, key.key_id());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_key().to_json(), key.public_key().to_json());
    EXPECT_TRUE(key.public_key().verify(as_bytes("x"), again->sign(as_bytes("x")).value()));
  }
}

TEST(SigningKey, WrongPemOrAlgorithmIsRefused) {
  const auto pem = key_of(eddsa).to_pem();
  EXPECT_EQ(SigningKey::from_pem(pem->expose(), rs256).error(), Errc::bad_key);
  EXPECT_EQ(SigningKey::from_pem({}, eddsa).error(), Errc::bad_key);
  EXPECT_EQ(SigningKey::from_pem(as_bytes("-----BEGIN PRIVATE KEY-----\nAAAA\n"), eddsa).error(),
            Errc::bad_key);
  // Asks nobody for a passphrase.
  EXPECT_EQ(
      SigningKey::from_pem(as_bytes("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3\n"
                                    "-----END ENCRYPTED PRIVATE KEY-----\n"),
                           eddsa)
          .error(),
      Errc::bad_key);
}

}  // namespace
}  // namespace unhidra::pki
