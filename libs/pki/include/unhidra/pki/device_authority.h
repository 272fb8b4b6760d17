#pragma once
// The authority that certifies devices. It vouches for which device speaks on a TLS connection; it
// is not the root of end-to-end encryption (docs/security.md).

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/pki/certificate_request.h"
#include "unhidra/pki/signer.h"
#include "unhidra/pki/x509.h"

namespace unhidra::pki {

struct DeviceIdentity {
  OrgId org;
  DeviceId device;
  friend bool operator==(const DeviceIdentity&, const DeviceIdentity&) = default;
};
// "urn:unhidra:<org>:device:<uuid>", ids in lower case.
std::string device_uri(const DeviceIdentity& identity);
// Exactly that form.
std::optional<DeviceIdentity> parse_device_uri(std::string_view uri);
// From a certificate whose one alternative name is such a URI.
std::optional<DeviceIdentity> device_identity(const Certificate& certificate);

// Where verifiers ask whether a certificate was revoked; written into what is issued. At most
// 8 of each, ASCII.
struct StatusUrls {
  std::vector<std::string> crl;
  std::vector<std::string> ocsp;
};

// The values of CRLReason (RFC 5280 section 5.3.1) that are of use for devices.
enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
};
std::string_view to_string(RevocationReason reason);  // "key_compromise"
std::optional<RevocationReason> parse_revocation_reason(std::string_view name);

struct Revocation {
  Bytes serial_number;
  Timestamp at;
  RevocationReason reason = RevocationReason::unspecified;
};

struct CrlTimes {
  Timestamp this_update;
  Timestamp next_update;
};

// A certificate of the authority and the key behind it. Copies share both; immutable; may be used
// from any thread.
class DeviceAuthority {
 public:
  // Errc::bad_certificate or bad_key unless the certificate is an authority's and the key its own.
  static Result<DeviceAuthority> make(Certificate certificate,
                                      std::shared_ptr<const Signer> signer);
  // A self-signed certificate for a fresh authority, path length 0.
  static Result<DeviceAuthority> create(std::string_view common_name, const Validity& validity,
                                        std::shared_ptr<const Signer> signer, RandomSource& random);

  // The authority that is to follow this one: a self-signed certificate of the same name for
  // another key. Those who know both by name tell them apart by their key identifiers.
  Result<DeviceAuthority> successor(const Validity& validity, std::shared_ptr<const Signer> signer,
                                    RandomSource& random) const;

  const Certificate& certificate() const { return certificate_; }

  // The device profile: subject CN=<device id>, its URI, digitalSignature, clientAuth. Nothing of
  // the request is taken over but its key. Errc::bad_parameters beyond the authority's own end.
  Result<Certificate> issue(const CertificateRequest& request, const DeviceIdentity& identity,
                            const Validity& validity, const StatusUrls& urls,
                            RandomSource& random) const;
  Result<Certificate> issue(ByteView public_key_der, const DeviceIdentity& identity,
                            const Validity& validity, const StatusUrls& urls,
                            RandomSource& random) const;

  // The other authority's name and key under this signature: "OldWithNew" and "NewWithOld" of
  // RFC 4210 section 4.4, by which devices that know one authority come to trust the other. Both
  // have one name: a path length of 0 does not count what is issued by its own name (RFC 5280
  // section 4.2.1.9).
  Result<Certificate> certify(const DeviceAuthority& other, RandomSource& random) const;

  // A CRL, version 2, DER. `number` never falls.
  Result<Bytes> make_crl(std::span<const Revocation> revoked, std::uint64_t number,
                         const CrlTimes& times) const;

  const std::shared_ptr<const Signer>& signer() const { return signer_; }

 private:
  DeviceAuthority(Certificate certificate, std::shared_ptr<const Signer> signer)
      : certificate_(std::move(certificate)), signer_(std::move(signer)) {}
  Certificate certificate_;
  std::shared_ptr<const Signer> signer_;
};

// Errc::untrusted_certificate unless one of the authorities issued it, it is valid at this time, is
// for TLS clients and names a device. Whether it was revoked is for the caller to know.
Result<DeviceIdentity> verify_device_certificate(const Certificate& certificate,
                                                 std::span<const Certificate> authorities,
                                                 Timestamp now);

}  // namespace unhidra::pki
