#pragma once
// What the authority does for a CMP message whose sender OpenSSL has just proved: the rules of
// enrolment, within the transaction of the request.

#include "enrolment/cmp_desk.h"
#include "enrolment/enrolment.h"

namespace unhidra::automation {

class EnrolmentIssuer final : public pki::CmpIssuer {
 public:
  // Everything outlives it.
  EnrolmentIssuer(storage::Transaction& tx, const Enrolment& enrolment, const CmpSender& sender,
                  std::string_view ip, access::AuditDraft& draft)
      : tx_(tx), enrolment_(enrolment), sender_(sender), ip_(ip), draft_(draft) {}

  Result<std::optional<pki::Certificate>> certify(const Request& request) override;
  Status revoke(const Bytes& serial_number, pki::RevocationReason reason) override;
  Status confirm(const pki::Certificate& certificate, bool accepted) override;

  // What came of it.
  bool asked = false;
  std::optional<Error> failure;
  std::optional<pki::DeviceIdentity> who;
  std::optional<pki::Certificate> issued;
  std::vector<EndedCertificate> ended;

 private:
  Result<Issued> issue(const Request& request);
  Status end(const Bytes& serial_number, pki::RevocationReason reason);

  storage::Transaction& tx_;
  const Enrolment& enrolment_;
  const CmpSender& sender_;
  std::string_view ip_;
  access::AuditDraft& draft_;
};

// Hears a confirmation, for which nothing need be looked up.
class ConfirmationListener final : public pki::CmpIssuer {
 public:
  Result<std::optional<pki::Certificate>> certify(const Request& request) override;
  Status revoke(const Bytes& serial_number, pki::RevocationReason reason) override;
  Status confirm(const pki::Certificate& certificate, bool accepted) override;

  bool accepted = false;
};

}  // namespace unhidra::automation
