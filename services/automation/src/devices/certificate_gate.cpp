#include "devices/certificate_gate.h"

#include "unhidra/automation/errc.h"
#include "unhidra/base/codec.h"
#include "unhidra/runtime/log.h"

#include "devices/store_certificates.h"
#include "devices/store_registry.h"

namespace unhidra::automation {
namespace {

std::unexpected<Error> refused() {
  return fail(Errc::bad_credentials, "the certificate is not accepted");
}

}  // namespace

void tell_revoked(messaging::Bus& bus, const EndedCertificate& ended) {
  ByteWriter message;
  message.raw(ended.identity.org.bytes())
      .raw(ended.identity.device.bytes())
      .raw(ended.serial_number);
  if (const auto status = bus.publish(kRevokedSubject, std::move(message).take()); !status) {
    log::warn("certificate.revocation_unpublished", {{"error", status.error()}});
  }
}

Result<SeenDevice> admit_certificate(storage::Transaction& tx, ByteView certificate_der,
                                     std::span<const pki::Certificate> authorities, Timestamp now) {
  const auto certificate = pki::Certificate::from_der(certificate_der);
  const auto identity = certificate
                            ? pki::verify_device_certificate(*certificate, authorities, now)
                            : Result<pki::DeviceIdentity>(std::unexpect, certificate.error());
  if (!identity) {
    return refused();
  }
  UNHIDRA_TRY(const auto row, store::find(tx, certificate->serial_number()));
  if (!row || !row->good() || row->org_id != identity->org || row->device_id != identity->device) {
    return refused();
  }
  SeenDevice out{
      .identity = *identity, .certificate = *certificate, .authority = row->authority, .ended = {}};
  UNHIDRA_TRY_VOID(store::note_device_seen(tx, row->org_id, row->device_id, now));
  UNHIDRA_TRY(const auto first, store::note_seen(tx, row->serial_number, now));
  if (first && row->replaces) {
    UNHIDRA_TRY(const auto ended, store::revoke(tx, row->org_id, *row->replaces,
                                                pki::RevocationReason::superseded, now));
    if (ended) {
      out.ended.push_back({*identity, *row->replaces});
    }
  }
  return out;
}

}  // namespace unhidra::automation
