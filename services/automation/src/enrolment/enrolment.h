#pragma once
// Who may have which certificate, as functions of a transaction.

#include <string>

#include "unhidra/access/context.h"
#include "unhidra/automation/settings.h"
#include "unhidra/pki/seal.h"

#include "devices/certificate_gate.h"
#include "enrolment/authority_book.h"

namespace unhidra::automation {

// Outlives everything that refers to it; safe from any thread if clock and random are.
struct Enrolment {
  const AutomationSettings& settings;
  const AuthorityBook& authorities;  // whose certificates are believed
  const pki::KeySealer& sealer;      // of codes
  const Clock& clock;
  RandomSource& random;
};

struct Issued {
  std::optional<pki::Certificate> certificate;  // nothing: waits for somebody's approval
  std::vector<EndedCertificate> ended;
};

// What a device asks for, in whichever protocol; possession of the key is proved.
struct Wanted {
  Bytes public_key_der;
  std::string subject;  // one line
  std::vector<std::string> uris;
  Bytes certified_key_der{};  // that the server made for it; empty: public_key_der
};
// Errc::bad_credentials, bad_request, denied.
Result<Issued> enroll_by_code(storage::Transaction& tx, const Enrolment& enrolment,
                              const pki::DeviceIdentity& who, ByteView code, std::string_view ip,
                              const Wanted& wanted, access::AuditDraft& draft);
Result<Issued> enroll_by_certificate(storage::Transaction& tx, const Enrolment& enrolment,
                                     SeenDevice seen, const Wanted& wanted,
                                     access::AuditDraft& draft);
// For the very same name, another key or not.
Result<Issued> renew(storage::Transaction& tx, const Enrolment& enrolment, SeenDevice seen,
                     const Wanted& wanted, access::AuditDraft& draft);

// Where the revocation list of an authority is: each signs its own.
std::string crl_path(std::int64_t generation);

// The device that goes by this id and is not revoked. Errc::bad_credentials.
Result<pki::DeviceIdentity> find_by_id(storage::Transaction& tx, std::string_view id,
                                       access::AuditDraft& draft);
// The device's present code, for the protocol that must know it to verify a MAC. Nothing: none, or
// it is used up.
Result<std::optional<SecretBytes>> open_code(storage::Transaction& tx, const Enrolment& enrolment,
                                             const pki::DeviceIdentity& who);

// User and password of HTTP Basic (RFC 7617); nothing when the header is not that.
struct BasicCredentials {
  std::string user;
  SecretBytes password;
};
std::optional<BasicCredentials> parse_basic(std::string_view header);

struct NewCode {
  std::string code;
  Timestamp expires_at;
};
Result<NewCode> make_code(storage::Transaction& tx, const Enrolment& enrolment, OrgId org,
                          DeviceId device);

// Whose certificate this is; the audit record will say so. Errc::bad_credentials.
Result<SeenDevice> identify(storage::Transaction& tx, const Enrolment& enrolment,
                            ByteView certificate_der, access::AuditDraft& draft);
// Whose certificate the connection was opened with.
Result<SeenDevice> identify_by_certificate(storage::Transaction& tx, const Enrolment& enrolment,
                                           const access::OperationRequest& request,
                                           access::AuditDraft& draft);

// EST: by one-time code, or by the certificate that the device has.
Result<Issued> enroll(storage::Transaction& tx, const Enrolment& enrolment,
                      const access::OperationRequest& request, access::AuditDraft& draft);
// The same for a key that the server made; an approval is of the key that signed the request.
// Errc::not_found where that is switched off, Errc::bad_request when the key is wanted in an
// envelope.
Result<Issued> enroll_with_key(storage::Transaction& tx, const Enrolment& enrolment,
                               const access::OperationRequest& request, access::AuditDraft& draft,
                               ByteView public_key_der);
// By the certificate of the connection alone, for the very same name.
Result<Issued> reenroll(storage::Transaction& tx, const Enrolment& enrolment,
                        const access::OperationRequest& request, access::AuditDraft& draft);

}  // namespace unhidra::automation
