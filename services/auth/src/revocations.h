#pragma once
// Tells the other roles which sessions and devices have ended, and whose roles have changed.

#include <unordered_map>

#include "unhidra/messaging/bus.h"
#include "unhidra/storage/database.h"

#include "domain.h"

namespace unhidra::auth {

// A change made by this process is told at once. What another process wrote into the database (an
// admin command, another auth role) is found by looking for fresh revocations several times a
// second; the same revocation may be told twice, which does no harm. Nothing is lost when a process
// ends between commit and publication: the database is what counts, and the others look there too.
class Revocations {
 public:
  Revocations(messaging::Bus& bus, storage::Database& database, const Domain& domain)
      : bus_(bus), database_(database), domain_(domain), started_(domain.clock.now()) {}

  // Safe from any thread.
  void tell(const Ended& ended);
  // Of a committed change: what rests on the user's roles of before has to look again. A process
  // that does not hear it goes on with them until the connection renews its token.
  void tell_roles_changed(UserId user);

  // One look at the database; from one coroutine.
  Task<Status> look();

 private:
  messaging::Bus& bus_;
  storage::Database& database_;
  Domain domain_;
  Timestamp started_;
  std::unordered_map<SessionId, Timestamp> told_sessions_;
  std::unordered_map<DeviceId, Timestamp> told_devices_;
};

}  // namespace unhidra::auth
