#include "unhidra/pki/x509.h"

#include "pki_fixtures.h"

namespace unhidra::pki {
namespace {

using std::chrono::hours;

class X509 : public testing::Test {
 protected:
  Validity years(int count) { return {clock_.time, clock_.time + hours(24 * 365 * count)}; }
  FixedClock clock_;
  crypto::SystemRandom random_;
  IssuedCertificate authority_ = make_authority("Example Authority", years(10), random_).value();
  ServerNames names_{.dns = {"chat.example.org", "*.chat.example.org"},
                     .ip_addresses = {"192.0.2.1", "2001:db8::1"}};
};

TEST_F(X509, AServerCertificateChainsToItsAuthority) {
  const auto issued = issue_server_certificate(
      authority_.certificate_pem, authority_.private_key_pem.expose(), names_, years(1), random_);
  ASSERT_TRUE(issued) << issued.error().message();
  const auto root = Certificate::from_pem(authority_.certificate_pem).value();
  const auto server = Certificate::from_pem(issued->certificate_pem).value();
  EXPECT_TRUE(root.is_authority());
  EXPECT_FALSE(server.is_authority());
  EXPECT_TRUE(server.check_issued_by(root));
  EXPECT_TRUE(root.check_issued_by(root));
  EXPECT_EQ(root.check_issued_by(server).error(), Errc::bad_certificate);
  EXPECT_EQ(server.subject(), "CN=chat.example.org");
  EXPECT_EQ(server.issuer(), "CN=Example Authority");
  EXPECT_EQ(server.dns_names(), names_.dns);
  EXPECT_EQ(server.ip_addresses(), names_.ip_addresses);
  EXPECT_TRUE(server.check_private_key(issued->private_key_pem.expose()));
  EXPECT_EQ(server.check_private_key(authority_.private_key_pem.expose()).error(), Errc::bad_key);
}

TEST_F(X509, AnotherAuthorityOfTheSameNameDidNotIssueIt) {
  const auto twin = make_authority("Example Authority", years(10), random_).value();
  const auto issued = issue_server_certificate(twin.certificate_pem, twin.private_key_pem.expose(),
                                               names_, years(1), random_);
  const auto server = Certificate::from_pem(issued->certificate_pem).value();
  EXPECT_FALSE(server.check_issued_by(Certificate::from_pem(authority_.certificate_pem).value()));
}

TEST_F(X509, TimesAndFingerprintAreRead) {
  const auto root = Certificate::from_pem(authority_.certificate_pem).value();
  EXPECT_EQ(root.validity().not_before, clock_.time);
  EXPECT_EQ(root.remaining(clock_.time), hours(24 * 3650));
  EXPECT_LT(root.remaining(clock_.time + hours(24 * 3651)).count(), 0);
  EXPECT_EQ(Certificate::from_pem(root.to_pem())->sha256_fingerprint(), root.sha256_fingerprint());
  EXPECT_NE(root.sha256_fingerprint(),
            Certificate::from_pem(
                make_authority("Example Authority", years(10), random_)->certificate_pem)
                ->sha256_fingerprint());
}

TEST_F(X509, ChainsAreReadWholeOrNotAtAll) {
  const auto pem = authority_.certificate_pem;
  EXPECT_EQ(Certificate::chain_from_pem(pem + pem)->size(), 2U);
  EXPECT_FALSE(Certificate::chain_from_pem(""));
  EXPECT_FALSE(Certificate::chain_from_pem("no certificate here"));
  EXPECT_FALSE(Certificate::chain_from_pem(
      pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  std::string many;
  for (int i = 0; i < 17; ++i) {
    many += pem;
  }
  EXPECT_FALSE(Certificate::chain_from_pem(many));
  EXPECT_FALSE(Certificate::from_pem("-----BEGIN CERTIFICATE-----\n"));
}

TEST_F(X509, BadNamesNeverReachACertificate) {
  const auto issue = [&](ServerNames names) {
    return issue_server_certificate(authority_.certificate_pem, authority_.private_key_pem.expose(),
                                    names, years(1), random_);
  };
  for (const std::string& dns :
       {std::string(""), std::string("*"), std::string("*.org"), std::string("a..b"),
        std::string("-a.example"), std::string("a.*.example"), std::string("a b.example"),
        std::string("a.example\0.evil", 15), std::string("a.example,DNS:evil.example"),
        std::string(64, 'a') + ".example", std::string("xn--\xc3\xa4.example")}) {
    EXPECT_EQ(issue({.dns = {dns}, .ip_addresses = {}}).error(), Errc::bad_parameters) << dns;
  }
  for (const std::string& ip : {std::string("1.2.3"), std::string("::g"), std::string("1.2.3.256"),
                                std::string("1.2.3.4\0x", 9), std::string("localhost")}) {
    EXPECT_EQ(issue({.dns = {}, .ip_addresses = {ip}}).error(), Errc::bad_parameters) << ip;
  }
  EXPECT_EQ(issue({.dns = {}, .ip_addresses = {}}).error(), Errc::bad_parameters);
  EXPECT_TRUE(issue({.dns = {"localhost"}, .ip_addresses = {"127.0.0.1", "::1"}}));
}

TEST_F(X509, OnlyAnAuthorityWithItsKeyIssuesAndNotBeyondItsEnd) {
  const auto key = authority_.private_key_pem.expose();
  const auto server =
      issue_server_certificate(authority_.certificate_pem, key, names_, years(1), random_).value();
  EXPECT_EQ(issue_server_certificate(server.certificate_pem, server.private_key_pem.expose(),
                                     names_, years(1), random_)
                .error(),
            Errc::bad_certificate);
  EXPECT_EQ(issue_server_certificate(authority_.certificate_pem, server.private_key_pem.expose(),
                                     names_, years(1), random_)
                .error(),
            Errc::bad_key);
  EXPECT_EQ(
      issue_server_certificate(authority_.certificate_pem, key, names_, years(11), random_).error(),
      Errc::bad_parameters);
  EXPECT_EQ(make_authority("", years(1), random_).error(), Errc::bad_parameters);
  EXPECT_EQ(make_authority("x", {clock_.time, clock_.time}, random_).error(), Errc::bad_parameters);
}

}  // namespace
}  // namespace unhidra::pki
