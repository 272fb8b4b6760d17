#pragma once
// SQL of certificates and enrolment codes. Everything that is not looked up by an unguessable hash
// or serial number is scoped by organisation.

#include <optional>
#include <vector>

#include "unhidra/pki/device_authority.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::automation::store {

struct DeviceCertificate {
  Bytes serial_number;
  OrgId org_id;
  DeviceId device_id;
  std::int64_t authority = 1;  // generation of the one that issued it
  Timestamp not_before;
  Timestamp not_after;
  std::optional<Bytes> replaces;
  std::optional<Timestamp> first_seen_at;
  std::optional<Timestamp> revoked_at;
  std::optional<std::int64_t> reason;
  std::optional<Timestamp> device_revoked_at;

  // A revoked device's certificates are revoked with it, whoever revoked the device.
  std::optional<Timestamp> ended_at() const { return revoked_at ? revoked_at : device_revoked_at; }
  bool good() const { return !ended_at(); }
};

Status insert(storage::Transaction& tx, const DeviceCertificate& row, ByteView der);
Result<std::optional<DeviceCertificate>> find(storage::Transaction& tx, const Bytes& serial_number);
Result<std::vector<DeviceCertificate>> list(storage::Transaction& tx, OrgId org, DeviceId device);
// Those of an authority that are not expired yet: what its CRL names.
Result<std::vector<pki::Revocation>> revoked(storage::Transaction& tx, std::int64_t authority,
                                             Timestamp now);
// The first time that a certificate is seen; true when it was just now.
Result<bool> note_seen(storage::Transaction& tx, const Bytes& serial_number, Timestamp now);
// False when there was nothing left to revoke.
Result<bool> revoke(storage::Transaction& tx, OrgId org, const Bytes& serial_number,
                    pki::RevocationReason reason, Timestamp now);
// Every one of a device that was good; their serial numbers.
Result<std::vector<Bytes>> revoke_all(storage::Transaction& tx, OrgId org, DeviceId device,
                                      pki::RevocationReason reason, Timestamp now);

// An IoT device of the organisation that is not revoked.
Result<bool> device_lives(storage::Transaction& tx, OrgId org, DeviceId device);
// Which organisation an IoT device belongs to, for a device that says who it is and nothing else.
Result<std::optional<OrgId>> organization_of(storage::Transaction& tx, DeviceId device);

struct Code {
  ByteArray<32> hash{};
  Bytes sealed;  // the code itself
  OrgId org_id;
  DeviceId device_id;
  Timestamp created_at;
  Timestamp expires_at;
};
// Voids what was made for the device before.
Status replace_code(storage::Transaction& tx, const Code& code);
// The device's code, sealed: not expired or, where it waits for approval, used; empty otherwise.
Result<Bytes> sealed_code(storage::Transaction& tx, OrgId org, DeviceId device, Timestamp now);
// The device has its certificate: nobody need know the code any more.
Status forget_codes(storage::Transaction& tx, OrgId org, DeviceId device);
// Exactly one caller gets true for a code, however many ask at once.
Result<bool> use_code(storage::Transaction& tx, OrgId org, DeviceId device,
                      const ByteArray<32>& hash, Timestamp now);

}  // namespace unhidra::automation::store
