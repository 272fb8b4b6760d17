#include "unhidra/pki/certificate_request.h"

#include "device_fixtures.h"

namespace unhidra::pki {
namespace {

TEST(CertificateRequests, SayWhatTheirSenderAsksFor) {
  const auto key = device_key();
  const auto read = CertificateRequest::from_der(
      request_der(key.get(), {.uris = {"urn:a", "urn:b"}, .challenge = "binding"}));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->subject, "CN=a device");
  EXPECT_FALSE(read->subject_empty);
  EXPECT_EQ(read->uris, (std::vector<std::string>{"urn:a", "urn:b"}));
  EXPECT_EQ(read->challenge_password, "binding");
  EXPECT_EQ(read->public_key_der, public_key_der_of(key.get()));
}

TEST(CertificateRequests, OtherKeysAndWeakSignaturesAreRefused) {
  EXPECT_EQ(CertificateRequest::from_der(request_der({.curve = "RSA"})).error(), Errc::bad_request);
  EXPECT_EQ(CertificateRequest::from_der(request_der({.curve = "P-384"})).error(),
            Errc::bad_request);
  EXPECT_EQ(CertificateRequest::from_der(request_der({.digest = EVP_sha1()})).error(),
            Errc::bad_request);
  EXPECT_TRUE(CertificateRequest::from_der(request_der({.digest = EVP_sha384()})));
}

TEST(CertificateRequests, ExplicitCurveParametersAreRefused) {
  const auto key = device_key();
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), "encoding", "explicit"), 1);
  EXPECT_EQ(CertificateRequest::from_der(request_der(key.get())).error(), Errc::bad_request);
}

TEST(CertificateRequests, AnyChangedByteIsRefusedOrChangesNothingThatCounts) {
  const auto good = request_der({.uris = {"urn:a"}, .challenge = "binding"});
  const auto expected = CertificateRequest::from_der(good).value();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const Byte bit : {Byte{0x01}, Byte{0x20}, Byte{0x80}}) {
      auto changed = good;
      changed[at] = static_cast<Byte>(changed[at] ^ bit);
      const auto read = CertificateRequest::from_der(changed);
      if (read) {
        EXPECT_EQ(read->public_key_der, expected.public_key_der) << at;
        EXPECT_EQ(read->uris, expected.uris) << at;
        EXPECT_EQ(read->subject_der, expected.subject_der) << at;
      }
    }
  }
}

TEST(CertificateRequests, TruncatedProlongedAndOversizedOnesAreRefused) {
  const auto good = request_der();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(CertificateRequest::from_der(ByteView(good).first(size))) << size;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(CertificateRequest::from_der(longer));
  std::vector<std::string> uris(9, "urn:a");
  EXPECT_FALSE(CertificateRequest::from_der(request_der({.uris = uris})));
  EXPECT_FALSE(
      CertificateRequest::from_der(request_der({.uris = {"urn:" + std::string(9000, 'a')}})));
}

TEST(CertificateRequests, NamesOfOtherKindsAndDuplicatesAreRefused) {
  const auto with_names = [](const char* names, const char* more = nullptr) {
    return request_der({.change = [names, more](X509_REQ* request) {
      STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
      for (const char* each : {names, more}) {
        if (each != nullptr) {
          sk_X509_EXTENSION_push(list,
                                 X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, each));
        }
      }
      X509_REQ_add_extensions(request, list);
      sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    }});
  };
  EXPECT_FALSE(CertificateRequest::from_der(with_names("DNS:door.example")));
  EXPECT_FALSE(CertificateRequest::from_der(with_names("URI:urn:a,IP:192.0.2.1")));
  EXPECT_FALSE(CertificateRequest::from_der(with_names("URI:urn:a", "URI:urn:b")));
  EXPECT_FALSE(CertificateRequest::from_der(request_der({.challenge = std::string(256, 'a')})));
}

}  // namespace
}  // namespace unhidra::pki
