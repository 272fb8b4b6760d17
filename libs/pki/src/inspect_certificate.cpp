// Certificates and requests of others, described and verified.
#include <array>
#include <ctime>

#include <openssl/x509_vfy.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/inspect.h"

#include "description.h"

namespace unhidra::pki {
namespace {

using OwnedRequest = Owned<X509_REQ, X509_REQ_free>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;
using OwnedStoreCtx = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;

void free_certificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using OwnedChain = Owned<STACK_OF(X509), free_certificates>;
using OwnedBasicConstraints = Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using OwnedKeyUsage = Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OwnedExtKeyUsage = Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using OwnedAccess = Owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
using OwnedPoints = Owned<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;
using OwnedPolicies = Owned<CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free>;

OwnedX509 read_certificate(ByteView der) {
  const Byte* at = der.data();
  return OwnedX509(
      der.size() > kMaxInspected ? nullptr : d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

ByteView bytes_of(const ASN1_STRING* string) {
  if (string == nullptr) {
    return {};
  }
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string describe_time(const ASN1_TIME* time) {
  std::tm parts{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &parts) != 1 ||
      std::strftime(text.data(), text.size(), "\"%Y-%m-%dT%H:%M:%SZ\"", &parts) == 0) {
    return "null";
  }
  return text.data();
}

std::string describe_key_usage(const X509* x509) {
  const OwnedKeyUsage usage(
      static_cast<ASN1_BIT_STRING*>(X509_get_ext_d2i(x509, NID_key_usage, nullptr, nullptr)));
  int bits = 0;
  for (int i = 0; usage && i < 9; ++i) {
    bits |= ASN1_BIT_STRING_get_bit(usage.get(), i) << i;
  }
  return std::to_string(bits);
}

void describe_extended_usage(const X509* x509, JsonObject& out) {
  constexpr std::array<int, 14> kKnown = {
      NID_anyExtendedKeyUsage, NID_server_auth,    NID_client_auth, NID_code_sign,
      NID_email_protect,       NID_ipsecEndSystem, NID_ipsecTunnel, NID_ipsecUser,
      NID_time_stamp,          NID_OCSP_sign,      NID_ms_sgc,      NID_ns_sgc,
      NID_ms_code_com,         NID_undef};
  const OwnedExtKeyUsage usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr)));
  std::vector<std::string> known;
  std::vector<std::string> unknown;
  for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    const ASN1_OBJECT* object = sk_ASN1_OBJECT_value(usages.get(), i);
    const int nid = OBJ_obj2nid(object);
    const auto found = std::find(kKnown.begin(), kKnown.end() - 1, nid);
    if (nid != NID_undef && found != kKnown.end() - 1) {
      known.push_back(std::to_string(found - kKnown.begin()));
    } else {
      unknown.push_back(describe_oid(object));
    }
  }
  out.add("ExtKeyUsage", json_list(known)).add("UnknownExtKeyUsage", json_list(unknown));
}

void describe_constraints(const X509* x509, JsonObject& out) {
  const OwnedBasicConstraints basic(static_cast<BASIC_CONSTRAINTS*>(
      X509_get_ext_d2i(x509, NID_basic_constraints, nullptr, nullptr)));
  const long length = !basic                      ? 0
                      : basic->pathlen != nullptr ? ASN1_INTEGER_get(basic->pathlen)
                                                  : -1;
  out.add("BasicConstraintsValid", basic ? "true" : "false")
      .add("IsCA", basic && basic->ca != 0 ? "true" : "false")
      .add("MaxPathLen", std::to_string(length))
      .add("MaxPathLenZero", basic && length == 0 ? "true" : "false");
}

void describe_access(const X509* x509, JsonObject& out) {
  const OwnedAccess access(static_cast<AUTHORITY_INFO_ACCESS*>(
      X509_get_ext_d2i(x509, NID_info_access, nullptr, nullptr)));
  std::vector<std::string> ocsp;
  std::vector<std::string> issuers;
  for (int i = 0; access && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* item = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(item->location, &type);
    if (type != GEN_URI) {
      continue;
    }
    const std::string uri = json_text(as_text(bytes_of(static_cast<const ASN1_STRING*>(value))));
    const int method = OBJ_obj2nid(item->method);
    if (method == NID_ad_OCSP) {
      ocsp.push_back(uri);
    } else if (method == NID_ad_ca_issuers) {
      issuers.push_back(uri);
    }
  }
  out.add("OCSPServer", json_list(ocsp)).add("IssuingCertificateURL", json_list(issuers));
}

std::string describe_crl_points(const X509* x509) {
  const OwnedPoints points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(x509, NID_crl_distribution_points, nullptr, nullptr)));
  std::vector<std::string> out;
  for (int i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT_NAME* name = sk_DIST_POINT_value(points.get(), i)->distpoint;
    if (name == nullptr || name->type != 0) {
      continue;
    }
    for (int j = 0; j < sk_GENERAL_NAME_num(name->name.fullname); ++j) {
      int type = 0;
      const void* value =
          GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(name->name.fullname, j), &type);
      if (type == GEN_URI) {
        out.push_back(json_text(as_text(bytes_of(static_cast<const ASN1_STRING*>(value)))));
      }
    }
  }
  return json_list(out);
}

void describe_policies(const X509* x509, JsonObject& out) {
  const OwnedPolicies policies(static_cast<CERTIFICATEPOLICIES*>(
      X509_get_ext_d2i(x509, NID_certificate_policies, nullptr, nullptr)));
  std::vector<std::string> identifiers;
  std::vector<std::string> dotted;
  for (int i = 0; policies && i < sk_POLICYINFO_num(policies.get()); ++i) {
    const ASN1_OBJECT* id = sk_POLICYINFO_value(policies.get(), i)->policyid;
    identifiers.push_back(describe_oid(id));
    dotted.push_back(json_text(dotted_oid(id)));
  }
  out.add("PolicyIdentifiers", json_list(identifiers)).add("Policies", json_list(dotted));
}

// Parts of name constraints are not listed one by one; `Extensions` has them in full.
void describe_name_constraints(JsonObject& out) {
  out.add("PermittedDNSDomainsCritical", "false");
  for (const std::string_view member :
       {"PermittedDNSDomains", "ExcludedDNSDomains", "PermittedIPRanges", "ExcludedIPRanges",
        "PermittedEmailAddresses", "ExcludedEmailAddresses", "PermittedURIDomains",
        "ExcludedURIDomains"}) {
    out.add(member, "null");
  }
}

std::string describe(X509* x509, ByteView der) {
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, x509);
  const OwnedPkey key(X509_get_pubkey(x509));
  const OwnedBignum serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), nullptr));
  JsonObject out;
  out.add("Raw", json_base64(der))
      .add("RawTBSCertificate", json_base64(encoded(x509, i2d_re_X509_tbs)))
      .add("RawSubjectPublicKeyInfo",
           json_base64(encoded(X509_get_X509_PUBKEY(x509), i2d_X509_PUBKEY)))
      .add("RawSubject", json_base64(encoded(X509_get_subject_name(x509), i2d_X509_NAME)))
      .add("RawIssuer", json_base64(encoded(X509_get_issuer_name(x509), i2d_X509_NAME)))
      .add("Signature", json_base64(bytes_of(signature)))
      .add("SignatureAlgorithm", std::to_string(signature_algorithm(algorithm)))
      .add("PublicKeyAlgorithm", std::to_string(public_key_algorithm(key.get())))
      .add("PublicKey", key ? describe_public_key(key.get()) : "null")
      .add("Version", std::to_string(X509_get_version(x509) + 1))
      .add("SerialNumber", json_number(serial.get()))
      .add("Issuer", describe_name(X509_get_issuer_name(x509)))
      .add("Subject", describe_name(X509_get_subject_name(x509)))
      .add("NotBefore", describe_time(X509_get0_notBefore(x509)))
      .add("NotAfter", describe_time(X509_get0_notAfter(x509)))
      .add("KeyUsage", describe_key_usage(x509))
      .add("Extensions", describe_extensions(X509_get0_extensions(x509)))
      .add("ExtraExtensions", "null")
      .add("UnhandledCriticalExtensions", "null");
  describe_extended_usage(x509, out);
  describe_constraints(x509, out);
  out.add("SubjectKeyId", json_base64(bytes_of(X509_get0_subject_key_id(x509))))
      .add("AuthorityKeyId", json_base64(bytes_of(X509_get0_authority_key_id(x509))));
  describe_access(x509, out);
  const OwnedGeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  std::string uris;
  describe_alternative_names(names.get(), out, &uris);
  describe_name_constraints(out);
  out.add("CRLDistributionPoints", describe_crl_points(x509));
  describe_policies(x509, out);
  return out.add("URIStrings", uris).text();
}

// An OID of the rules, or any.
bool allows_usage(X509* x509, const std::vector<std::string>& wanted) {
  const OwnedExtKeyUsage usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr)));
  if (!usages) {
    return true;  // no extension: no restriction (RFC 5280 section 4.2.1.12)
  }
  const std::string any = dotted_oid(OBJ_nid2obj(NID_anyExtendedKeyUsage));
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    const std::string found = dotted_oid(sk_ASN1_OBJECT_value(usages.get(), i));
    if (found == any || std::find(wanted.begin(), wanted.end(), found) != wanted.end()) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> wanted_usages(const ChainRules& rules) {
  return rules.key_usages.empty()
             ? std::vector<std::string>{dotted_oid(OBJ_nid2obj(NID_server_auth))}
             : rules.key_usages;
}

}  // namespace

Result<std::vector<Bytes>> split_certificates(ByteView der) {
  const ErrorScope errors;
  std::vector<Bytes> out;
  const Byte* at = der.data();
  const Byte* end = at + der.size();
  while (at != end) {
    const Byte* begin = at;
    const OwnedX509 x509(der.size() > kMaxInspected || out.size() == kMaxInspectedItems
                             ? nullptr
                             : d2i_X509(nullptr, &at, end - at));
    if (!x509) {
      return fail(Errc::bad_certificate, "x509: malformed certificate");
    }
    out.emplace_back(begin, at);
  }
  return out;
}

Result<std::string> describe_certificate(ByteView der) {
  const ErrorScope errors;
  const OwnedX509 x509 = read_certificate(der);
  if (!x509) {
    return fail(Errc::bad_certificate, "x509: malformed certificate");
  }
  return describe(x509.get(), der);
}

Result<std::string> describe_certificate_request(ByteView der) {
  const ErrorScope errors;
  const Byte* at = der.data();
  const OwnedRequest request(der.size() > kMaxInspected
                                 ? nullptr
                                 : d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request) {
    return fail(Errc::bad_certificate, "asn1: structure error: no certificate request");
  }
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request.get(), &signature, &algorithm);
  const OwnedPkey key(X509_REQ_get_pubkey(request.get()));
  X509_NAME* subject = X509_REQ_get_subject_name(request.get());
  STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request.get());
  JsonObject out;
  out.add("Raw", json_base64(der))
      .add("RawTBSCertificateRequest", json_base64(encoded(request.get(), i2d_re_X509_REQ_tbs)))
      .add("RawSubjectPublicKeyInfo",
           json_base64(encoded(X509_REQ_get_X509_PUBKEY(request.get()), i2d_X509_PUBKEY)))
      .add("RawSubject", json_base64(encoded(subject, i2d_X509_NAME)))
      .add("Version", std::to_string(X509_REQ_get_version(request.get())))
      .add("Signature", json_base64(bytes_of(signature)))
      .add("SignatureAlgorithm", std::to_string(signature_algorithm(algorithm)))
      .add("PublicKeyAlgorithm", std::to_string(public_key_algorithm(key.get())))
      .add("PublicKey", key ? describe_public_key(key.get()) : "null")
      .add("Subject", describe_name(subject))
      .add("Attributes", "null")
      .add("Extensions", extensions != nullptr ? describe_extensions(extensions) : "null")
      .add("ExtraExtensions", "null");
  const OwnedGeneralNames names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)));
  describe_alternative_names(names.get(), out, nullptr);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return out.text();
}

Result<std::vector<Bytes>> verify_chain(std::span<const Bytes> certificates,
                                        const ChainRules& rules) {
  const ErrorScope errors;
  const auto bad = [](std::string what) {
    return fail(Errc::bad_certificate, "x509: " + std::move(what));
  };
  if (certificates.size() < 2) {
    return bad("must supply at least two certificates to be able to verify");
  }
  const OwnedStore store(X509_STORE_new());
  const OwnedStoreCtx context(X509_STORE_CTX_new());
  const OwnedChain between(sk_X509_new_null());
  const OwnedX509 root = read_certificate(certificates.front());
  const OwnedX509 leaf = read_certificate(certificates.back());
  if (!store || !context || !between || !root || !leaf ||
      X509_STORE_add_cert(store.get(), root.get()) != 1) {
    return bad("malformed certificate");
  }
  for (const Bytes& der : certificates.subspan(1, certificates.size() - 2)) {
    OwnedX509 x509 = read_certificate(der);
    if (!x509 || sk_X509_push(between.get(), x509.get()) == 0) {
      return bad("malformed certificate");
    }
    static_cast<void>(x509.release());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), between.get()) != 1) {
    return bad("malformed certificate");
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters,
                             static_cast<std::time_t>(to_unix_micros(rules.now) / 1'000'000));
  // The first certificate is the anchor, whoever signed it.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  if (!rules.dns_name.empty()) {
    X509_VERIFY_PARAM_set1_host(parameters, rules.dns_name.data(), rules.dns_name.size());
  }
  if (X509_verify_cert(context.get()) != 1) {
    return bad(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  const std::vector<std::string> usages = wanted_usages(rules);
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
  const bool any_usage = std::find(usages.begin(), usages.end(), "any") != usages.end();
  std::vector<Bytes> out;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* x509 = sk_X509_value(chain, i);
    if (!any_usage && !allows_usage(x509, usages)) {
      return bad("certificate specifies an incompatible key usage");
    }
    out.push_back(encoded(x509, i2d_X509));
  }
  return out;
}

}  // namespace unhidra::pki
