#include "unhidra/pki/inspect.h"

#include "unhidra/base/text.h"
#include "unhidra/pki/x509.h"

#include "pki_fixtures.h"

namespace unhidra::pki {
namespace {

using std::chrono::hours;

class Inspect : public testing::Test {
 protected:
  Validity years(int count) { return {clock_.time, clock_.time + hours(24 * 365 * count)}; }
  static Bytes der_of(const std::string& pem) { return read_pem_blocks(pem).at(0).der; }

  FixedClock clock_;
  crypto::SystemRandom random_;
  IssuedCertificate authority_ = make_authority("Example Authority", years(10), random_).value();
  IssuedCertificate server_ =
      issue_server_certificate(authority_.certificate_pem, authority_.private_key_pem.expose(),
                               {.dns = {"chat.example.org"}, .ip_addresses = {"192.0.2.1"}},
                               years(1), random_)
          .value();
};

TEST_F(Inspect, ACertificateIsDescribedWithTheMembersThatPoliciesExpect) {
  const auto text = describe_certificate(der_of(server_.certificate_pem));
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_NE(text->find(R"("CommonName":"chat.example.org")"), std::string::npos) << *text;
  EXPECT_NE(text->find(R"("DNSNames":["chat.example.org"])"), std::string::npos);
  EXPECT_NE(text->find(R"("IPAddresses":["192.0.2.1"])"), std::string::npos);
  EXPECT_NE(text->find(R"("IsCA":false)"), std::string::npos);
  EXPECT_NE(text->find(R"("ExtKeyUsage":[1])"), std::string::npos);
  EXPECT_NE(text->find(R"("URIStrings":null)"), std::string::npos);
}

TEST_F(Inspect, AChainIsVerifiedFromTheLeafToTheAnchor) {
  const std::vector<Bytes> chain = {der_of(authority_.certificate_pem),
                                    der_of(server_.certificate_pem)};
  const auto verified = verify_chain(chain, {.now = clock_.time, .dns_name = {}, .key_usages = {}});
  ASSERT_TRUE(verified) << verified.error().message();
  EXPECT_EQ(verified->size(), 2U);
  EXPECT_EQ(verified->front(), chain[1]);
}

TEST_F(Inspect, AChainIsRefusedOutOfTimeForAnotherNameOrForAnotherUse) {
  const std::vector<Bytes> chain = {der_of(authority_.certificate_pem),
                                    der_of(server_.certificate_pem)};
  EXPECT_FALSE(verify_chain(
      chain, {.now = clock_.time + hours(24 * 400), .dns_name = {}, .key_usages = {}}));
  EXPECT_FALSE(
      verify_chain(chain, {.now = clock_.time, .dns_name = "other.example.org", .key_usages = {}}));
  EXPECT_FALSE(verify_chain(
      chain, {.now = clock_.time, .dns_name = {}, .key_usages = {"1.3.6.1.5.5.7.3.2"}}));
  EXPECT_TRUE(verify_chain(
      chain, {.now = clock_.time, .dns_name = "chat.example.org", .key_usages = {"any"}}));
  EXPECT_FALSE(verify_chain(std::span(chain).first(1),
                            {.now = clock_.time, .dns_name = {}, .key_usages = {}}));
}

TEST_F(Inspect, APrivateKeyBelongsToItsCertificateAlone) {
  const auto pem = std::string(as_text(server_.private_key_pem.expose()));
  const auto key = read_pem_blocks(pem).at(0);
  EXPECT_TRUE(check_key_pair(der_of(server_.certificate_pem), key));
  EXPECT_FALSE(check_key_pair(der_of(authority_.certificate_pem), key));
  EXPECT_NE(private_key_to_jwk(key)->find(R"("crv":"P-256")"), std::string::npos);
}

TEST_F(Inspect, AKeySignsWhatItsJwkVerifies) {
  const auto pem = std::string(as_text(server_.private_key_pem.expose()));
  const auto jwk = private_key_to_jwk(read_pem_blocks(pem).at(0)).value();
  const auto keys = ForeignKey::from_jwks(jwk).value();
  const auto message = as_bytes("header.payload");
  const auto signature = keys.at(0).sign("ES256", message);
  ASSERT_TRUE(signature) << signature.error().message();
  EXPECT_EQ(signature->size(), 64U);
  const auto certified = ForeignKey::from_certificate(der_of(server_.certificate_pem)).value();
  EXPECT_TRUE(certified.verify("ES256", message, *signature));
  EXPECT_FALSE(certified.verify("ES256", as_bytes("header.other"), *signature));
  EXPECT_FALSE(certified.verify("RS256", message, *signature));
  EXPECT_FALSE(certified.sign("ES256", message));
}

TEST_F(Inspect, AnHmacSecretVerifiesHmacsAndNothingElse) {
  const auto key = ForeignKey::from_secret(as_bytes("secret"));
  const auto mac = key.sign("HS256", as_bytes("text")).value();
  EXPECT_TRUE(key.verify("HS256", as_bytes("text"), mac));
  EXPECT_FALSE(key.verify("HS384", as_bytes("text"), mac));
  EXPECT_FALSE(key.verify("none", as_bytes("text"), {}));
}

TEST_F(Inspect, OldDigestsAreThereForPolicies) {
  EXPECT_EQ(to_hex(*policy_digest("md5", as_bytes("hello"))), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(to_hex(*policy_hmac("sha1", as_bytes("key"), as_bytes(""))),
            "f42bb0eeb018ebbd4597ae7213711ec60760843f");
  EXPECT_FALSE(policy_digest("rot13", {}));
}

TEST_F(Inspect, WhatIsNoCertificateIsSaidInTheReferencesWords) {
  EXPECT_EQ(describe_certificate(as_bytes("badstring")).error().message(),
            "x509: malformed certificate");
  EXPECT_TRUE(describe_certificate_request(as_bytes("badstring"))
                  .error()
                  .message()
                  .starts_with("asn1: structure error"));
  EXPECT_FALSE(ForeignKey::from_jwks("{\"keys\": [{\"kty\": \"XX\"}]}"));
}

}  // namespace
}  // namespace unhidra::pki
