#pragma once
// X.509 certificates (RFC 5280): an authority of our own, server certificates under it, and reading
// what an operator brings. Keys are ECDSA P-256; all results are PEM.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/random.h"
#include "unhidra/base/secret.h"
#include "unhidra/base/time.h"
#include "unhidra/pki/errc.h"

namespace unhidra::pki {

struct IssuedCertificate {
  std::string certificate_pem;
  SecretBytes private_key_pem;  // PKCS#8
};

struct Validity {
  Timestamp not_before;
  Timestamp not_after;
};

// A self-signed authority that may sign end-entity certificates only (path length 0). `random`
// makes the serial number; the key comes from OpenSSL's own generator.
Result<IssuedCertificate> make_authority(std::string_view common_name, const Validity& validity,
                                         RandomSource& random);

struct ServerNames {
  std::vector<std::string> dns;           // "chat.example.org", "*.example.org"
  std::vector<std::string> ip_addresses;  // "192.0.2.1", "2001:db8::1"
};

// For TLS servers only (serverAuth). Errc::bad_parameters for no or malformed names, or a validity
// beyond the authority's; Errc::bad_key when the authority's key is not its certificate's.
Result<IssuedCertificate> issue_server_certificate(std::string_view authority_pem,
                                                   ByteView authority_key_pem,
                                                   const ServerNames& names,
                                                   const Validity& validity, RandomSource& random);

// One certificate that was read. Copies share it; immutable.
class Certificate {
 public:
  // The first certificate of a PEM text.
  static Result<Certificate> from_pem(std::string_view pem);
  // Exactly one, at most 16 kB, nothing after it.
  static Result<Certificate> from_der(ByteView der);
  // All of them, in order; at most 16.
  static Result<std::vector<Certificate>> chain_from_pem(std::string_view pem);

  std::string subject() const;  // one line, RFC 2253
  std::string issuer() const;
  Validity validity() const;
  // Negative once it has expired.
  std::chrono::seconds remaining(Timestamp now) const;
  ByteArray<32> sha256_fingerprint() const;
  std::vector<std::string> dns_names() const;
  std::vector<std::string> ip_addresses() const;
  std::vector<std::string> uris() const;
  // Of every kind, those included that no accessor shows.
  std::size_t alternative_name_count() const;
  // Big-endian; empty when it is longer than RFC 5280 allows.
  Bytes serial_number() const;
  Bytes subject_der() const;
  Bytes public_key_der() const;  // SubjectPublicKeyInfo
  bool is_authority() const;
  // By key usage and extended key usage.
  bool is_for_tls_clients() const;
  Bytes to_der() const;
  std::string to_pem() const;
  // Errc::bad_certificate unless `authority` signed it and may do so.
  Status check_issued_by(const Certificate& authority) const;
  // Errc::bad_key unless the PKCS#8 private key is this certificate's.
  Status check_private_key(ByteView private_key_pem) const;

 private:
  friend struct CertificateAccess;
  struct Impl;
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace unhidra::pki
