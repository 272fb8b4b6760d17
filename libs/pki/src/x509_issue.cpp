// Making certificates.
#include <algorithm>

#include <openssl/pem.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/x509.h"

#include "openssl_support.h"

namespace unhidra::pki {
namespace {

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280 appendix A.1, ub-common-name
constexpr std::size_t kMaxDnsName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxNames = 100;
constexpr std::size_t kSerialSize = 16;
constexpr long kVersion3 = 2;

std::unexpected<Error> failed() {
  return fail(unhidra::Errc::internal, "OpenSSL could not make the certificate");
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-';
         });
}

// Letters, digits and hyphens (RFC 1123), with one wildcard at most, as the whole first label.
bool is_dns_name(std::string_view name) {
  if (name.size() > kMaxDnsName) {
    return false;
  }
  if (name.starts_with("*.")) {
    name.remove_prefix(2);
    if (name.find('.') == std::string_view::npos) {
      return false;  // would cover a whole top-level domain
    }
  }
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    name.remove_prefix(dot + 1);
  }
}

bool is_common_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCommonName && is_valid_utf8(name) &&
         printable(name) == name;
}

bool set_time(ASN1_TIME* out, Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return ASN1_TIME_set(out, static_cast<time_t>(seconds)) != nullptr;
}

bool is_validity(const Validity& validity) {
  // Through 9999, the last year that ASN.1 can write.
  return validity.not_before >= Timestamp{} && validity.not_after > validity.not_before &&
         validity.not_after < Timestamp(std::chrono::seconds(253402300800));
}

bool set_serial(X509* certificate, RandomSource& random) {
  // RFC 5280 section 4.1.2.2: positive, at most 20 bytes; unpredictable against forged prefixes.
  auto bytes = random.array<kSerialSize>();
  bytes[0] = static_cast<Byte>((bytes[0] & 0x7f) | 0x40);
  const OwnedBignum number(BN_bin2bn(bytes.data(), kSerialSize, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool add_common_name(X509_NAME* name, std::string_view value) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

// `value` is always a constant of ours: OpenSSL reads it as a small configuration language.
bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// The common part of both kinds: version, serial number, times, subject and key.
OwnedX509 start_certificate(EVP_PKEY* key, std::string_view common_name, const Validity& validity,
                            RandomSource& random) {
  OwnedX509 out(X509_new());
  if (!out || X509_set_version(out.get(), kVersion3) != 1 || !set_serial(out.get(), random) ||
      !set_time(X509_getm_notBefore(out.get()), validity.not_before) ||
      !set_time(X509_getm_notAfter(out.get()), validity.not_after) ||
      !add_common_name(X509_get_subject_name(out.get()), common_name) ||
      X509_set_pubkey(out.get(), key) != 1) {
    return nullptr;
  }
  return out;
}

Result<IssuedCertificate> finish(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_sign(certificate, signer, EVP_sha256()) == 0 ||
      PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return failed();
  }
  IssuedCertificate out{content(bio.get()), write_private_key(key)};
  if (out.private_key_pem.empty()) {
    return failed();
  }
  return out;
}

bool add_name(GENERAL_NAMES* names, int type, ASN1_STRING* owned_value) {
  OwnedGeneralName name(GENERAL_NAME_new());
  if (!name || owned_value == nullptr) {
    ASN1_STRING_free(owned_value);
    return false;
  }
  GENERAL_NAME_set0_value(name.get(), type, owned_value);
  if (sk_GENERAL_NAME_push(names, name.get()) == 0) {
    return false;
  }
  static_cast<void>(name.release());
  return true;
}

ASN1_STRING* dns_value(std::string_view name) {
  ASN1_IA5STRING* out = ASN1_IA5STRING_new();
  if (out != nullptr && ASN1_STRING_set(out, name.data(), static_cast<int>(name.size())) != 1) {
    ASN1_STRING_free(out);
    return nullptr;
  }
  return out;
}

Status add_alternative_names(X509* certificate, const ServerNames& names) {
  const OwnedGeneralNames list(GENERAL_NAMES_new());
  if (!list) {
    return failed();
  }
  for (const auto& name : names.dns) {
    if (!is_dns_name(name) || !add_name(list.get(), GEN_DNS, dns_value(name))) {
      return fail(Errc::bad_parameters, "not a DNS name: " + printable(name));
    }
  }
  for (const auto& address : names.ip_addresses) {
    const bool whole = address.find('\0') == std::string::npos;
    if (!whole || !add_name(list.get(), GEN_IPADD, a2i_IPADDRESS(address.c_str()))) {
      return fail(Errc::bad_parameters, "not an IP address: " + printable(address));
    }
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) !=
      1) {
    return failed();
  }
  return {};
}

struct Authority {
  OwnedX509 certificate;
  OwnedPkey key;
};

Result<Authority> read_authority(std::string_view certificate_pem, ByteView key_pem) {
  const auto bio = memory_reader(as_bytes(certificate_pem));
  Authority out{OwnedX509(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr),
                read_private_key(key_pem)};
  if (!out.certificate || X509_check_ca(out.certificate.get()) != 1) {
    return fail(Errc::bad_certificate, "not the certificate of an authority");
  }
  if (!out.key || X509_check_private_key(out.certificate.get(), out.key.get()) != 1) {
    return fail(Errc::bad_key, "not the authority's private key");
  }
  return out;
}

std::string_view common_name_of(const ServerNames& names) {
  for (const auto* list : {&names.dns, &names.ip_addresses}) {
    if (!list->empty() && is_common_name(list->front())) {
      return list->front();
    }
  }
  return "unhidra server";
}

}  // namespace

Result<IssuedCertificate> make_authority(std::string_view common_name, const Validity& validity,
                                         RandomSource& random) {
  const ErrorScope errors;
  if (!is_common_name(common_name) || !is_validity(validity)) {
    return fail(Errc::bad_parameters, "a name of 1 to 64 characters and a validity are needed");
  }
  const OwnedPkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const auto certificate =
      key ? start_certificate(key.get(), common_name, validity, random) : nullptr;
  X509* const x509 = certificate.get();
  if (!certificate || X509_set_issuer_name(x509, X509_get_subject_name(x509)) != 1 ||
      !add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(x509, x509, NID_subject_key_identifier, "hash")) {
    return failed();
  }
  return finish(x509, key.get(), key.get());
}

Result<IssuedCertificate> issue_server_certificate(std::string_view authority_pem,
                                                   ByteView authority_key_pem,
                                                   const ServerNames& names,
                                                   const Validity& validity, RandomSource& random) {
  const ErrorScope errors;
  const std::size_t count = names.dns.size() + names.ip_addresses.size();
  if (count == 0 || count > kMaxNames || !is_validity(validity)) {
    return fail(Errc::bad_parameters, "1 to 100 names and a validity are needed");
  }
  UNHIDRA_TRY(const auto authority, read_authority(authority_pem, authority_key_pem));
  X509* const issuer = authority.certificate.get();
  const OwnedPkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const auto certificate =
      key ? start_certificate(key.get(), common_name_of(names), validity, random) : nullptr;
  X509* const x509 = certificate.get();
  if (!certificate) {
    return failed();
  }
  if (ASN1_TIME_compare(X509_get0_notAfter(x509), X509_get0_notAfter(issuer)) > 0) {
    return fail(Errc::bad_parameters, "the certificate would outlive its authority");
  }
  UNHIDRA_TRY_VOID(add_alternative_names(x509, names));
  if (X509_set_issuer_name(x509, X509_get_subject_name(issuer)) != 1 ||
      !add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(x509, issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(x509, issuer, NID_ext_key_usage, "serverAuth") ||
      !add_extension(x509, issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(x509, issuer, NID_authority_key_identifier, "keyid:always")) {
    return failed();
  }
  return finish(x509, key.get(), authority.key.get());
}

}  // namespace unhidra::pki
