#include "presence_desk.h"

namespace unhidra::client {

namespace {

wire::PresenceState to_wire(OwnPresence own) {
  switch (own) {
    case OwnPresence::hidden:
      return wire::PresenceState::offline;
    case OwnPresence::online:
      return wire::PresenceState::online;
    case OwnPresence::away:
      break;
  }
  return wire::PresenceState::away;
}

PresenceState from_wire(wire::PresenceState state) {
  switch (state) {
    case wire::PresenceState::offline:
      return PresenceState::offline;
    case wire::PresenceState::online:
      return PresenceState::online;
    case wire::PresenceState::away:
      return PresenceState::away;
  }
  return PresenceState::unknown;  // of a newer server
}

}  // namespace

Status PresenceDesk::watch(std::span<const UserId> users) {
  std::set<UserId> wanted(users.begin(), users.end());
  if (wanted.size() > env_.limits.max_watched) {
    return fail(Errc::too_many_watched,
                "at most " + std::to_string(env_.limits.max_watched) + " people can be watched");
  }
  if (wanted != watched_) {
    watched_ = std::move(wanted);
    ++version_;
    std::erase_if(known_, [&](const auto& one) { return !watched_.contains(one.first); });
  }
  return {};
}

std::vector<UserPresence> PresenceDesk::of_watched() const {
  std::vector<UserPresence> out;
  for (const auto& user : watched_) {
    const auto known = known_.find(user);
    out.push_back(known == known_.end() ? UserPresence{user, PresenceState::unknown, {}}
                                        : known->second);
  }
  return out;
}

bool PresenceDesk::is_behind() const {
  const bool nothing = link_.watch_told == 0 && watched_.empty();
  return link_.watch_told != version_ && !nothing;
}

// One request of each kind is under way at most, and what changed meanwhile is told together.
void PresenceDesk::pump() {
  const bool hides = own_ == OwnPresence::hidden;
  if (own_ != link_.presence_told && (hides || !link_.presence_refused) &&
      requests_.may_ask({Ask::set_presence})) {
    requests_.ask({Ask::set_presence}, wire::SetPresence{to_wire(own_)}).number =
        static_cast<std::uint64_t>(own_);
  }
  if (is_behind() && !link_.watch_refused && requests_.may_ask({Ask::watch_presence})) {
    requests_.ask({Ask::watch_presence}, wire::WatchPresence{{watched_.begin(), watched_.end()}})
        .number = version_;
  }
}

void PresenceDesk::on_own_set(const PendingRequest& request) {
  link_.presence_told = static_cast<OwnPresence>(request.number);
}

void PresenceDesk::on_snapshot(const PendingRequest& request,
                               const wire::PresenceSnapshot& snapshot) {
  link_.watch_told = request.number;
  for (const auto& one : snapshot.users) {
    on_change(one);
  }
}

// What was told of somebody who is no longer watched is of no interest.
void PresenceDesk::on_change(const wire::PresenceChange& change) {
  if (!watched_.contains(change.user_id)) {
    return;
  }
  const UserPresence now{change.user_id, from_wire(change.state), change.since};
  auto& known = known_[change.user_id];
  if (known != now) {
    known = now;
    staged_.events.push_back(event::PresenceChanged{now});
  }
}

// An organisation may do without presence. That is no failure of anything: it is not asked again
// before the next connection.
void PresenceDesk::on_refused(const PendingRequest& request, bool passing) {
  if (passing) {
    return;
  }
  requests_.settle(request.question);
  if (request.question.ask == Ask::watch_presence) {
    link_.watch_refused = true;
    return;
  }
  link_.presence_refused = true;
  if (link_.presence_told != OwnPresence::hidden) {
    // What was said before and cannot be changed any more ends with the connection.
    link_.presence_told = OwnPresence::hidden;
    staged_.reconnect = true;
  }
}

void PresenceDesk::forget() {
  for (const auto& [user, known] : std::exchange(known_, {})) {
    staged_.events.push_back(event::PresenceChanged{{user, PresenceState::unknown, {}}});
  }
}

}  // namespace unhidra::client
