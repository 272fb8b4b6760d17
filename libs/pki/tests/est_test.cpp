#include "unhidra/pki/est.h"

#include <openssl/pkcs7.h>

#include "unhidra/pki/ocsp.h"

#include "device_fixtures.h"

namespace unhidra::pki {
namespace {

TEST(EstBodies, AreReadWithAndWithoutLineBreaks) {
  const Bytes der(300, 0xab);
  const auto text = to_base64(der);
  EXPECT_EQ(decode_est_body(text, 1024), der);
  EXPECT_EQ(decode_est_body(encode_est_body(der), 1024), der);
  std::string ragged;
  for (const char c : text) {
    ragged += c;
    ragged += "\r\n";
  }
  EXPECT_EQ(decode_est_body(ragged, 1024), der);
}

TEST(EstBodies, HostileBase64IsRefused) {
  for (const std::string body : {"", "    ", "A", "AA=A", "AAAA====", "AAA*",
                                 "-----BEGIN CERTIFICATE REQUEST-----", "AB=="}) {
    EXPECT_EQ(decode_est_body(body, 1024).error(), Errc::bad_request) << body;
  }
  EXPECT_FALSE(decode_est_body(std::string("AAAA\0AAAA", 9), 1024));
  EXPECT_FALSE(decode_est_body(to_base64(Bytes(1025)), 1024));
  EXPECT_TRUE(decode_est_body(to_base64(Bytes(1024)), 1024));
  EXPECT_FALSE(decode_est_body(std::string(100'000, '\n') + "AAAA", 1024));
}

TEST_F(DeviceAuthorityTest, CertsOnlyHoldsCertificatesAndNoSignature) {
  const auto made = issue(request_der(), days(90));
  const std::array both{made, authority_.certificate()};
  const auto der = certs_only(both).value();
  const Byte* at = der.data();
  const Owned<PKCS7, PKCS7_free> read(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
  ASSERT_TRUE(read && PKCS7_type_is_signed(read.get()));
  EXPECT_EQ(sk_X509_num(read->d.sign->cert), 2);
  EXPECT_EQ(sk_PKCS7_SIGNER_INFO_num(read->d.sign->signer_info), 0);
}

TEST(CsrAttributes, AreOneSequenceOfAttributesAndNames) {
  for (const bool binding : {false, true}) {
    const auto der = csr_attributes(binding);
    const Byte* at = der.data();
    const Owned<ASN1_TYPE, ASN1_TYPE_free> outer(
        d2i_ASN1_TYPE(nullptr, &at, static_cast<long>(der.size())));
    ASSERT_TRUE(outer);
    EXPECT_EQ(outer->type, V_ASN1_SEQUENCE);
    EXPECT_EQ(at, der.data() + der.size());
  }
}

TEST(Binding, IsTheChannelsOwnOrTheRequestIsRefused) {
  const Bytes unique(12, 1);
  const Bytes exporter(32, 2);
  const auto carrying = [](const std::string& challenge) {
    return CertificateRequest::from_der(request_der({.challenge = challenge})).value();
  };
  const ChannelBindings tls12{.tls_unique = unique, .tls_exporter = std::nullopt};
  const ChannelBindings tls13{.tls_unique = std::nullopt, .tls_exporter = exporter};
  using enum BindingMode;
  for (const auto mode : {if_present, required}) {
    EXPECT_TRUE(check_binding(carrying(to_base64(unique)), tls12, mode));
    EXPECT_TRUE(check_binding(carrying(to_base64(exporter)), tls13, mode));
    EXPECT_EQ(check_binding(carrying(to_base64(unique)), tls13, mode).error(), Errc::bad_request);
    EXPECT_EQ(check_binding(carrying("anything"), tls13, mode).error(), Errc::bad_request);
    EXPECT_EQ(check_binding(carrying(to_base64(exporter)), {}, mode).error(), Errc::bad_request);
  }
  EXPECT_TRUE(check_binding(carrying(""), tls13, if_present));
  EXPECT_EQ(check_binding(carrying(""), tls13, required).error(), Errc::bad_request);
  EXPECT_TRUE(check_binding(carrying("anything"), tls13, off));
}

TEST_F(DeviceAuthorityTest, OcspRefusesWhatIsNoRequest) {
  EXPECT_EQ(OcspRequest::from_der({}).error(), Errc::bad_request);
  EXPECT_EQ(OcspRequest::from_der(Bytes(100, 0x30)).error(), Errc::bad_request);
  EXPECT_EQ(OcspRequest::from_der(Bytes(5000, 0x30)).error(), Errc::bad_request);
  EXPECT_FALSE(ocsp_failure(OcspFailure::malformed_request).empty());
}

}  // namespace
}  // namespace unhidra::pki
