// Making certificates.
#include <algorithm>

#include <openssl/pem.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/x509.h"

#include "x509_build.h"

namespace unhidra::pki {
namespace {

constexpr std::size_t kMaxDnsName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxNames = 100;

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

Status add_alternative_names(X509* certificate, const ServerNames& names) {
  const OwnedGeneralNames list(GENERAL_NAMES_new());
  if (!list) {
    return failed();
  }
  for (const auto& name : names.dns) {
    if (!is_dns_name(name) || !add_general_name(list.get(), GEN_DNS, ia5_string(name))) {
      return fail(Errc::bad_parameters, "not a DNS name: " + printable(name));
    }
  }
  for (const auto& address : names.ip_addresses) {
    const bool whole = address.find('\0') == std::string::npos;
    if (!whole || !add_general_name(list.get(), GEN_IPADD, a2i_IPADDRESS(address.c_str()))) {
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
