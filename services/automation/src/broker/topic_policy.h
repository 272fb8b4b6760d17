#pragma once
// The topic policy: Rego asked whether a subject may do something with a topic.
//
// The query is data.unhidra.automation.allow; anything but true is a denial, and so is every
// failure. Input:
//
//   action    "connect", "publish", "subscribe"; a delivery is asked as "subscribe" with the
//             message's own topic, so that a wildcard never reads more than its parts
//   topic     the topic, or the filter of a subscription
//   filter    a subscription's filter
//   reading_type  the last level of the topic
//   qos, retain, share, delivery
//   device    {id, type, name, cert: {serial}}    of a device
//   user      {id, role, roles}                   of a person; role "admin": of the organisation
//   client    {ip, transport, id}
//   e2ee      {group, epoch, sender, kind, signed}   of what is published to a sealed topic: the
//             tags in hexadecimal; kind "telemetry", "state", "command", "result"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "unhidra/base/random.h"
#include "unhidra/identity/group_payload.h"
#include "unhidra/rego/engine.h"

#include "broker/subject.h"

namespace unhidra::automation {

struct TopicQuestion {
  std::string_view action;
  std::string_view topic;
  std::string_view filter;  // of a subscription
  std::string_view share;   // its group
  mqtt::QoS qos = mqtt::QoS::at_most_once;
  bool retain = false;
  bool delivery = false;
  std::optional<identity::GroupPayloadHeader> sealed;  // of a payload that must be
};

struct TopicPolicyStats {
  std::uint64_t decisions = 0;  // not from what was known
  std::uint64_t denials = 0;
  std::uint64_t failures = 0;  // denied because the policy could not be asked
};

class TopicPolicy {
 public:
  // Every .rego file of the folder; the built-in policy when it is empty. Blocks.
  // Errc::bad_policy with what the compiler says.
  static Result<std::shared_ptr<const rego::PreparedQuery>> load(
      const std::filesystem::path& folder, rego::Syntax syntax);

  TopicPolicy(std::shared_ptr<const rego::PreparedQuery> query, const Clock& clock,
              RandomSource& random);

  // Takes the place of the policy; what is known is forgotten.
  void replace(std::shared_ptr<const rego::PreparedQuery> query);
  // Also remembered, for as long as a minute.
  bool allows(const Subject& subject, const TopicQuestion& question);
  TopicPolicyStats stats() const { return stats_; }

 private:
  bool decide(const Subject& subject, const TopicQuestion& question);

  std::shared_ptr<const rego::PreparedQuery> query_;
  const Clock& clock_;
  RandomSource& random_;
  std::uint64_t revision_ = 1;
  TopicPolicyStats stats_;
};

}  // namespace unhidra::automation
