#pragma once
// Who is online. A user is as present as their most present connection. A connection holds a lease
// that runs out unless it is refreshed, so a process that dies takes its users offline by itself.
//
// Watchers are told of changes of the users they watch and of nothing else. Flapping is damped:
// going offline is told after `offline_delay` (a reconnect within it is invisible), and one user's
// changes are told at most once per `min_interval`, the last state winning. A slow watcher gets
// the latest state of each user, never a backlog. Nothing here is stored: after a loss, gateways
// refresh what they hold.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"
#include "unhidra/messaging/errc.h"
#include "unhidra/runtime/task.h"

namespace unhidra::messaging {

// The values are those of the client protocol. Online is more present than away.
enum class PresenceState : std::uint8_t { offline = 0, online = 1, away = 2 };

struct PresenceChange {
  UserId user;
  PresenceState state = PresenceState::offline;
  Timestamp since{};  // when the state was entered; 0 for an offline user this table never saw
  friend bool operator==(const PresenceChange&, const PresenceChange&) = default;
};

struct PresenceLease {
  UserId user;
  DeviceId device;
  ConnectionId connection;
};

struct PresenceOptions {
  std::chrono::milliseconds lease{90'000};
  std::chrono::milliseconds offline_delay{10'000};
  std::chrono::milliseconds min_interval{2'000};
  std::size_t max_watched = 2'000;  // users of one watch
};

// Safe from any thread.
class Presence {
 public:
  // One watcher's interest; dropping it ends it (see Subscription in bus.h for threads).
  class Watch {
   public:
    virtual ~Watch() = default;
    // Replaces the watched set and answers with its present state. Errc::too_many_watched.
    virtual Task<Result<std::vector<PresenceChange>>> replace(std::vector<UserId> users) = 0;
  };
  using Handler = std::function<void(const std::vector<PresenceChange>&)>;

  virtual ~Presence() = default;

  // Starts or refreshes the lease and sets this connection's state (online or away).
  virtual Task<Status> set(PresenceLease lease, PresenceState state) = 0;
  // Keeps leases alive; unknown ones are left out silently.
  virtual Task<Status> refresh(std::vector<PresenceLease> leases) = 0;
  virtual Task<Status> remove(PresenceLease lease) = 0;
  virtual Task<Result<std::vector<PresenceChange>>> look_up(std::vector<UserId> users) = 0;
  // `handler` gets batches on `executor`.
  virtual std::unique_ptr<Watch> watch(Executor executor, Handler handler) = 0;
};

// Within one process.
class PresenceTable final : public Presence {
 public:
  PresenceTable(PresenceOptions options, const Clock& clock);
  ~PresenceTable() override;

  Task<Status> set(PresenceLease lease, PresenceState state) override;
  Task<Status> refresh(std::vector<PresenceLease> leases) override;
  Task<Status> remove(PresenceLease lease) override;
  Task<Result<std::vector<PresenceChange>>> look_up(std::vector<UserId> users) override;
  std::unique_ptr<Watch> watch(Executor executor, Handler handler) override;

  // set() or remove() at once, for what another process says of its leases.
  void apply(const PresenceLease& lease, PresenceState state);

  // Ends leases and tells what has become due. Spawn run() in a TaskScope; it sweeps every second.
  void sweep();
  Task<void> run();

  std::size_t online_users() const;
  std::size_t connections() const;
  // Users that take memory: online, or with a change not told yet, or watched since they left.
  std::size_t known_users() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace unhidra::messaging
