#pragma once
// Whose certificate is believed at this moment. Every listener that takes device certificates asks
// here, so that none of them believes what another one does not.

#include "unhidra/messaging/bus.h"
#include "unhidra/net/tls.h"
#include "unhidra/pki/device_authority.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::automation {

// A serial number that has ended: told on the bus after the commit.
struct EndedCertificate {
  pki::DeviceIdentity identity;
  Bytes serial_number;
};
inline constexpr std::string_view kRevokedSubject = "device.certificate_revoked";
void tell_revoked(messaging::Bus& bus, const EndedCertificate& ended);

struct SeenDevice {
  pki::DeviceIdentity identity;
  pki::Certificate certificate;
  std::int64_t authority = 0;           // generation of the one that issued it
  std::vector<EndedCertificate> ended;  // what the first sight of a new certificate has ended
};

// Issued by one of the authorities, valid now, known here, and neither it nor its device revoked;
// Errc::bad_credentials otherwise. A certificate that renewed another one ends that one when it is
// first seen. In a write transaction.
Result<SeenDevice> admit_certificate(storage::Transaction& tx, ByteView certificate_der,
                                     std::span<const pki::Certificate> authorities, Timestamp now);

}  // namespace unhidra::automation
