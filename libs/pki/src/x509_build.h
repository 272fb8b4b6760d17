#pragma once
// What making any kind of certificate needs.

#include <string_view>

#include "unhidra/base/random.h"
#include "unhidra/pki/x509.h"

#include "openssl_support.h"

namespace unhidra::pki {

// As people read it, RFC 2253; empty on failure.
std::string one_line(const X509_NAME* name);
void free_extensions(STACK_OF(X509_EXTENSION) * extensions);
// 1 to 64 printable characters (RFC 5280 appendix A.1, ub-common-name).
bool is_common_name(std::string_view name);
// In order, and within the years that ASN.1 can write.
bool is_validity(const Validity& validity);
bool set_time(ASN1_TIME* out, Timestamp time);
Timestamp to_timestamp(const ASN1_TIME* time);
bool add_common_name(X509_NAME* name, std::string_view value);
// `value` is always a constant of ours: OpenSSL reads it as a small configuration language.
bool add_extension(X509* certificate, X509* issuer, int nid, const char* value);
bool add_general_name(GENERAL_NAMES* names, int type, ASN1_STRING* owned_value);
// An IA5String: DNS names and URIs. Null on failure.
ASN1_STRING* ia5_string(std::string_view text);

// The common part of every certificate: version, random serial number (127 bits), times, subject
// and key. Null on failure.
OwnedX509 start_certificate(EVP_PKEY* key, std::string_view common_name, const Validity& validity,
                            RandomSource& random);

// The one door between the class and OpenSSL's type.
struct CertificateAccess {
  static X509* get(const Certificate& certificate);
  static Certificate wrap(OwnedX509 x509);
};

}  // namespace unhidra::pki
