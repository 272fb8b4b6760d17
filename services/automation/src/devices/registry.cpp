#include "devices/registry.h"

#include <algorithm>

#include "unhidra/access/json.h"
#include "unhidra/automation/errc.h"
#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

#include "devices/store_certificates.h"

namespace unhidra::automation {
namespace {

using access::AuditDraft;
using storage::Transaction;
using store::RegisteredDevice;
using store::TwinSide;

constexpr std::size_t kMaxWord = 64;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxLabelValue = 128;
constexpr std::size_t kMaxGroups = 16;
constexpr std::size_t kMaxLabels = 32;

std::unexpected<Error> bad(std::string message) {
  return fail(Errc::bad_request, std::move(message));
}

std::unexpected<Error> no_device() {
  return fail(Errc::not_found, "there is no such device");
}

Status check_text(std::string_view what, std::string_view text, std::size_t most) {
  if (text.size() > most || !is_valid_utf8(text) || printable(text) != text) {
    return bad(std::string(what) + " has at most " + std::to_string(most) +
               " bytes of printable UTF-8");
  }
  return {};
}

Status check_word(std::string_view what, std::string_view text) {
  if (!is_registry_word(text)) {
    return bad(std::string(what) +
               " is 1 to 64 lower case letters, digits, '.', '_', '-' and '/', and begins with a "
               "letter or digit");
  }
  return {};
}

Status check_tags(const DeviceChanges& changes) {
  if (changes.groups) {
    if (changes.groups->size() > kMaxGroups) {
      return bad("a device is in at most 16 groups");
    }
    for (const auto& group : *changes.groups) {
      UNHIDRA_TRY_VOID(check_word("a group", group));
    }
  }
  if (changes.labels) {
    if (changes.labels->size() > kMaxLabels) {
      return bad("a device has at most 32 labels");
    }
    for (const auto& [name, value] : *changes.labels) {
      UNHIDRA_TRY_VOID(check_word("the name of a label", name));
      UNHIDRA_TRY_VOID(check_text("the value of a label", value, kMaxLabelValue));
    }
  }
  return {};
}

Status check(const DeviceChanges& changes) {
  if (changes.name) {
    UNHIDRA_TRY_VOID(check_text("a name", *changes.name, kMaxName));
    if (changes.name->find_first_not_of(' ') == std::string::npos) {
      return bad("a device has a name");
    }
  }
  if (changes.platform) {
    UNHIDRA_TRY_VOID(check_text("a platform", *changes.platform, kMaxName));
  }
  if (changes.type && !changes.type->empty()) {
    UNHIDRA_TRY_VOID(check_word("a type", *changes.type));
  }
  return check_tags(changes);
}

Result<std::optional<UserId>> owner_of(Transaction& tx, OrgId org, const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto user = UserId::parse(text);
  UNHIDRA_TRY(const auto exists, user ? store::user_exists(tx, org, *user) : Result<bool>(false));
  if (!exists) {
    return bad("the owner is no user of the organisation");
  }
  return *user;
}

// What a change did, for the audit log: names of fields, and before and after where it is short.
void apply(RegisteredDevice& device, const DeviceChanges& changes, AuditDraft& draft) {
  const auto set = [&](std::string_view what, std::string& field,
                       const std::optional<std::string>& value) {
    if (value && *value != field) {
      draft.note("before." + std::string(what), field);
      draft.note("after." + std::string(what), *value);
      field = *value;
    }
  };
  set("name", device.name, changes.name);
  set("platform", device.platform, changes.platform);
  set("type", device.type, changes.type);
  if (changes.groups) {
    device.groups = *changes.groups;
    std::ranges::sort(device.groups);
    device.groups.erase(std::ranges::unique(device.groups).begin(), device.groups.end());
    draft.note("after.groups", std::to_string(device.groups.size()));
  }
  if (changes.labels) {
    device.labels = *changes.labels;
    draft.note("after.labels", std::to_string(device.labels.size()));
  }
}

Result<Bytes> read_content(const TwinContent& content, bool encrypted) {
  if (content.document.has_value() == content.ciphertext.has_value()) {
    return bad("a twin is given as document or as ciphertext, and as one of them");
  }
  if (encrypted != content.ciphertext.has_value()) {
    return bad(encrypted ? "this device is end-to-end encrypted: its twin is ciphertext"
                         : "this device is not end-to-end encrypted: its twin is a document");
  }
  if (content.document && !content.document->is_object()) {
    return bad("the document of a twin is an object");
  }
  auto out = encrypted ? *content.ciphertext : to_bytes(access::serialize(*content.document));
  if (out.size() > kMaxTwin) {
    return bad("a twin has at most 8 KiB");
  }
  return out;
}

using SetSide = Result<bool> (*)(Transaction&, OrgId, DeviceId, const TwinSide&, std::int64_t);

struct Write {
  OrgId org;
  DeviceId device;
  const TwinContent& content;
  Timestamp now;
};
Result<store::Twin> write_side(Transaction& tx, const Write& write, TwinSide store::Twin::* member,
                               SetSide set, AuditDraft& draft) {
  UNHIDRA_TRY(auto twin, store::find_twin(tx, write.org, write.device));
  UNHIDRA_TRY(auto bytes, read_content(write.content, twin.encrypted));
  auto& side = twin.*member;
  const auto present = side.version;
  if (write.content.if_version && *write.content.if_version != present) {
    return fail(Errc::conflict, "the twin has version " + std::to_string(present));
  }
  side = {.version = present + 1, .content = std::move(bytes), .updated_at = write.now};
  UNHIDRA_TRY(const auto written, set(tx, write.org, write.device, side, present));
  if (!written) {
    return fail(Errc::conflict, "the twin has changed meanwhile");
  }
  draft.note("version", std::to_string(side.version));
  return twin;
}

void tell(messaging::Bus& bus, std::string_view subject, const pki::DeviceIdentity& who) {
  ByteWriter message;
  message.raw(who.org.bytes()).raw(who.device.bytes());
  if (const auto status = bus.publish(subject, std::move(message).take()); !status) {
    log::warn("device.unpublished", {{"subject", subject}, {"error", status.error()}});
  }
}

}  // namespace

void tell_deleted(messaging::Bus& bus, const pki::DeviceIdentity& who) {
  tell(bus, kDeletedSubject, who);
}
void tell_wanted(messaging::Bus& bus, const pki::DeviceIdentity& who) {
  tell(bus, kWantedSubject, who);
}
void tell_changed(messaging::Bus& bus, const pki::DeviceIdentity& who) {
  tell(bus, kChangedSubject, who);
}
std::optional<pki::DeviceIdentity> device_told(ByteView message) {
  ByteReader reader(message);
  const OrgId org(reader.array<16>());
  const DeviceId device(reader.array<16>());
  return reader.failed() ? std::nullopt : std::optional(pki::DeviceIdentity{org, device});
}

bool is_registry_word(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kMaxWord && plain(text.front()) &&
         std::ranges::all_of(text, [&](char c) {
           return plain(c) || c == '.' || c == '_' || c == '-' || c == '/';
         });
}

Result<RegisteredDevice> find_device(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY(auto found, store::find_registered(tx, org, device));
  if (!found) {
    return no_device();
  }
  return *std::move(found);
}

Result<RegisteredDevice> change_device(Transaction& tx, OrgId org, DeviceId device,
                                       const DeviceChanges& changes, Timestamp now,
                                       AuditDraft& draft) {
  UNHIDRA_TRY(auto out, find_device(tx, org, device));
  UNHIDRA_TRY_VOID(check(changes));
  if (changes.owner_id) {
    UNHIDRA_TRY(out.owner, owner_of(tx, org, *changes.owner_id));
    draft.note("after.owner_id", *changes.owner_id);
  }
  apply(out, changes, draft);
  const bool turned = changes.encrypted && *changes.encrypted != out.encrypted;
  if (turned) {
    out.encrypted = *changes.encrypted;
    draft.note("after.encrypted", out.encrypted ? "true" : "false");
  }
  out.changed_at = now;
  UNHIDRA_TRY_VOID(store::save(tx, out));
  if (turned) {
    UNHIDRA_TRY_VOID(store::clear_twin(tx, org, device));
  }
  return out;
}

Result<std::vector<EndedCertificate>> revoke_all(Transaction& tx, const pki::DeviceIdentity& who,
                                                 Timestamp now) {
  UNHIDRA_TRY_VOID(find_device(tx, who.org, who.device));
  UNHIDRA_TRY(const auto serial_numbers,
              store::revoke_all(tx, who.org, who.device,
                                pki::RevocationReason::cessation_of_operation, now));
  std::vector<EndedCertificate> out;
  for (const auto& serial_number : serial_numbers) {
    out.push_back({who, serial_number});
  }
  return out;
}

Result<std::vector<EndedCertificate>> delete_device(Transaction& tx, const pki::DeviceIdentity& who,
                                                    Timestamp now) {
  UNHIDRA_TRY(auto ended, revoke_all(tx, who, now));
  UNHIDRA_TRY_VOID(store::forget(tx, who.org, who.device, now));
  return ended;
}

Result<store::Twin> find_twin(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY_VOID(find_device(tx, org, device));
  return store::find_twin(tx, org, device);
}

Result<store::Twin> want(Transaction& tx, OrgId org, DeviceId device, const TwinContent& content,
                         Timestamp now, AuditDraft& draft) {
  UNHIDRA_TRY(const auto found, find_device(tx, org, device));
  if (found.revoked_at) {
    return fail(Errc::conflict, "the device is revoked");
  }
  return write_side(tx, {org, device, content, now}, &store::Twin::desired, store::set_desired,
                    draft);
}

Result<store::Twin> report(Transaction& tx, const pki::DeviceIdentity& who, const Report& report,
                           Timestamp now, AuditDraft& draft) {
  if (report.firmware) {
    UNHIDRA_TRY_VOID(check_text("a firmware version", *report.firmware, kMaxName));
    UNHIDRA_TRY_VOID(store::set_firmware(tx, who.org, who.device, *report.firmware));
    draft.note("firmware", *report.firmware);
  }
  if (report.firmware && !report.content.document && !report.content.ciphertext) {
    return store::find_twin(tx, who.org, who.device);
  }
  return write_side(tx, {who.org, who.device, report.content, now}, &store::Twin::reported,
                    store::set_reported, draft);
}

}  // namespace unhidra::automation
