#include "broker/known_subject.h"

#include "unhidra/automation/topic_question.h"
#include "unhidra/base/text.h"

namespace unhidra::automation {
namespace {

DeviceFacts facts_of(const store::RegisteredDevice& device, ByteView serial) {
  return {.id = device.id.to_string(),
          .type = device.type,
          .name = device.name,
          .owner = device.owner ? device.owner->to_string() : std::string(),
          .groups = device.groups,
          .labels = device.labels,
          .certificate_serial = to_hex(serial)};
}

}  // namespace

std::shared_ptr<Subject> device_subject(const store::RegisteredDevice& device,
                                        const Bytes& serial) {
  auto out = std::make_shared<Subject>();
  out->org = device.org_id;
  out->device = device.id;
  out->certificate_serial = serial;
  out->encrypted = device.encrypted;
  out->facts.push_back(fact_of(facts_of(device, serial)));
  return out;
}

std::shared_ptr<Subject> person_subject(const access::Principal& principal) {
  auto out = std::make_shared<Subject>();
  out->org = principal.org_id;
  out->user = principal.user_id;
  out->device = principal.device_id;
  out->session = principal.session_id;
  out->expires_at = principal.expires_at;
  PersonFacts person{.id = principal.user_id.to_string(), .is_admin = false, .roles = {}};
  for (const auto role : access::kRoles) {
    if (principal.roles.has(role)) {
      person.roles.emplace_back(access::to_string(role));
      person.is_admin = person.is_admin || role >= access::Role::org_admin;
    }
  }
  out->facts.push_back(fact_of(person));
  return out;
}

std::shared_ptr<const mqtt::Principal> principal_of(std::shared_ptr<const Subject> subject) {
  auto identity = identity_of(*subject);
  auto space = subject->org.to_string();
  return std::make_shared<const mqtt::Principal>(
      mqtt::Principal{std::move(identity), std::move(space), std::move(subject)});
}

std::shared_ptr<const mqtt::Principal> renewed(const mqtt::Principal& was,
                                               const store::RegisteredDevice& device) {
  const auto& old = subject_of(was);
  auto out = device_subject(device, old.certificate_serial);
  out->authority = old.authority;
  out->expires_at = old.expires_at;
  // The first is of the device; what its connection added stays.
  out->facts.insert(out->facts.end(), old.facts.begin() + 1, old.facts.end());
  return principal_of(std::move(out));
}

std::string identity_of(const Subject& subject) {
  return subject.user ? std::string(kUserPrefix) + subject.user->to_string()
                      : std::string(kDevicePrefix) + subject.device->to_string();
}

}  // namespace unhidra::automation
