#pragma once
// What is remembered of an action: who did what to which thing, from where, and how it ended.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/base/id.h"

namespace unhidra::audit {

enum class Outcome : std::uint8_t { success = 1, failure = 2, denied = 3 };
std::string_view to_string(Outcome outcome);

// Never holds a secret, a token or message content.
struct AuditEvent {
  EventId event_id;
  OrgId org_id;            // nil: the system's own chain
  std::string event_type;  // the operation's audit action: "session.created"
  Bytes actor_id;          // 16 bytes of a UserId or DeviceId; empty: nobody known
  std::string actor_type;  // "user", "device", "system", "anonymous"
  std::string resource_type;
  std::string resource_id;  // for people and filters: a UUID in text form, a name
  std::string action;       // "create", "update", "delete", "read", ...
  Outcome outcome = Outcome::success;
  // Flat; keys unique. Stored as canonical JSON: sorted keys, string values.
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string ip_address;
  std::string user_agent;
  Timestamp timestamp{};
};

// {"a":"1","b":"2"}: keys in byte order, the escapes of RFC 8785 section 3.2.2.2, no spaces.
std::string canonical_json(std::vector<std::pair<std::string, std::string>> metadata);

}  // namespace unhidra::audit
