#include "unhidra/pki/certificate_request.h"

#include <set>

#include "unhidra/base/text.h"

#include "signer_key.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

using OwnedRequest = Owned<X509_REQ, X509_REQ_free>;

constexpr int kMaxAttributes = 16;
constexpr int kMaxExtensions = 32;
constexpr int kMaxUris = 8;
constexpr std::size_t kMaxChallenge = 255;  // RFC 2985 appendix A, pkcs-9-ub-challengePassword

using OwnedExtensions = Owned<STACK_OF(X509_EXTENSION), free_extensions>;

std::unexpected<Error> bad(const char* what) {
  return fail(Errc::bad_request, what);
}

std::string_view text_of(const ASN1_STRING* string) {
  return as_text(ByteView(ASN1_STRING_get0_data(string),
                          static_cast<std::size_t>(ASN1_STRING_length(string))));
}

bool has_good_algorithm(const X509_REQ* request) {
  const int nid = X509_REQ_get_signature_nid(request);
  return nid == NID_ecdsa_with_SHA256 || nid == NID_ecdsa_with_SHA384 ||
         nid == NID_ecdsa_with_SHA512;
}

// id-aa-decryptKeyID (RFC 4108 section 2.2.5) and id-aa-asymmDecryptKeyID (RFC 7030 section
// 4.4.1.2).
bool names_a_key_to_envelope_for(X509_ATTRIBUTE* attribute) {
  char text[64] = {};
  OBJ_obj2txt(text, sizeof text, X509_ATTRIBUTE_get0_object(attribute), 1);
  const std::string_view id(text);
  return id == "1.2.840.113549.1.9.16.2.37" || id == "1.2.840.113549.1.9.16.2.54";
}

Status read_attributes(X509_REQ* request, CertificateRequest& out) {
  const int count = X509_REQ_get_attr_count(request);
  if (count > kMaxAttributes) {
    return bad("more attributes than a certificate request may have");
  }
  std::set<int> seen;
  for (int i = 0; i < count; ++i) {
    X509_ATTRIBUTE* attribute = X509_REQ_get_attr(request, i);
    const int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute));
    if (nid != NID_undef && !seen.insert(nid).second) {
      return bad("an attribute stands twice in the certificate request");
    }
    if (nid != NID_pkcs9_challengePassword) {
      out.wants_enveloped_key = out.wants_enveloped_key || names_a_key_to_envelope_for(attribute);
      continue;
    }
    const ASN1_TYPE* value =
        X509_ATTRIBUTE_count(attribute) == 1 ? X509_ATTRIBUTE_get0_type(attribute, 0) : nullptr;
    const bool directory_string =
        value != nullptr &&
        (value->type == V_ASN1_UTF8STRING || value->type == V_ASN1_PRINTABLESTRING ||
         value->type == V_ASN1_T61STRING || value->type == V_ASN1_IA5STRING);
    if (!directory_string || text_of(value->value.asn1_string).size() > kMaxChallenge) {
      return bad("a malformed challengePassword");
    }
    out.challenge_password = std::string(text_of(value->value.asn1_string));
  }
  return {};
}

Status read_alternative_names(const X509_EXTENSION* extension, CertificateRequest& out) {
  const OwnedGeneralNames names(
      static_cast<GENERAL_NAMES*>(X509V3_EXT_d2i(const_cast<X509_EXTENSION*>(extension))));
  if (!names || sk_GENERAL_NAME_num(names.get()) > kMaxUris) {
    return bad("malformed alternative names");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_URI) {
      return bad("a device has no alternative names but its own URI");
    }
    out.uris.emplace_back(text_of(static_cast<const ASN1_STRING*>(value)));
  }
  return {};
}

Status read_extensions(X509_REQ* request, CertificateRequest& out) {
  const OwnedExtensions extensions(X509_REQ_get_extensions(request));
  const int count = extensions ? sk_X509_EXTENSION_num(extensions.get()) : 0;
  if (count > kMaxExtensions) {
    return bad("more extensions than a certificate request may have");
  }
  bool named = false;
  for (int i = 0; i < count; ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(extensions.get(), i);
    if (OBJ_obj2nid(X509_EXTENSION_get_object(extension)) != NID_subject_alt_name) {
      continue;  // what a certificate holds is decided by the profile, not by the request
    }
    if (std::exchange(named, true)) {
      return bad("alternative names stand twice in the certificate request");
    }
    UNHIDRA_TRY_VOID(read_alternative_names(extension, out));
  }
  return {};
}

Status read_subject(X509_REQ* request, CertificateRequest& out) {
  const X509_NAME* name = X509_REQ_get_subject_name(request);
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(name, &der, &size) != 1) {
    return bad("a malformed subject");
  }
  out.subject_der = to_bytes(ByteView(der, size));
  out.subject_empty = X509_NAME_entry_count(name) == 0;
  out.subject = one_line(name);
  return {};
}

}  // namespace

Result<CertificateRequest> CertificateRequest::from_der(ByteView der) {
  const ErrorScope errors;
  if (der.empty() || der.size() > kMaxCertificateRequest) {
    return bad("a certificate request has 1 to 8192 bytes");
  }
  const Byte* at = der.data();
  const OwnedRequest request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request || at != der.data() + der.size() || X509_REQ_get_version(request.get()) != 0) {
    return bad("not one certificate request in DER");
  }
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || !is_named_p256(key)) {
    return bad("the key of a device is on the curve P-256");
  }
  if (!has_good_algorithm(request.get()) || X509_REQ_verify(request.get(), key) != 1) {
    return bad("the certificate request is not signed with its own key");
  }
  CertificateRequest out;
  out.public_key_der = public_key_der_of(key);
  UNHIDRA_TRY_VOID(read_subject(request.get(), out));
  UNHIDRA_TRY_VOID(read_attributes(request.get(), out));
  UNHIDRA_TRY_VOID(read_extensions(request.get(), out));
  return out;
}

}  // namespace unhidra::pki
