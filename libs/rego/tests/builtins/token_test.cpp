#include "builtins/call_by_name.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::string_view kToken =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwIiwiaXNzIjoib3BhIn0."
    "XmVoLoHI3pxMtMO_WRONMSJzGUDP9pDjy8Jp0_tdRXY";

std::string list(std::initializer_list<std::string_view> json) {
  std::string out = "[";
  for (const std::string_view item : json) {
    out += (out.size() > 1 ? ", " : "") + std::string(item);
  }
  return out + "]";
}
std::string quoted(std::string_view text) {
  return quote_json(text);
}

TEST_F(Builtins, ATokenIsDecodedWithoutBelievingIt) {
  EXPECT_EQ(
      call("io.jwt.decode", list({quoted(kToken)})),
      R"([{"alg": "HS256", "typ": "JWT"}, {"iss": "opa", "sub": "0"}, "5e65682e81c8de9c4cb4c3bf59138d3122731940cff690e3cbc269d3fb5d4576"])");
  EXPECT_EQ(call("io.jwt.decode", R"(["a.b"])"),
            "error: encoded JWT must have 3 sections, found 2");
  EXPECT_EQ(call("io.jwt.decode", R"(["eyJhbGciOiJIU^%z.e30.x"])"),
            "error: JWT header had invalid encoding: illegal base64 data at input byte 13");
}

TEST_F(Builtins, ASignedTokenVerifiesUnderItsKeyAlone) {
  const std::string key = R"({"kty": "oct", "k": "c2VjcmV0"})";  // "secret"
  const std::string token =
      call("io.jwt.encode_sign", list({R"({"alg": "HS256", "typ": "JWT"})",
                                       R"({"iss": "me", "aud": ["a", "b"], "exp": 100})", key}));
  ASSERT_TRUE(token.starts_with('"')) << token;
  EXPECT_EQ(call("io.jwt.verify_hs256", list({token, R"("secret")"})), "true");
  EXPECT_EQ(call("io.jwt.verify_hs256", list({token, R"("other")"})), "false");
  const auto verify = [&](std::string_view constraints) {
    return call("io.jwt.decode_verify", list({token, constraints}));
  };
  constexpr std::string_view kRefused = "[false, {}, {}]";
  EXPECT_TRUE(verify(R"({"secret": "secret", "aud": "b", "iss": "me", "time": 99000000000})")
                  .starts_with("[true, "));
  EXPECT_EQ(verify(R"({"secret": "secret", "aud": "b", "time": 100000000000})"), kRefused);
  EXPECT_EQ(verify(R"({"secret": "secret", "aud": "c", "time": 0})"), kRefused);
  EXPECT_EQ(verify(R"({"secret": "secret", "aud": "b", "time": 0, "iss": "you"})"), kRefused);
  EXPECT_EQ(verify(R"({"secret": "other", "aud": "b", "time": 0})"), kRefused);
  EXPECT_EQ(verify(R"({"secret": "secret", "aud": "b", "time": 0, "alg": "HS384"})"), kRefused);
  EXPECT_EQ(verify(R"({"time": 0})"), "error: no key constraint");
  EXPECT_EQ(verify(R"({"secret": "secret", "x": 1})"),
            "error: unknown token validation constraint: x");
}

TEST_F(Builtins, SigningSaysWhatIsMissing) {
  const std::string key = quoted(R"({"kty": "oct", "k": "c2VjcmV0"})");
  EXPECT_EQ(call("io.jwt.encode_sign_raw", list({R"("{\"alg\":\"dummy\"}")", R"("{}")", key})),
            "error: unknown JWS algorithm: dummy");
  EXPECT_EQ(call("io.jwt.encode_sign_raw", list({R"("{}")", R"("{}")", key})),
            R"(error: missing or invalid 'alg' header: jwsbb: header "alg" not found)");
  EXPECT_EQ(call("io.jwt.encode_sign_raw", list({R"("{\"alg\":\"HS256\"}")", R"("")", key})),
            "error: type is JWT but payload is not JSON");
}

TEST_F(Builtins, DigestsAreHexadecimal) {
  EXPECT_EQ(call("crypto.md5", R"(["lorem ipsum"])"), R"("80a751fde577028640c419000e33eba6")");
  EXPECT_EQ(call("crypto.sha256", R"([""])"),
            R"("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")");
  EXPECT_EQ(call("crypto.hmac.equal", R"(["a", "a"])"), "true");
}

TEST_F(Builtins, WhatIsNoCertificateIsAnError) {
  EXPECT_EQ(call("crypto.x509.parse_certificates", R"(["YmFkc3RyaW5n"])"),
            "error: x509: malformed certificate");
  EXPECT_EQ(call("crypto.x509.parse_and_verify_certificates", R"(["YmFkc3RyaW5n"])"),
            "[false, []]");
  EXPECT_TRUE(call("crypto.x509.parse_rsa_private_key", R"(["invalid"])")
                  .starts_with("error: illegal base64"));
  EXPECT_EQ(call("crypto.parse_private_keys", R"(["nope"])"), "[]");
}

}  // namespace
}  // namespace unhidra::rego::builtins
