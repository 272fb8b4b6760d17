#include "unhidra/pki/device_authority.h"

#include <algorithm>

#include "signer_key.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

constexpr std::size_t kMaxUrls = 8;
constexpr std::size_t kMaxUrl = 512;

using OwnedCrl = Owned<X509_CRL, X509_CRL_free>;
using OwnedRevoked = Owned<X509_REVOKED, X509_REVOKED_free>;
using OwnedInteger = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using OwnedTime = Owned<ASN1_TIME, ASN1_TIME_free>;
using OwnedEnumerated = Owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free>;
using OwnedAccess = Owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
using OwnedPoints = Owned<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;
using OwnedPoint = Owned<DIST_POINT, DIST_POINT_free>;
using OwnedDescription = Owned<ACCESS_DESCRIPTION, ACCESS_DESCRIPTION_free>;

std::unexpected<Error> failed() {
  return fail(Errc::signer_failed, "the authority could not sign");
}

bool is_url(const std::string& url) {
  return !url.empty() && url.size() <= kMaxUrl &&
         std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; });
}

// RFC 5280 section 4.2.1.13: one distribution point with all addresses of the one CRL.
bool add_crl_points(X509* certificate, const std::vector<std::string>& urls) {
  if (urls.empty()) {
    return true;
  }
  const OwnedPoints points(CRL_DIST_POINTS_new());
  OwnedPoint point(DIST_POINT_new());
  OwnedGeneralNames names(GENERAL_NAMES_new());
  if (!points || !point || !names) {
    return false;
  }
  for (const auto& url : urls) {
    if (!add_general_name(names.get(), GEN_URI, ia5_string(url))) {
      return false;
    }
  }
  point->distpoint = DIST_POINT_NAME_new();
  if (point->distpoint == nullptr) {
    return false;
  }
  point->distpoint->type = 0;  // fullName
  point->distpoint->name.fullname = names.release();
  if (sk_DIST_POINT_push(points.get(), point.get()) == 0) {
    return false;
  }
  static_cast<void>(point.release());
  return X509_add1_ext_i2d(certificate, NID_crl_distribution_points, points.get(), 0,
                           X509V3_ADD_DEFAULT) == 1;
}

// RFC 5280 section 4.2.2.1.
bool add_ocsp_access(X509* certificate, const std::vector<std::string>& urls) {
  if (urls.empty()) {
    return true;
  }
  const OwnedAccess access(AUTHORITY_INFO_ACCESS_new());
  for (const auto& url : urls) {
    OwnedDescription description(access ? ACCESS_DESCRIPTION_new() : nullptr);
    ASN1_STRING* value = description ? ia5_string(url) : nullptr;
    if (value == nullptr) {
      return false;
    }
    ASN1_OBJECT_free(description->method);
    description->method = OBJ_nid2obj(NID_ad_OCSP);
    GENERAL_NAME_set0_value(description->location, GEN_URI, value);
    if (sk_ACCESS_DESCRIPTION_push(access.get(), description.get()) == 0) {
      return false;
    }
    static_cast<void>(description.release());
  }
  return X509_add1_ext_i2d(certificate, NID_info_access, access.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_device_name(X509* certificate, const DeviceIdentity& identity) {
  const OwnedGeneralNames names(GENERAL_NAMES_new());
  return names && add_general_name(names.get(), GEN_URI, ia5_string(device_uri(identity))) &&
         X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) ==
             1;
}

bool add_authority_extensions(X509* certificate, X509* issuer) {
  return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         add_extension(certificate, issuer, NID_key_usage,
                       "critical,digitalSignature,keyCertSign,cRLSign") &&
         add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
}

bool add_device_extensions(X509* certificate, X509* issuer) {
  return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, issuer, NID_ext_key_usage, "clientAuth") &&
         add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
}

OwnedRevoked revoked_entry(const Revocation& revocation) {
  OwnedRevoked out(X509_REVOKED_new());
  const OwnedBignum number(BN_bin2bn(revocation.serial_number.data(),
                                     static_cast<int>(revocation.serial_number.size()), nullptr));
  const OwnedInteger serial(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
  const OwnedTime at(ASN1_TIME_new());
  if (!out || !serial || !at || !set_time(at.get(), revocation.at) ||
      X509_REVOKED_set_serialNumber(out.get(), serial.get()) != 1 ||
      X509_REVOKED_set_revocationDate(out.get(), at.get()) != 1) {
    return nullptr;
  }
  if (revocation.reason != RevocationReason::unspecified) {  // section 5.3.1: left out
    const OwnedEnumerated reason(ASN1_ENUMERATED_new());
    if (!reason || ASN1_ENUMERATED_set(reason.get(), static_cast<long>(revocation.reason)) != 1 ||
        X509_REVOKED_add1_ext_i2d(out.get(), NID_crl_reason, reason.get(), 0, X509V3_ADD_DEFAULT) !=
            1) {
      return nullptr;
    }
  }
  return out;
}

bool add_crl_number(X509_CRL* crl, X509* issuer, std::uint64_t number) {
  const OwnedInteger value(ASN1_INTEGER_new());
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
  const OwnedExtension key_id(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  return value && key_id && ASN1_INTEGER_set_uint64(value.get(), number) == 1 &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, value.get(), 0, X509V3_ADD_DEFAULT) == 1 &&
         X509_CRL_add_ext(crl, key_id.get(), -1) == 1;
}

Bytes der_of(X509_CRL* crl) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(crl, &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

}  // namespace

Result<DeviceAuthority> DeviceAuthority::make(Certificate certificate,
                                              std::shared_ptr<const Signer> signer) {
  if (!certificate.is_authority()) {
    return fail(Errc::bad_certificate, "not the certificate of an authority");
  }
  if (certificate.public_key_der() != signer->public_key_der()) {
    return fail(Errc::bad_key, "not the authority's private key");
  }
  return DeviceAuthority(std::move(certificate), std::move(signer));
}

Result<DeviceAuthority> DeviceAuthority::create(std::string_view common_name,
                                                const Validity& validity,
                                                std::shared_ptr<const Signer> signer,
                                                RandomSource& random) {
  const ErrorScope errors;
  if (!is_common_name(common_name) || !is_validity(validity)) {
    return fail(Errc::bad_parameters, "a name of 1 to 64 characters and a validity are needed");
  }
  const auto key = p256_public_key(signer->public_key_der());
  const auto signing = signing_pkey(*signer);
  if (!key || !signing) {
    return fail(Errc::bad_key, "an authority's key is on the curve P-256");
  }
  auto out = start_certificate(key.get(), common_name, validity, random);
  if (!out || X509_set_issuer_name(out.get(), X509_get_subject_name(out.get())) != 1 ||
      !add_authority_extensions(out.get(), out.get()) ||
      X509_sign(out.get(), signing.get(), EVP_sha256()) == 0) {
    return failed();
  }
  return make(CertificateAccess::wrap(std::move(out)), std::move(signer));
}

Result<DeviceAuthority> DeviceAuthority::successor(const Validity& validity,
                                                   std::shared_ptr<const Signer> signer,
                                                   RandomSource& random) const {
  const ErrorScope errors;
  if (!is_validity(validity)) {
    return fail(Errc::bad_parameters, "a validity is needed");
  }
  const auto key = p256_public_key(signer->public_key_der());
  const auto signing = signing_pkey(*signer);
  if (!key || !signing) {
    return fail(Errc::bad_key, "an authority's key is on the curve P-256");
  }
  const auto* name = X509_get_subject_name(CertificateAccess::get(certificate_));
  auto out = start_certificate(key.get(), "-", validity, random);
  if (!out || X509_set_subject_name(out.get(), name) != 1 ||
      X509_set_issuer_name(out.get(), name) != 1 ||
      !add_authority_extensions(out.get(), out.get()) ||
      X509_sign(out.get(), signing.get(), EVP_sha256()) == 0) {
    return failed();
  }
  return make(CertificateAccess::wrap(std::move(out)), std::move(signer));
}

Result<Certificate> DeviceAuthority::issue(const CertificateRequest& request,
                                           const DeviceIdentity& identity, const Validity& validity,
                                           const StatusUrls& urls, RandomSource& random) const {
  return issue(request.public_key_der, identity, validity, urls, random);
}

Result<Certificate> DeviceAuthority::issue(ByteView public_key_der, const DeviceIdentity& identity,
                                           const Validity& validity, const StatusUrls& urls,
                                           RandomSource& random) const {
  const ErrorScope errors;
  if (!is_validity(validity) || validity.not_after > certificate_.validity().not_after) {
    return fail(Errc::bad_parameters, "the certificate would outlive its authority");
  }
  for (const auto* list : {&urls.crl, &urls.ocsp}) {
    if (list->size() > kMaxUrls || !std::ranges::all_of(*list, is_url)) {
      return fail(Errc::bad_parameters, "not the URL of a CRL or OCSP responder");
    }
  }
  const auto key = p256_public_key(public_key_der);
  const auto signing = signing_pkey(*signer_);
  if (!key || !signing) {
    return fail(Errc::bad_key, "a device's key is on the curve P-256");
  }
  X509* const issuer = CertificateAccess::get(certificate_);
  auto out = start_certificate(key.get(), identity.device.to_string(), validity, random);
  if (!out || X509_set_issuer_name(out.get(), X509_get_subject_name(issuer)) != 1 ||
      !add_device_extensions(out.get(), issuer) || !add_device_name(out.get(), identity) ||
      !add_crl_points(out.get(), urls.crl) || !add_ocsp_access(out.get(), urls.ocsp) ||
      X509_sign(out.get(), signing.get(), EVP_sha256()) == 0) {
    return failed();
  }
  return CertificateAccess::wrap(std::move(out));
}

Result<Certificate> DeviceAuthority::certify(const DeviceAuthority& other,
                                             RandomSource& random) const {
  const ErrorScope errors;
  X509* const issuer = CertificateAccess::get(certificate_);
  X509* const subject = CertificateAccess::get(other.certificate_);
  const auto mine = certificate_.validity();
  const auto theirs = other.certificate_.validity();
  const Validity common{std::max(mine.not_before, theirs.not_before),
                        std::min(mine.not_after, theirs.not_after)};
  const auto key = p256_public_key(other.signer_->public_key_der());
  const auto signing = signing_pkey(*signer_);
  if (!is_validity(common) || !key || !signing) {
    return fail(Errc::bad_parameters, "the two authorities do not live at the same time");
  }
  auto out = start_certificate(key.get(), "-", common, random);
  if (!out || X509_set_subject_name(out.get(), X509_get_subject_name(subject)) != 1 ||
      X509_set_issuer_name(out.get(), X509_get_subject_name(issuer)) != 1 ||
      !add_authority_extensions(out.get(), issuer) ||
      !add_extension(out.get(), issuer, NID_authority_key_identifier, "keyid:always") ||
      X509_sign(out.get(), signing.get(), EVP_sha256()) == 0) {
    return failed();
  }
  return CertificateAccess::wrap(std::move(out));
}

Result<Bytes> DeviceAuthority::make_crl(std::span<const Revocation> revoked, std::uint64_t number,
                                        const CrlTimes& times) const {
  const ErrorScope errors;
  X509* const issuer = CertificateAccess::get(certificate_);
  const auto signing = signing_pkey(*signer_);
  const OwnedCrl crl(X509_CRL_new());
  const OwnedTime from(ASN1_TIME_new());
  const OwnedTime until(ASN1_TIME_new());
  if (!signing || !crl || !from || !until || !set_time(from.get(), times.this_update) ||
      !set_time(until.get(), times.next_update) || X509_CRL_set_version(crl.get(), 1) != 1 ||
      X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer)) != 1 ||
      X509_CRL_set1_lastUpdate(crl.get(), from.get()) != 1 ||
      X509_CRL_set1_nextUpdate(crl.get(), until.get()) != 1) {
    return failed();
  }
  for (const auto& revocation : revoked) {
    auto entry = revoked_entry(revocation);
    if (!entry || X509_CRL_add0_revoked(crl.get(), entry.get()) != 1) {
      return failed();
    }
    static_cast<void>(entry.release());
  }
  if (!add_crl_number(crl.get(), issuer, number) || X509_CRL_sort(crl.get()) != 1 ||
      X509_CRL_sign(crl.get(), signing.get(), EVP_sha256()) == 0) {
    return failed();
  }
  return der_of(crl.get());
}

}  // namespace unhidra::pki
