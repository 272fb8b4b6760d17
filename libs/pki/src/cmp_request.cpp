#include "cmp_request.h"

#include <algorithm>

#include "der_walk.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

using OwnedExtensions = Owned<X509_EXTENSIONS, free_extensions>;
using OwnedEnumerated = Owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free>;

constexpr int kTemplatePublicKey = 6;  // CertTemplate, RFC 4211 section 5

// CertTemplate's key has no accessor in OpenSSL 3.0: [6] IMPLICIT SubjectPublicKeyInfo.
Bytes template_key(const OSSL_CRMF_CERTTEMPLATE* fields) {
  unsigned char* der = nullptr;
  const int size = i2d_OSSL_CRMF_CERTTEMPLATE(const_cast<OSSL_CRMF_CERTTEMPLATE*>(fields), &der);
  const Bytes whole(der, der + std::max(size, 0));
  OPENSSL_free(der);
  auto rest = unwrap(whole, V_ASN1_SEQUENCE);
  while (rest) {
    const auto field = next_element(*rest);
    if (!field) {
      break;
    }
    if (field->context && field->tag == kTemplatePublicKey) {
      Bytes out = to_bytes(field->whole);
      out.front() = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
      return out;
    }
  }
  return {};
}

void read_name(const X509_NAME* name, CmpIssuer::Request& out) {
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (name != nullptr && X509_NAME_get0_der(name, &der, &size) == 1) {
    out.subject_der = to_bytes(ByteView(der, size));
    out.subject_empty = X509_NAME_entry_count(name) == 0;
    out.subject = one_line(name);
  }
}

bool read_uris(const STACK_OF(X509_EXTENSION) * extensions, std::vector<std::string>& out) {
  const OwnedGeneralNames names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_URI) {
      return false;
    }
    const auto* text = static_cast<const ASN1_STRING*>(value);
    out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return true;
}

}  // namespace

Bytes serial_bytes(const ASN1_INTEGER* serial) {
  if (serial == nullptr) {
    return {};
  }
  return to_bytes(ByteView(ASN1_STRING_get0_data(serial),
                           static_cast<std::size_t>(ASN1_STRING_length(serial))));
}

Result<CmpIssuer::Request> read_template(const OSSL_CRMF_MSG* message) {
  CmpIssuer::Request out;
  const auto* fields = OSSL_CRMF_MSG_get0_tmpl(message);
  out.public_key_der = template_key(fields);
  read_name(OSSL_CRMF_CERTTEMPLATE_get0_subject(fields), out);
  if (!read_uris(OSSL_CRMF_CERTTEMPLATE_get0_extensions(fields), out.uris)) {
    return fail(Errc::bad_request, "a device has no alternative names but its own URI");
  }
  if (const auto* old = OSSL_CRMF_MSG_get0_regCtrl_oldCertID(message)) {
    out.old_serial_number = serial_bytes(OSSL_CRMF_CERTID_get0_serialNumber(old));
  }
  return out;
}

Result<CmpIssuer::Request> read_pkcs10(const X509_REQ* request) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(const_cast<X509_REQ*>(request), &der);
  const Bytes bytes(der, der + std::max(size, 0));
  OPENSSL_free(der);
  UNHIDRA_TRY(auto read, CertificateRequest::from_der(bytes));
  return CmpIssuer::Request{.body = CmpBody::pkcs10_request,
                            .public_key_der = std::move(read.public_key_der),
                            .subject_der = std::move(read.subject_der),
                            .subject_empty = read.subject_empty,
                            .subject = std::move(read.subject),
                            .uris = std::move(read.uris),
                            .old_serial_number = {}};
}

RevocationReason revocation_reason(const OSSL_CMP_MSG* message) {
  unsigned char* der = nullptr;
  const int size = i2d_OSSL_CMP_MSG(message, &der);
  const Bytes whole(der, der + std::max(size, 0));
  OPENSSL_free(der);
  // PKIMessage, PKIBody, RevReqContent, RevDetails, crlEntryDetails (RFC 4210 section 5.3.9).
  auto rest = unwrap(whole, V_ASN1_SEQUENCE);
  const auto header = rest ? next_element(*rest) : std::nullopt;
  const auto body = header ? next_element(*rest) : std::nullopt;
  const auto all = body ? unwrap(body->content, V_ASN1_SEQUENCE) : std::nullopt;
  auto details = all ? unwrap(*all, V_ASN1_SEQUENCE) : std::nullopt;
  const auto fields = details ? next_element(*details) : std::nullopt;
  if (!fields || details->empty()) {
    return RevocationReason::unspecified;
  }
  const Byte* at = details->data();
  const OwnedExtensions extensions(
      d2i_X509_EXTENSIONS(nullptr, &at, static_cast<long>(details->size())));
  const OwnedEnumerated code(static_cast<ASN1_ENUMERATED*>(
      X509V3_get_d2i(extensions.get(), NID_crl_reason, nullptr, nullptr)));
  const auto value = code ? ASN1_ENUMERATED_get(code.get()) : 0;
  const auto reason = static_cast<RevocationReason>(value);
  const bool ours = value >= 0 && value <= 0xff &&
                    parse_revocation_reason(to_string(reason)) == std::optional(reason);
  return ours ? reason : RevocationReason::unspecified;
}

}  // namespace unhidra::pki
