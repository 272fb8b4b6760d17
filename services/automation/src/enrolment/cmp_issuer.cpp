#include "enrolment/cmp_issuer.h"

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"

#include "devices/store_certificates.h"

namespace unhidra::automation {
namespace {

using pki::CmpBody;

std::unexpected<Error> out_of_place() {
  return fail(Errc::bad_request, "the message does not belong here");
}

}  // namespace

Result<Issued> EnrolmentIssuer::issue(const Request& request) {
  const Wanted wanted{
      .public_key_der = request.public_key_der, .subject = request.subject, .uris = request.uris};
  const bool renews = request.body == CmpBody::key_update_request;
  if (sender_.code) {
    if (renews) {
      return fail(Errc::bad_request, "a key update is signed with the certificate that it renews");
    }
    who = sender_.who;
    UNHIDRA_TRY_VOID(find_by_id(tx_, sender_.who.device.to_string(), draft_));
    return enroll_by_code(tx_, enrolment_, sender_.who, sender_.code->expose(), ip_, wanted,
                          draft_);
  }
  UNHIDRA_TRY(auto seen, identify(tx_, enrolment_, sender_.certificate->to_der(), draft_));
  who = seen.identity;
  if (!renews) {
    return enroll_by_certificate(tx_, enrolment_, std::move(seen), wanted, draft_);
  }
  if (!request.old_serial_number.empty() &&
      request.old_serial_number != seen.certificate.serial_number()) {
    return fail(Errc::bad_request, "a key update is signed with the certificate that it renews");
  }
  return renew(tx_, enrolment_, std::move(seen), wanted, draft_);
}

Result<std::optional<pki::Certificate>> EnrolmentIssuer::certify(const Request& request) {
  asked = true;
  auto made = issue(request);
  if (!made) {
    failure = made.error();
    return fail(std::move(made).error());
  }
  ended = std::move(made->ended);
  issued = made->certificate;
  return std::move(made->certificate);
}

Status EnrolmentIssuer::end(const Bytes& serial_number, pki::RevocationReason reason) {
  if (!sender_.certificate) {
    return fail(Errc::bad_credentials, "a revocation is signed with a certificate of the device");
  }
  UNHIDRA_TRY(auto seen, identify(tx_, enrolment_, sender_.certificate->to_der(), draft_));
  who = seen.identity;
  ended = std::move(seen.ended);
  UNHIDRA_TRY(const auto row, store::find(tx_, serial_number));
  if (!row || row->org_id != who->org || row->device_id != who->device) {
    return fail(Errc::not_found, "the device has no such certificate");
  }
  UNHIDRA_TRY(const auto done,
              store::revoke(tx_, who->org, serial_number, reason, enrolment_.clock.now()));
  if (!done) {
    return fail(Errc::conflict, "the certificate is revoked already");
  }
  draft_.note("serial_number", to_hex(serial_number));
  ended.push_back({*who, serial_number});
  return {};
}

Status EnrolmentIssuer::revoke(const Bytes& serial_number, pki::RevocationReason reason) {
  asked = true;
  auto done = end(serial_number, reason);
  if (!done) {
    failure = done.error();
  }
  return done;
}

Status EnrolmentIssuer::confirm(const pki::Certificate&, bool) {
  return out_of_place();
}

Result<std::optional<pki::Certificate>> ConfirmationListener::certify(const Request&) {
  return out_of_place();
}

Status ConfirmationListener::revoke(const Bytes&, pki::RevocationReason) {
  return out_of_place();
}

Status ConfirmationListener::confirm(const pki::Certificate&, bool wanted) {
  accepted = wanted;
  return {};
}

}  // namespace unhidra::automation
