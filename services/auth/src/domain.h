#pragma once
// What every rule of the auth role needs at hand, and what its changes leave to be told.

#include <string>
#include <vector>

#include "unhidra/access/operation.h"
#include "unhidra/auth/settings.h"
#include "unhidra/base/id.h"
#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::auth {

// Outlives everything that refers to it. Safe from any thread if clock and random are.
struct Domain {
  const Clock& clock;
  RandomSource& random;
  const AuthSettings& settings;

  template <class IdType>
  IdType make_id() const {
    return IdType::make(clock, random);
  }
};

// Sessions and devices that a committed change has ended: the gateway closes their connections.
struct Ended {
  std::vector<SessionId> sessions;
  std::vector<DeviceId> devices;

  void add(Ended more) {
    sessions.insert(sessions.end(), more.sessions.begin(), more.sessions.end());
    devices.insert(devices.end(), more.devices.begin(), more.devices.end());
  }
};

// Who acts: a user in a session, or the operator of the machine, who may do everything.
struct Actor {
  OrgId org;
  UserId user;
  SessionId session;
  // What he was allowed to do when he asked; looked at again inside the transaction.
  const access::Operation* operation = nullptr;
  bool local_operator = false;  // user and session are nil
};

}  // namespace unhidra::auth
