#pragma once
// The rules of the device registry and of device twins, as functions of a transaction.

#include <boost/json/value.hpp>

#include "unhidra/access/context.h"

#include "devices/certificate_gate.h"
#include "devices/store_registry.h"

namespace unhidra::automation {

// A device that was deleted: 16 bytes of the organisation, 16 of the device. Told on the bus after
// the commit; whoever keeps something of the device drops it.
inline constexpr std::string_view kDeletedSubject = "device.deleted";
void tell_deleted(messaging::Bus& bus, const pki::DeviceIdentity& who);
// Something else is wanted of the device than before, in the same form: it is told to look.
inline constexpr std::string_view kWantedSubject = "device.wanted";
void tell_wanted(messaging::Bus& bus, const pki::DeviceIdentity& who);
// What the policy and the gate know of it has changed: its sessions are judged as what it is now.
inline constexpr std::string_view kChangedSubject = "device.changed";
void tell_changed(messaging::Bus& bus, const pki::DeviceIdentity& who);
// What such a message says; nothing: it is none.
std::optional<pki::DeviceIdentity> device_told(ByteView message);

// What is to change; what is absent stays.
struct DeviceChanges {
  std::optional<std::string> name;      // 1 to 64 bytes of printable UTF-8
  std::optional<std::string> platform;  // 0 to 64
  std::optional<std::string> type;      // a word, or empty
  std::optional<std::string> owner_id;  // a user of the organisation; empty: the organisation
  std::optional<std::vector<std::string>> groups;            // words; at most 16
  std::optional<std::map<std::string, std::string>> labels;  // words to text; at most 32
  std::optional<bool> encrypted;                             // a change empties the twin
};

// A word of the registry (type, group, name of a label): 1 to 64 lower case letters, digits, '.',
// '_', '-', '/'; the first one is a letter or digit.
bool is_registry_word(std::string_view text);

// Errc::not_found for what is not an IoT device of the organisation, or deleted.
Result<store::RegisteredDevice> find_device(storage::Transaction& tx, OrgId org, DeviceId device);
// Errc::bad_request names what is wrong.
Result<store::RegisteredDevice> change_device(storage::Transaction& tx, OrgId org, DeviceId device,
                                              const DeviceChanges& changes, Timestamp now,
                                              access::AuditDraft& draft);
// Revokes its certificates and drops everything about it but the record that it was there.
Result<std::vector<EndedCertificate>> delete_device(storage::Transaction& tx,
                                                    const pki::DeviceIdentity& who, Timestamp now);
// Every certificate that is good ends.
Result<std::vector<EndedCertificate>> revoke_all(storage::Transaction& tx,
                                                 const pki::DeviceIdentity& who, Timestamp now);

// ---- twins ----

inline constexpr std::size_t kMaxTwin = 8 * 1024;  // bytes of JSON text or ciphertext

// Exactly one of the two: a JSON object, or what only the device's controllers can read.
struct TwinContent {
  std::optional<boost::json::value> document;
  std::optional<Bytes> ciphertext;
  std::optional<std::int64_t> if_version;  // Errc::conflict when the present one is another
};

Result<store::Twin> find_twin(storage::Transaction& tx, OrgId org, DeviceId device);
// The twin afterwards. Errc::bad_request: plaintext for an end-to-end encrypted device, or
// ciphertext for another.
Result<store::Twin> want(storage::Transaction& tx, OrgId org, DeviceId device,
                         const TwinContent& content, Timestamp now, access::AuditDraft& draft);
struct Report {
  TwinContent content;
  std::optional<std::string> firmware;  // at most 64 bytes of printable UTF-8
};
Result<store::Twin> report(storage::Transaction& tx, const pki::DeviceIdentity& who,
                           const Report& report, Timestamp now, access::AuditDraft& draft);

}  // namespace unhidra::automation
