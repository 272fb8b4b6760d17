#pragma once
// Who is online: said of oneself and heard of others while connected, stored nowhere.

#include <map>
#include <set>
#include <span>
#include <vector>

#include "environment.h"
#include "requests.h"

namespace unhidra::client {

// What the host wishes outlives a connection, what is known does not.
class PresenceDesk {
 public:
  PresenceDesk(const Environment& env, Link& link, Requests& requests, Actions& staged)
      : env_(env), link_(link), requests_(requests), staged_(staged) {}

  // ---- the host ----
  void set_own(OwnPresence own) { own_ = own; }
  // Errc::too_many_watched.
  Status watch(std::span<const UserId> users);
  std::vector<UserPresence> of_watched() const;
  const std::set<UserId>& watched() const { return watched_; }
  // Of watched(): another number whenever it changes, 0 before.
  std::uint64_t version() const { return version_; }
  // Whether the server has answered for all of them, or will not on this connection.
  bool is_answered() const { return link_.greeted && (link_.watch_refused || !is_behind()); }

  // ---- the connection ----
  void pump();
  void on_own_set(const PendingRequest& request);
  void on_snapshot(const PendingRequest& request, const wire::PresenceSnapshot& snapshot);
  void on_change(const wire::PresenceChange& change);
  // `passing`: it may be different soon, and is asked again after a while.
  void on_refused(const PendingRequest& request, bool passing);
  // Without a connection nobody is known to be online.
  void forget();

 private:
  bool is_behind() const;

  const Environment& env_;
  Link& link_;
  Requests& requests_;
  Actions& staged_;

  OwnPresence own_ = OwnPresence::hidden;
  std::set<UserId> watched_;
  std::uint64_t version_ = 0;
  std::map<UserId, UserPresence> known_;
};

}  // namespace unhidra::client
