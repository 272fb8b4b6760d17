#pragma once
// Where what is published must be a sealed payload of its own sender (UDG-1): on topics that are
// marked as end-to-end encrypted, by the organisation or else by the server, and from a device that
// is registered as end-to-end encrypted wherever its organisation does not allow plaintext. The
// broker has no key; it sees what stands in the open.

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "unhidra/identity/group_payload.h"
#include "unhidra/mqtt/broker.h"

#include "broker/subject.h"
#include "devices/topic_protection.h"

namespace unhidra::automation {

class SealedTopics {
 public:
  // Errc::bad_policy when one of them is no topic filter.
  static Result<SealedTopics> parse(const std::vector<std::string>& filters);

  // What organisations have said of their own; the rest is as the server has it.
  void use(std::map<OrgId, TopicProtection> own) { own_ = std::move(own); }

  bool must_be_sealed(const Subject& subject, std::string_view topic) const;
  // What the payload says of itself; a reason code when it may not be published. An empty payload,
  // which takes a retained message away, says nothing.
  std::expected<std::optional<identity::GroupPayloadHeader>, mqtt::ReasonCode> check(
      const Subject& subject, const mqtt::PublishRequest& request);

 private:
  // The newest epoch that a device has used in a group: it does not go back. Groups are what the
  // device says they are, so each has a number of its own, and fills nobody else's.
  struct Newest {
    identity::GroupTag group;
    std::uint32_t epoch = 0;
  };
  bool advances(DeviceId sender, const identity::GroupPayloadHeader& header);

  std::vector<std::string> filters_;  // the server's
  std::map<OrgId, TopicProtection> own_;
  std::unordered_map<DeviceId, std::vector<Newest>> newest_;  // the last one used at the end
};

}  // namespace unhidra::automation
