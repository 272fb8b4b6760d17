#pragma once
// Who may have which certificate, as functions of a transaction.

#include <string>

#include "unhidra/access/context.h"
#include "unhidra/automation/settings.h"

#include "devices/certificate_gate.h"

namespace unhidra::automation {

// Outlives everything that refers to it; safe from any thread if clock and random are.
struct Enrolment {
  const AutomationSettings& settings;
  const pki::DeviceAuthority& authority;
  std::vector<pki::Certificate> trusted;  // the authorities whose certificates are believed
  const Clock& clock;
  RandomSource& random;
};

struct Issued {
  std::optional<pki::Certificate> certificate;  // nothing: waits for somebody's approval
  std::vector<EndedCertificate> ended;
};

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

// Whose certificate the connection was opened with; the audit record will say so.
// Errc::bad_credentials.
Result<SeenDevice> identify_by_certificate(storage::Transaction& tx, const Enrolment& enrolment,
                                           const access::OperationRequest& request,
                                           access::AuditDraft& draft);

// By one-time code, or by the certificate that the device has. Errc::bad_credentials, bad_request.
Result<Issued> enroll(storage::Transaction& tx, const Enrolment& enrolment,
                      const access::OperationRequest& request, access::AuditDraft& draft);
// By the certificate of the connection alone, for the very same name.
Result<Issued> reenroll(storage::Transaction& tx, const Enrolment& enrolment,
                        const access::OperationRequest& request, access::AuditDraft& draft);

}  // namespace unhidra::automation
