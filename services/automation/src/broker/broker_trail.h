#pragma once
// What the audit log hears of the broker: who connected, who was refused what, what was dropped.
// Written in the background and not for each repetition: a device that tries a forbidden topic
// every second leaves one record a minute with the number of times.

#include <map>
#include <string>

#include "unhidra/audit/event.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/storage/database.h"

#include "broker/subject.h"

namespace unhidra::automation {

struct TrailEvent {
  std::string_view type;      // "mqtt.connected"
  std::string_view action;    // "connect", "publish", "subscribe", "drop"
  std::string_view resource;  // the topic or filter
  audit::Outcome outcome = audit::Outcome::success;
  std::string_view reason;
  std::string_view client_id;  // whose session, where the actor may have several
};

class BrokerTrail {
 public:
  // Everything outlives it. Used on one executor.
  BrokerTrail(storage::Database& database, runtime::TaskScope& scope, const Clock& clock,
              RandomSource& random)
      : database_(database), scope_(scope), clock_(clock), random_(random) {}

  // `who` null: nobody known; the system's own chain.
  void note(const Subject* who, std::string_view ip, const TrailEvent& event);

 private:
  struct Seen {
    SteadyTime at;
    std::uint64_t times = 0;
  };
  Task<void> write(audit::AuditEvent event);

  storage::Database& database_;
  runtime::TaskScope& scope_;
  const Clock& clock_;
  RandomSource& random_;
  std::map<std::string, Seen> seen_;
};

}  // namespace unhidra::automation
