#pragma once
// Topics that are marked as end-to-end encrypted: what is published there must be a sealed payload
// of its own sender (UDG-1). The broker has no key; it sees what stands in the open.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "unhidra/identity/group_payload.h"
#include "unhidra/mqtt/broker.h"

#include "broker/subject.h"

namespace unhidra::automation {

class SealedTopics {
 public:
  // Errc::bad_policy when one of them is no topic filter.
  static Result<SealedTopics> parse(const std::vector<std::string>& filters);

  bool covers(std::string_view topic) const;
  // What the payload says of itself; a reason code when it may not be published. An empty payload,
  // which takes a retained message away, says nothing.
  std::expected<std::optional<identity::GroupPayloadHeader>, mqtt::ReasonCode> check(
      const Subject& subject, const mqtt::PublishRequest& request);

 private:
  bool advances(const identity::GroupPayloadHeader& header);

  std::vector<std::string> filters_;
  // The newest epoch that a sender has used in a group: it does not go back.
  std::map<std::pair<identity::GroupTag, identity::SenderTag>, std::uint32_t> epochs_;
};

}  // namespace unhidra::automation
