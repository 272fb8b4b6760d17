#pragma once
// Presence across processes: each has a whole table and tells the others over the bus what becomes
// of the leases it holds. Who starts asks the others for theirs. Nothing depends on a message: a
// lost one is made good by the next refresh of its lease, and the leases of a process that died
// run out in the tables of the others.

#include <memory>

#include "unhidra/messaging/bus.h"
#include "unhidra/messaging/presence.h"

namespace unhidra::messaging {

class SharedPresence final : public Presence {
 public:
  // `table` and `bus` outlive it. Until start() it is the table alone.
  SharedPresence(PresenceTable& table, Bus& bus);
  ~SharedPresence() override;

  Status start(Executor executor);
  void stop();

  Task<Status> set(PresenceLease lease, PresenceState state) override;
  Task<Status> refresh(std::vector<PresenceLease> leases) override;
  Task<Status> remove(PresenceLease lease) override;
  Task<Result<std::vector<PresenceChange>>> look_up(std::vector<UserId> users) override;
  std::unique_ptr<Watch> watch(Executor executor, Handler handler) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace unhidra::messaging
