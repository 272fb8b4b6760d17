// Who is online: said of oneself and heard of others while connected, stored nowhere.

#include "engine_impl.h"

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

Status Engine::Impl::set_presence(OwnPresence own) {
  presence_.own = own;
  return {};
}

Status Engine::Impl::watch_presence(std::span<const UserId> users) {
  std::set<UserId> wanted(users.begin(), users.end());
  if (wanted.size() > limits_.max_watched) {
    return fail(Errc::too_many_watched,
                "at most " + std::to_string(limits_.max_watched) + " people can be watched");
  }
  if (wanted != presence_.watched) {
    presence_.watched = std::move(wanted);
    ++presence_.version;
    std::erase_if(presence_.known,
                  [&](const auto& one) { return !presence_.watched.contains(one.first); });
  }
  return {};
}

std::vector<UserPresence> Engine::Impl::presence() const {
  std::vector<UserPresence> out;
  for (const auto& user : presence_.watched) {
    const auto known = presence_.known.find(user);
    out.push_back(known == presence_.known.end() ? UserPresence{user, PresenceState::unknown, {}}
                                                 : known->second);
  }
  return out;
}

bool Engine::Impl::presence_answered() const {
  return link_.greeted && (link_.watch_refused || !watch_is_behind());
}

bool Engine::Impl::watch_is_behind() const {
  const bool nothing = link_.watch_told == 0 && presence_.watched.empty();
  return link_.watch_told != presence_.version && !nothing;
}

// One request of each kind is under way at most, and what changed meanwhile is told together.
void Engine::Impl::pump_presence() {
  const bool hides = presence_.own == OwnPresence::hidden;
  if (presence_.own != link_.presence_told && (hides || !link_.presence_refused) &&
      may_ask({Ask::set_presence})) {
    ask({Ask::set_presence}, wire::SetPresence{to_wire(presence_.own)}).number =
        static_cast<std::uint64_t>(presence_.own);
  }
  if (watch_is_behind() && !link_.watch_refused && may_ask({Ask::watch_presence})) {
    ask({Ask::watch_presence},
        wire::WatchPresence{{presence_.watched.begin(), presence_.watched.end()}})
        .number = presence_.version;
  }
}

void Engine::Impl::on_presence_set(const PendingRequest& request) {
  link_.presence_told = static_cast<OwnPresence>(request.number);
}

Result<bool> Engine::Impl::take(const PendingRequest& request,
                                const wire::PresenceSnapshot& snapshot) {
  if (request.question.ask != Ask::watch_presence) {
    return false;
  }
  link_.watch_told = request.number;
  for (const auto& one : snapshot.users) {
    on_presence(one);
  }
  return true;
}

// What was told of somebody who is no longer watched is of no interest.
void Engine::Impl::on_presence(const wire::PresenceChange& change) {
  if (!presence_.watched.contains(change.user_id)) {
    return;
  }
  const UserPresence now{change.user_id, from_wire(change.state), change.since};
  auto& known = presence_.known[change.user_id];
  if (known != now) {
    known = now;
    emit(event::PresenceChanged{now});
  }
}

// An organisation may do without presence. That is no failure of anything: it is not asked again
// before the next connection. `passing`: it may be different soon, and is asked again after a
// while.
void Engine::Impl::on_presence_refused(const PendingRequest& request, bool passing) {
  if (passing) {
    return;
  }
  settle(request.question);
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

// Without a connection nobody is known to be online.
void Engine::Impl::forget_presence() {
  for (const auto& [user, known] : std::exchange(presence_.known, {})) {
    emit(event::PresenceChanged{{user, PresenceState::unknown, {}}});
  }
}

}  // namespace unhidra::client
