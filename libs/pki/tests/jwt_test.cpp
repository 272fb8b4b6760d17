#include "unhidra/pki/jwt.h"

#include "pki_fixtures.h"

namespace unhidra::pki {
namespace {

using enum SignatureAlgorithm;
using std::chrono::minutes;
using std::chrono::seconds;

class AccessToken : public testing::Test {
 protected:
  AccessClaims claims() {
    return {.user = UserId::make(clock_, random_),
            .org = OrgId::make(clock_, random_),
            .session = SessionId::make(clock_, random_),
            .device = DeviceId::make(clock_, random_),
            .roles = {"member", "org_admin"},
            .issuer = "https://chat.example.org",
            .audience = "unhidra",
            .token_id = "token-1",
            .issued_at = clock_.time,
            .not_before = clock_.time,
            .expires_at = clock_.time + minutes(15)};
  }
  Result<VerifiedAccessToken> verify(std::string_view token, SignatureAlgorithm algorithm = eddsa) {
    detail_.clear();
    return verifier_.verify(set_of(key_of(algorithm)), token, &detail_);
  }
  // Refused, with the one error that tells the outside nothing.
  void expect_refused(std::string_view token, std::string_view why) {
    const auto result = verify(token);
    ASSERT_FALSE(result) << "accepted although: " << why;
    EXPECT_EQ(result.error(), Errc::bad_token);
    EXPECT_EQ(result.error().message(), "the token is not valid");
    EXPECT_NE(detail_.find(why), std::string::npos) << detail_ << " instead of " << why;
  }
  std::string header(std::string_view more = "") {
    return R"({"alg":"EdDSA","kid":"key-9","typ":"at+jwt")" + std::string(more) + "}";
  }
  // The claims of a good token as JSON, with the given text replaced.
  std::string claims_json(std::string_view from = "", std::string_view to = "") {
    auto text = verify(sign_access_token(key_of(eddsa), fixed_).value())->raw_claims;
    if (!from.empty()) {
      const auto at = text.find(from);
      EXPECT_NE(at, std::string::npos) << text;
      text.replace(at, from.size(), to);
    }
    return text;
  }

  FixedClock clock_;
  crypto::SystemRandom random_;
  AccessTokenVerifier verifier_{{.issuer = "https://chat.example.org", .audience = "unhidra"},
                                clock_};
  std::string detail_;
  AccessClaims fixed_ = claims();
};

TEST_F(AccessToken, SignedClaimsComeBack) {
  for (const auto algorithm : {rs256, ps256, es256, eddsa}) {
    const auto expected = claims();
    const auto token = sign_access_token(key_of(algorithm), expected);
    ASSERT_TRUE(token);
    const auto verified = verify(*token, algorithm);
    ASSERT_TRUE(verified) << detail_;
    EXPECT_EQ(verified->claims, expected);
    EXPECT_EQ(verified->key_id, key_of(algorithm).key_id());
    EXPECT_LT(token->size(), 1200U);
  }
}

TEST_F(AccessToken, DeviceIsOptional) {
  auto expected = claims();
  expected.device.reset();
  EXPECT_EQ(verify(sign_access_token(key_of(eddsa), expected).value())->claims, expected);
}

TEST_F(AccessToken, TimesAreCheckedWithLeeway) {
  const auto token = sign_access_token(key_of(eddsa), fixed_).value();
  const auto start = clock_.time;
  clock_.time = start + minutes(15) + seconds(29);
  EXPECT_TRUE(verify(token));
  clock_.time = start + minutes(15) + seconds(30);
  expect_refused(token, "expired");
  clock_.time = start - seconds(30);
  EXPECT_TRUE(verify(token));
  clock_.time = start - seconds(31);
  expect_refused(token, "not yet valid");
}

TEST_F(AccessToken, IssuerAudienceAndTypeAreChecked) {
  const auto& key = key_of(eddsa);
  expect_refused(
      token_of(key, header(), claims_json("https://chat.example.org", "https://evil.example")),
      "another issuer");
  expect_refused(token_of(key, header(), claims_json(R"("aud":"unhidra")", R"("aud":"other")")),
                 "another audience");
  expect_refused(token_of(key, header(), claims_json(R"("aud":"unhidra")", R"("aud":["other",1])")),
                 "another audience");
  EXPECT_TRUE(verify(
      token_of(key, header(), claims_json(R"("aud":"unhidra")", R"("aud":["other","unhidra"])"))));
  expect_refused(token_of(key, R"({"alg":"EdDSA","kid":"key-9","typ":"JWT"})", claims_json()),
                 "not an access token");
  expect_refused(token_of(key, R"({"alg":"EdDSA","kid":"key-9"})", claims_json()),
                 "not an access token");
}

TEST_F(AccessToken, AlgorithmIsTheKeysAlone) {
  const auto& key = key_of(eddsa);
  for (const char* name :
       {"none", "None", "HS256", "HS384", "HS512", "RS256", "ES256", "", "eddsa"}) {
    expect_refused(
        token_of(key, R"({"kid":"key-9","typ":"at+jwt","alg":")" + std::string(name) + "\"}",
                 claims_json()),
        "another algorithm");
  }
  expect_refused(token_of(key, R"({"kid":"key-9","typ":"at+jwt"})", claims_json()),
                 "another algorithm");
  const std::string none = to_base64url(as_bytes(R"({"alg":"none"})"));
  expect_refused(none + "." + to_base64url(as_bytes(claims_json())) + ".", "another algorithm");
}

// Algorithm confusion: an RSA public key used as the secret of an HMAC.
TEST_F(AccessToken, PublicKeyIsNoHmacSecret) {
  const auto pem = key_of(rs256).public_key().to_json();
  const std::string text =
      to_base64url(as_bytes(R"({"alg":"HS256","kid":"key-0","typ":"at+jwt"})")) + "." +
      to_base64url(as_bytes(claims_json()));
  const auto mac = crypto::native_provider().hmac_sha256(as_bytes(pem), as_bytes(text));
  EXPECT_FALSE(verify(text + "." + to_base64url(mac.expose()), rs256));
}

TEST_F(AccessToken, HeadersThatBringKeysOrExtensionsAreRefused) {
  for (const char* member :
       {R"("jwk":{})", R"("jku":"https://evil.example/keys")", R"("x5u":"https://evil.example")",
        R"("x5c":[])", R"("crit":["exp"])", R"("crit":[])", R"("zip":"DEF")", R"("b64":false)"}) {
    expect_refused(token_of(key_of(eddsa), header("," + std::string(member)), claims_json()),
                   "is refused");
  }
}

TEST_F(AccessToken, KeyIdIsAnOpaqueLookUp) {
  for (const char* id : {"../../etc/passwd", "' OR 1=1 --", "https://evil.example/key", "KEY-9",
                         "key-9\\u0000", "key-99"}) {
    expect_refused(token_of(key_of(eddsa),
                            R"({"alg":"EdDSA","typ":"at+jwt","kid":")" + std::string(id) + "\"}",
                            claims_json()),
                   "no key of this id");
  }
  expect_refused(
      token_of(key_of(eddsa), R"({"alg":"EdDSA","typ":"at+jwt","kid":9})", claims_json()),
      "wrong type");
}

TEST_F(AccessToken, AMemberNamedTwiceIsRefused) {
  expect_refused(token_of(key_of(eddsa), header(R"(,"alg":"EdDSA")"), claims_json()),
                 "names a member twice");
  // The same name in another spelling.
  expect_refused(token_of(key_of(eddsa), header(R"(,"\u0061lg":"EdDSA")"), claims_json()),
                 "names a member twice");
  const auto doubled =
      R"({"sub":"00000000-0000-7000-8000-000000000001",)" + claims_json().substr(1);
  expect_refused(token_of(key_of(eddsa), header(), doubled), "name a member twice");
  const auto nested = R"({"x":{"a":1,"a":2},)" + claims_json().substr(1);
  expect_refused(token_of(key_of(eddsa), header(), nested), "name a member twice");
}

TEST_F(AccessToken, MissingOrMalformedClaimsAreRefused) {
  const std::pair<const char*, const char*> changes[] = {
      {R"("sub")", R"("sbu")"},
      {R"("org")", R"("gro")"},
      {R"("sid")", R"("dis")"},
      {R"("did":")", R"("did":"x)"},
      {R"("jti":"token-1")", R"("jti":"")"},
      {R"("exp")", R"("pxe")"},
      {R"("iat")", R"("tai")"},
      {R"("nbf")", R"("fbn")"},
      {R"("exp":)", R"("exp":99999999)"},
      {R"("exp":)", R"("exp":-)"},
      {R"("exp":)", R"("exp":1e)"},
      {R"("roles":[)", R"("roles":[1,)"},
      {R"("roles":["member","org_admin"])", R"("roles":"member")"}};
  for (const auto& [from, to] : changes) {
    expect_refused(token_of(key_of(eddsa), header(), claims_json(from, to)), "a claim is missing");
  }
  expect_refused(token_of(key_of(eddsa), header(), "null"), "no JSON object");
  expect_refused(token_of(key_of(eddsa), header(), claims_json() + " x"), "no JSON object");
  expect_refused(token_of(key_of(eddsa), header(), std::string(100, '[')), "no JSON object");
}

TEST_F(AccessToken, EveryFlippedBitIsNoticed) {
  const auto token = sign_access_token(key_of(eddsa), fixed_).value();
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const int bit : {0, 1, 5}) {
      std::string altered = token;
      altered[i] = static_cast<char>(altered[i] ^ (1 << bit));
      EXPECT_FALSE(verify(altered)) << i;
    }
  }
}

TEST_F(AccessToken, OddShapesAreRefused) {
  const auto token = sign_access_token(key_of(eddsa), fixed_).value();
  for (const std::string& odd :
       {std::string(), std::string("."), std::string(".."), std::string("..."), token + ".",
        token + "=", token + "\n", " " + token, token.substr(0, token.rfind('.')),
        token.substr(0, token.rfind('.') + 1), token + "A"}) {
    EXPECT_FALSE(verify(odd)) << odd;
  }
  expect_refused(token + std::string(kMaxTokenSize, 'A'), "size limit");
}

TEST_F(AccessToken, ClaimsOverTheirLimitsAreNotSigned) {
  auto bad = claims();
  bad.user = UserId();
  EXPECT_EQ(sign_access_token(key_of(eddsa), bad).error(), Errc::bad_parameters);
  bad = claims();
  bad.roles.assign(kMaxRoles + 1, "member");
  EXPECT_EQ(sign_access_token(key_of(eddsa), bad).error(), Errc::bad_parameters);
  bad = claims();
  bad.expires_at = bad.not_before;
  EXPECT_EQ(sign_access_token(key_of(eddsa), bad).error(), Errc::bad_parameters);
  bad = claims();
  bad.issuer.clear();
  EXPECT_EQ(sign_access_token(key_of(eddsa), bad).error(), Errc::bad_parameters);
}

TEST(VerificationKeys, RotationKeepsOldTokensUntilTheirKeyGoes) {
  FixedClock clock;
  VerificationKeySet keys;
  ASSERT_TRUE(keys.add(key_of(rs256).public_key()));
  ASSERT_TRUE(keys.add(key_of(eddsa).public_key()));
  EXPECT_EQ(keys.add(key_of(eddsa).public_key()).error(), Errc::bad_key);
  const auto old_token = sign_jws(key_of(rs256), "x", as_bytes("payload")).value();
  const auto new_token = sign_jws(key_of(eddsa), "x", as_bytes("payload")).value();
  EXPECT_EQ(verify_jws(keys, old_token)->key_id, "key-0");
  EXPECT_EQ(as_text(verify_jws(keys, new_token)->payload), "payload");
  EXPECT_EQ(verify_jws(keys, new_token)->type, "x");
  EXPECT_FALSE(verify_jws(set_of(key_of(eddsa)), old_token));
  // Without a key id only a set of one key leaves no doubt.
  const auto anonymous = token_of(key_of(eddsa), R"({"alg":"EdDSA"})", "payload");
  EXPECT_TRUE(verify_jws(set_of(key_of(eddsa)), anonymous));
  EXPECT_FALSE(verify_jws(keys, anonymous));
}

TEST(VerificationKeys, Es256ZeroAndWrongLengthSignaturesFail) {
  const auto& key = key_of(es256);
  const auto token = sign_jws(key, "", as_bytes("payload")).value();
  const auto text = token.substr(0, token.rfind('.') + 1);
  EXPECT_TRUE(verify_jws(set_of(key), token));
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 63, 64, 65, 72, 128}) {
    EXPECT_FALSE(verify_jws(set_of(key), text + to_base64url(Bytes(size)))) << size;
  }
}

}  // namespace
}  // namespace unhidra::pki
