#pragma once
// Certificate requests made by hand, good ones and hostile ones.

#include <functional>
#include <string>
#include <vector>

#include <openssl/x509v3.h>

#include "unhidra/pki/device_authority.h"

#include "pki_fixtures.h"
#include "signer_key.h"

namespace unhidra::pki {

struct RequestSpec {
  std::string curve = "P-256";
  std::string common_name = "a device";
  std::vector<std::string> uris = {};
  std::string challenge = {};
  const EVP_MD* digest = EVP_sha256();
  // Before it is signed.
  std::function<void(X509_REQ*)> change = nullptr;
};

inline OwnedPkey device_key(const std::string& curve = "P-256") {
  return curve == "RSA" ? OwnedPkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}))
                        : OwnedPkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()));
}

inline void add_uris(X509_REQ* request, const std::vector<std::string>& uris) {
  std::string value;
  for (const auto& uri : uris) {
    value.append(value.empty() ? "URI:" : ",URI:").append(uri);
  }
  STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(
      list, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str()));
  X509_REQ_add_extensions(request, list);
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

inline Bytes request_der(EVP_PKEY* key, const RequestSpec& spec = {}) {
  const Owned<X509_REQ, X509_REQ_free> request(X509_REQ_new());
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(spec.common_name.c_str()), -1,
                             -1, 0);
  X509_REQ_set_pubkey(request.get(), key);
  if (!spec.uris.empty()) {
    add_uris(request.get(), spec.uris);
  }
  if (!spec.challenge.empty()) {
    X509_REQ_add1_attr_by_NID(request.get(), NID_pkcs9_challengePassword, MBSTRING_UTF8,
                              reinterpret_cast<const unsigned char*>(spec.challenge.c_str()), -1);
  }
  if (spec.change) {
    spec.change(request.get());
  }
  EXPECT_GT(X509_REQ_sign(request.get(), key, spec.digest), 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

inline Bytes request_der(const RequestSpec& spec = {}) {
  return request_der(device_key(spec.curve).get(), spec);
}

class DeviceAuthorityTest : public testing::Test {
 protected:
  static std::shared_ptr<const Signer> fresh_signer() {
    return make_software_signer(generate_signer_key()->expose()).value();
  }
  Validity days(int count) { return {clock_.time, clock_.time + std::chrono::hours(24 * count)}; }
  DeviceAuthority fresh_authority() {
    return DeviceAuthority::create("Test devices", days(3650), fresh_signer(), random_).value();
  }
  Certificate issue(const Bytes& request, const Validity& validity) {
    return authority_
        .issue(CertificateRequest::from_der(request).value(), identity_, validity, urls_, random_)
        .value();
  }

  FixedClock clock_;
  crypto::SystemRandom random_;
  DeviceAuthority authority_ = fresh_authority();
  DeviceIdentity identity_{OrgId::make(clock_, random_), DeviceId::make(clock_, random_)};
  StatusUrls urls_{.crl = {"http://pki.example/device.crl"}, .ocsp = {"http://pki.example/ocsp"}};
};

}  // namespace unhidra::pki
