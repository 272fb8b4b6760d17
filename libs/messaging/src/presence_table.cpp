#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/post.hpp>

#include "unhidra/messaging/presence.h"
#include "unhidra/runtime/log.h"

namespace unhidra::messaging {
namespace {

namespace asio = boost::asio;

struct Connection {
  PresenceState state = PresenceState::online;
  SteadyTime expires;
};

struct User {
  std::unordered_map<ConnectionId, Connection> connections;
  PresenceState told = PresenceState::offline;  // what watchers know
  Timestamp told_since{};
  Timestamp changed_at{};  // when the present, perhaps untold, state was entered
  SteadyTime last_told{};  // steady time of the last change that was told
  SteadyTime due{};        // when the untold change is told; zero: nothing untold
  PresenceState untold = PresenceState::offline;
};

// One watcher. Changes gather in `waiting`, one per user, until its executor takes them.
struct Watcher {
  Executor executor;
  Presence::Handler handler;
  // The rest is guarded by the table's mutex.
  std::unordered_set<UserId> users;
  std::map<UserId, PresenceChange> waiting;
  bool scheduled = false;
  bool active = true;
};

PresenceState state_of(const User& user) {
  auto out = PresenceState::offline;
  for (const auto& [id, connection] : user.connections) {
    if (connection.state == PresenceState::online) {
      return PresenceState::online;
    }
    out = PresenceState::away;
  }
  return out;
}

}  // namespace

struct PresenceTable::State : std::enable_shared_from_this<PresenceTable::State> {
  State(PresenceOptions o, const Clock& c) : options(o), clock(c) {}

  void set(const PresenceLease& lease, PresenceState state);
  void refresh(const PresenceLease& lease);
  void remove(const UserId& id, const ConnectionId& connection);
  void sweep();
  PresenceChange look(const UserId& id) const;
  Result<std::vector<PresenceChange>> replace(const std::shared_ptr<Watcher>& watcher,
                                              std::vector<UserId> wanted);
  void drop(const std::shared_ptr<Watcher>& watcher);

  mutable std::mutex mutex;

 private:
  void changed(const UserId& id, User& user);
  void tell(const UserId& id, User& user);
  void set_due(const UserId& id, User& user, SteadyTime when);
  void set_expiry(const UserId& id, const ConnectionId& connection, Connection& entry,
                  SteadyTime when);
  void forget_if_idle(const UserId& id);
  void schedule(const std::shared_ptr<Watcher>& watcher);
  void unwatch(const std::shared_ptr<Watcher>& watcher);

 public:
  const PresenceOptions options;
  const Clock& clock;
  std::unordered_map<UserId, User> users;
  std::size_t connection_count = 0;

 private:
  std::unordered_map<UserId, std::vector<std::shared_ptr<Watcher>>> watchers;
  std::set<std::pair<SteadyTime, UserId>> due;
  std::set<std::tuple<SteadyTime, UserId, ConnectionId>> expiries;
};

void PresenceTable::State::set_due(const UserId& id, User& user, SteadyTime when) {
  if (user.due != SteadyTime{}) {
    due.erase({user.due, id});
  }
  user.due = when;
  if (when != SteadyTime{}) {
    due.insert({when, id});
  }
}

void PresenceTable::State::set_expiry(const UserId& id, const ConnectionId& connection,
                                      Connection& entry, SteadyTime when) {
  expiries.erase({entry.expires, id, connection});
  entry.expires = when;
  if (when != SteadyTime{}) {
    expiries.insert({when, id, connection});
  }
}

// Decides when watchers hear of the state a user now has. `user` may be gone afterwards.
void PresenceTable::State::changed(const UserId& id, User& user) {
  const auto now = clock.steady_now();
  const auto state = state_of(user);
  if (state == user.told) {
    set_due(id, user, {});  // back before anybody was told: nothing happened
    forget_if_idle(id);
    return;
  }
  if (user.due != SteadyTime{} && user.untold == state) {
    return;  // already waiting to be told
  }
  user.untold = state;
  user.changed_at = clock.now();
  auto when = user.last_told == SteadyTime{} ? now : user.last_told + options.min_interval;
  if (state == PresenceState::offline) {
    when = std::max(when, now + options.offline_delay);
  }
  if (when > now) {
    set_due(id, user, when);
  } else {
    tell(id, user);
  }
}

void PresenceTable::State::tell(const UserId& id, User& user) {
  set_due(id, user, {});
  user.told = user.untold;
  user.told_since = user.changed_at;
  user.last_told = clock.steady_now();
  if (const auto found = watchers.find(id); found != watchers.end()) {
    for (const auto& watcher : found->second) {
      watcher->waiting[id] = {id, user.told, user.told_since};
      schedule(watcher);
    }
  }
}

void PresenceTable::State::schedule(const std::shared_ptr<Watcher>& watcher) {
  if (std::exchange(watcher->scheduled, true)) {
    return;
  }
  asio::post(watcher->executor, [self = shared_from_this(), watcher] {
    std::vector<PresenceChange> batch;
    {
      const std::lock_guard lock(self->mutex);
      watcher->scheduled = false;
      if (!watcher->active) {
        return;
      }
      for (auto& [id, change] : watcher->waiting) {
        batch.push_back(change);
      }
      watcher->waiting.clear();
    }
    try {
      if (!batch.empty()) {
        watcher->handler(batch);
      }
    } catch (const std::exception& e) {
      log::error("presence.handler_threw", {{"what", e.what()}});
    }
  });
}

void PresenceTable::State::set(const PresenceLease& lease, PresenceState state) {
  auto& user = users[lease.user];
  auto [position, added] = user.connections.try_emplace(lease.connection);
  connection_count += added ? 1 : 0;
  position->second.state = state;
  set_expiry(lease.user, lease.connection, position->second, clock.steady_now() + options.lease);
  changed(lease.user, user);
}

void PresenceTable::State::refresh(const PresenceLease& lease) {
  const auto user = users.find(lease.user);
  if (user == users.end()) {
    return;
  }
  const auto connection = user->second.connections.find(lease.connection);
  if (connection != user->second.connections.end()) {
    set_expiry(lease.user, lease.connection, connection->second,
               clock.steady_now() + options.lease);
  }
}

void PresenceTable::State::remove(const UserId& id, const ConnectionId& connection) {
  const auto user = users.find(id);
  if (user == users.end()) {
    return;
  }
  const auto entry = user->second.connections.find(connection);
  if (entry == user->second.connections.end()) {
    return;
  }
  set_expiry(id, connection, entry->second, {});
  user->second.connections.erase(entry);
  --connection_count;
  changed(id, user->second);
}

// A user who is offline, told so, and quiet for long enough that damping has nothing to remember.
void PresenceTable::State::forget_if_idle(const UserId& id) {
  const auto found = users.find(id);
  if (found != users.end() && found->second.connections.empty() &&
      found->second.due == SteadyTime{} && !watchers.contains(id)) {
    users.erase(found);
  }
}

void PresenceTable::State::sweep() {
  const auto now = clock.steady_now();
  while (!expiries.empty() && std::get<0>(*expiries.begin()) <= now) {
    const auto [when, user, connection] = *expiries.begin();
    remove(user, connection);
  }
  while (!due.empty() && due.begin()->first <= now) {
    const auto id = due.begin()->second;
    tell(id, users.at(id));
    forget_if_idle(id);
  }
}

PresenceChange PresenceTable::State::look(const UserId& id) const {
  const auto found = users.find(id);
  if (found == users.end()) {
    return {id, PresenceState::offline, {}};
  }
  return {id, found->second.told, found->second.told_since};
}

void PresenceTable::State::unwatch(const std::shared_ptr<Watcher>& watcher) {
  for (const auto& id : watcher->users) {
    const auto found = watchers.find(id);
    std::erase(found->second, watcher);
    if (found->second.empty()) {
      watchers.erase(found);
      forget_if_idle(id);
    }
  }
  watcher->users.clear();
  watcher->waiting.clear();
}

Result<std::vector<PresenceChange>> PresenceTable::State::replace(
    const std::shared_ptr<Watcher>& watcher, std::vector<UserId> wanted) {
  std::unordered_set<UserId> distinct(wanted.begin(), wanted.end());
  if (distinct.size() > options.max_watched) {
    return fail(Errc::too_many_watched,
                "at most " + std::to_string(options.max_watched) + " users can be watched at once");
  }
  unwatch(watcher);
  std::vector<PresenceChange> out;
  for (const auto& id : distinct) {
    watchers[id].push_back(watcher);
    out.push_back(look(id));
  }
  watcher->users = std::move(distinct);
  return out;
}

void PresenceTable::State::drop(const std::shared_ptr<Watcher>& watcher) {
  watcher->active = false;
  unwatch(watcher);
}

PresenceTable::PresenceTable(PresenceOptions options, const Clock& clock)
    : state_(std::make_shared<State>(options, clock)) {}
PresenceTable::~PresenceTable() = default;

Task<Status> PresenceTable::set(PresenceLease lease, PresenceState state) {
  if (state == PresenceState::offline) {
    co_return co_await remove(lease);
  }
  const std::lock_guard lock(state_->mutex);
  state_->set(lease, state);
  co_return Status{};
}

void PresenceTable::apply(const PresenceLease& lease, PresenceState state) {
  const std::lock_guard lock(state_->mutex);
  if (state == PresenceState::offline) {
    state_->remove(lease.user, lease.connection);
  } else {
    state_->set(lease, state);
  }
}

Task<Status> PresenceTable::refresh(std::vector<PresenceLease> leases) {
  const std::lock_guard lock(state_->mutex);
  for (const auto& lease : leases) {
    state_->refresh(lease);
  }
  co_return Status{};
}

Task<Status> PresenceTable::remove(PresenceLease lease) {
  const std::lock_guard lock(state_->mutex);
  state_->remove(lease.user, lease.connection);
  co_return Status{};
}

Task<Result<std::vector<PresenceChange>>> PresenceTable::look_up(std::vector<UserId> users) {
  std::vector<PresenceChange> out;
  const std::lock_guard lock(state_->mutex);
  for (const auto& id : users) {
    out.push_back(state_->look(id));
  }
  co_return out;
}

std::unique_ptr<Presence::Watch> PresenceTable::watch(Executor executor, Handler handler) {
  class TableWatch final : public Watch {
   public:
    TableWatch(std::shared_ptr<State> state, std::shared_ptr<Watcher> watcher)
        : state_(std::move(state)), watcher_(std::move(watcher)) {}
    ~TableWatch() override {
      const std::lock_guard lock(state_->mutex);
      state_->drop(watcher_);
    }
    Task<Result<std::vector<PresenceChange>>> replace(std::vector<UserId> users) override {
      const std::lock_guard lock(state_->mutex);
      co_return state_->replace(watcher_, std::move(users));
    }

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Watcher> watcher_;
  };
  auto watcher = std::make_shared<Watcher>();
  watcher->executor = std::move(executor);
  watcher->handler = std::move(handler);
  return std::make_unique<TableWatch>(state_, std::move(watcher));
}

void PresenceTable::sweep() {
  const std::lock_guard lock(state_->mutex);
  state_->sweep();
}

Task<void> PresenceTable::run() {
  while (true) {
    co_await runtime::sleep_for(std::chrono::seconds(1));
    sweep();
  }
}

std::size_t PresenceTable::online_users() const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<std::size_t>(std::ranges::count_if(
      state_->users, [](const auto& entry) { return !entry.second.connections.empty(); }));
}

std::size_t PresenceTable::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->connection_count;
}

std::size_t PresenceTable::known_users() const {
  const std::lock_guard lock(state_->mutex);
  return state_->users.size();
}

}  // namespace unhidra::messaging
