#pragma once
// Who speaks on an MQTT connection, as the policy sees it.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/mqtt/broker.h"
#include "unhidra/rego/value.h"

namespace unhidra::automation {

// A device with its certificate, or a person with a token.
struct Subject : std::enable_shared_from_this<Subject> {
  OrgId org;
  std::optional<DeviceId> device;           // of a person: the one the session is bound to
  std::optional<UserId> user;               // nothing: a device of its own
  Bytes certificate_serial;                 // of a device
  std::int64_t authority = 0;               // generation of the one that issued it
  bool encrypted = false;                   // a device that is registered as end-to-end encrypted
  SessionId session;                        // of a person
  Timestamp expires_at = Timestamp::max();  // of certificate or token

  // What does not change while it is connected: input.device, input.user, input.client.
  std::vector<rego::Value::Member> facts;

  // What the policy has decided already, by action, topic and options. Forgotten when the policy
  // changes. Only on the broker's executor.
  struct Decisions {
    struct Known {
      bool allowed = false;
      SteadyTime until;
    };
    std::uint64_t generation = 0;  // of the policy
    std::unordered_map<std::string, Known> known;
  };
  mutable Decisions decisions;
};

// The Subject behind a principal that the gate made.
inline const Subject& subject_of(const mqtt::Principal& principal) {
  return *static_cast<const Subject*>(principal.context.get());
}

// The name of a device in the journal and in the broker: "device:<uuid>"; of a person
// "user:<uuid>".
inline constexpr std::string_view kDevicePrefix = "device:";
inline constexpr std::string_view kUserPrefix = "user:";
std::string identity_of(const Subject& subject);

}  // namespace unhidra::automation
