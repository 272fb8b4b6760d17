#include "unhidra/pki/device_authority.h"

#include <set>

#include <openssl/pem.h>

#include "device_fixtures.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

std::string extension_text(const Certificate& certificate, int nid) {
  X509* const x509 = CertificateAccess::get(certificate);
  const int at = X509_get_ext_by_NID(x509, nid, -1);
  if (at < 0) {
    return "(none)";
  }
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  X509V3_EXT_print(bio.get(), X509_get_ext(x509, at), 0, 0);
  return content(bio.get()) +
         (X509_EXTENSION_get_critical(X509_get_ext(x509, at)) == 1 ? " (critical)" : "");
}

TEST_F(DeviceAuthorityTest, IssuesTheDeviceProfile) {
  const auto key = device_key();
  const auto made = issue(request_der(key.get()), days(90));
  EXPECT_EQ(made.subject(), "CN=" + identity_.device.to_string());
  EXPECT_EQ(made.uris(), std::vector<std::string>{device_uri(identity_)});
  EXPECT_EQ(made.public_key_der(), public_key_der_of(key.get()));
  EXPECT_EQ(made.validity().not_after - made.validity().not_before, std::chrono::hours(24 * 90));
  EXPECT_EQ(extension_text(made, NID_key_usage), "Digital Signature (critical)");
  EXPECT_EQ(extension_text(made, NID_ext_key_usage), "TLS Web Client Authentication");
  EXPECT_EQ(extension_text(made, NID_basic_constraints), "CA:FALSE (critical)");
  EXPECT_NE(extension_text(made, NID_crl_distribution_points).find("http://pki.example/device.crl"),
            std::string::npos);
  EXPECT_EQ(extension_text(made, NID_info_access), "OCSP - URI:http://pki.example/ocsp");
  EXPECT_TRUE(made.check_issued_by(authority_.certificate()));
  const std::array trusted{authority_.certificate()};
  EXPECT_EQ(verify_device_certificate(made, trusted, clock_.time), identity_);
}

TEST_F(DeviceAuthorityTest, NothingOfTheRequestIsTakenOverButItsKey) {
  const auto made = issue(request_der({.common_name = "root", .uris = {"urn:other"}}), days(90));
  EXPECT_EQ(made.subject(), "CN=" + identity_.device.to_string());
  EXPECT_EQ(made.uris(), std::vector<std::string>{device_uri(identity_)});
}

TEST_F(DeviceAuthorityTest, SerialNumbersAreLongAndNeverTheSame) {
  std::set<Bytes> seen;
  const auto request = request_der();
  for (int i = 0; i < 50; ++i) {
    const auto serial = issue(request, days(1)).serial_number();
    EXPECT_GE(serial.size(), 16U);
    EXPECT_TRUE(seen.insert(serial).second);
  }
}

TEST_F(DeviceAuthorityTest, NoCertificateOutlivesItsAuthority) {
  const auto request = CertificateRequest::from_der(request_der()).value();
  EXPECT_EQ(authority_.issue(request, identity_, days(3651), urls_, random_).error(),
            Errc::bad_parameters);
  EXPECT_EQ(
      authority_.issue(request, identity_, days(1), {.crl = {"http://a b"}, .ocsp = {}}, random_)
          .error(),
      Errc::bad_parameters);
}

TEST_F(DeviceAuthorityTest, CertificatesOfOthersAndOfOtherTimesAreNotBelieved) {
  const auto made = issue(request_der(), days(90));
  const auto twin = fresh_authority();
  const std::array others{twin.certificate()};
  const std::array ours{twin.certificate(), authority_.certificate()};
  EXPECT_EQ(verify_device_certificate(made, others, clock_.time).error(),
            Errc::untrusted_certificate);
  EXPECT_TRUE(verify_device_certificate(made, ours, clock_.time));
  EXPECT_FALSE(verify_device_certificate(made, ours, clock_.time - std::chrono::seconds(1)));
  EXPECT_FALSE(
      verify_device_certificate(made, ours, clock_.time + std::chrono::hours(24 * 90 + 1)));
  EXPECT_FALSE(verify_device_certificate(authority_.certificate(), ours, clock_.time));
}

TEST_F(DeviceAuthorityTest, AUriHasOneSpelling) {
  const auto uri = device_uri(identity_);
  EXPECT_EQ(parse_device_uri(uri), identity_);
  auto upper = uri;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return static_cast<char>(toupper(c)); });
  for (const auto& bad : {upper, uri + " ", uri.substr(1), std::string("urn:unhidra:device:"),
                          std::string(), uri.substr(0, uri.size() - 1) + "g"}) {
    EXPECT_EQ(parse_device_uri(bad), std::nullopt) << bad;
  }
}

TEST_F(DeviceAuthorityTest, RollOverCertificatesLeadFromOneAuthorityToTheOther) {
  const auto fresh = fresh_authority();
  const auto new_with_old = authority_.certify(fresh, random_).value();
  const auto old_with_new = fresh.certify(authority_, random_).value();
  EXPECT_TRUE(new_with_old.check_issued_by(authority_.certificate()));
  EXPECT_TRUE(old_with_new.check_issued_by(fresh.certificate()));
  EXPECT_EQ(new_with_old.public_key_der(), fresh.certificate().public_key_der());
  EXPECT_EQ(old_with_new.public_key_der(), authority_.certificate().public_key_der());
  // What the new authority issues is believed through the old one's word.
  const auto made = fresh
                        .issue(CertificateRequest::from_der(request_der()).value(), identity_,
                               days(1), urls_, random_)
                        .value();
  const std::array bridge{new_with_old};
  EXPECT_TRUE(verify_device_certificate(made, bridge, clock_.time));
}

TEST_F(DeviceAuthorityTest, ACrlNamesWhatWasRevoked) {
  const auto made = issue(request_der(), days(90));
  const std::array revoked{Revocation{.serial_number = made.serial_number(),
                                      .at = clock_.time,
                                      .reason = RevocationReason::key_compromise}};
  const auto der =
      authority_.make_crl(revoked, 7, {clock_.time, clock_.time + std::chrono::hours(1)}).value();
  const Byte* at = der.data();
  const Owned<X509_CRL, X509_CRL_free> crl(
      d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  ASSERT_TRUE(crl);
  EXPECT_EQ(X509_CRL_verify(crl.get(),
                            X509_get0_pubkey(CertificateAccess::get(authority_.certificate()))),
            1);
  X509_REVOKED* entry = nullptr;
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, CertificateAccess::get(made)), 1);
  const auto other = issue(request_der(), days(90));
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, CertificateAccess::get(other)), 0);
}

TEST_F(DeviceAuthorityTest, AKeyOfAnotherAuthorityOrCurveIsRefused) {
  EXPECT_EQ(DeviceAuthority::make(authority_.certificate(), fresh_signer()).error(), Errc::bad_key);
  EXPECT_EQ(DeviceAuthority::make(issue(request_der(), days(1)), authority_.signer()).error(),
            Errc::bad_certificate);
  const auto p384 = device_key("P-384");
  EXPECT_EQ(make_software_signer(write_private_key(p384.get()).expose()).error(), Errc::bad_key);
}

}  // namespace
}  // namespace unhidra::pki
