#pragma once
// What the topic policy is asked. The query is data.unhidra.automation.allow; anything but true is
// a denial, and so is every failure. Input:
//
//   action    "connect", "publish", "subscribe"; a delivery is asked as "subscribe" with the
//             message's own topic, so that a wildcard never reads more than its parts
//   topic     the topic, or the filter of a subscription
//   filter    a subscription's filter
//   reading_type  the last level of the topic
//   qos, retain, share, delivery
//   device    {id, type, name, owner, groups, labels, cert: {serial}}    of a device, as the
//             registry has it; owner only where there is one
//   user      {id, role, roles}                   of a person; role "admin": of the organisation
//   client    {ip, transport, id}
//   e2ee      {group, epoch, sender, kind, signed}   of what is published to a sealed topic: the
//             tags in hexadecimal; kind "telemetry", "state", "command", "result"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/identity/group_payload.h"
#include "unhidra/mqtt/protocol.h"
#include "unhidra/rego/value.h"

namespace unhidra::automation {

inline constexpr std::string_view kTopicQuery = "data.unhidra.automation.allow";

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

// Who asks, as members of the input: what does not change while it is connected.
using SubjectFacts = std::vector<rego::Value::Member>;

struct DeviceFacts {
  std::string id;
  std::string type;
  std::string name;
  std::string owner;  // empty: none
  std::vector<std::string> groups;
  std::map<std::string, std::string> labels;
  std::string certificate_serial;  // hexadecimal
};
struct PersonFacts {
  std::string id;
  bool is_admin = false;  // of the organisation
  std::vector<std::string> roles;
};
struct ClientFacts {
  std::string ip;
  std::string transport;
  std::string id;
};
rego::Value::Member fact_of(const DeviceFacts& device);
rego::Value::Member fact_of(const PersonFacts& person);
rego::Value::Member fact_of(const ClientFacts& client);

rego::Value topic_input(const SubjectFacts& facts, const TopicQuestion& question);

}  // namespace unhidra::automation
