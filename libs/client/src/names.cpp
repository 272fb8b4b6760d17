// What people are called: asked for where it is not known, and again who is called otherwise.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::uint32_t kNamesAtOnce = 200;      // what the server takes in one request
constexpr std::size_t kLongestName = 512;        // bytes that the server may say
constexpr std::chrono::minutes kClockSlack{10};  // between the server's machines

}  // namespace

bool Engine::Impl::want_name(UserId user) {
  if (!user_record(user).username.empty() || link_.asked_names.contains(user)) {
    return false;
  }
  link_.wanted_names.insert(user);
  return true;
}

// What the server says somebody is called. Who is not known here stays so.
void Engine::Impl::take_name(const wire::UserInfo& info) {
  const auto found = users_.find(info.user_id);
  if (found == users_.end() || info.username.size() > kLongestName ||
      info.display_name.size() > kLongestName) {
    return;
  }
  auto& record = found->second;
  if (record.username == info.username && record.display_name == info.display_name) {
    return;
  }
  const bool known = !record.username.empty();
  record.username = info.username;
  record.display_name = info.display_name;
  save(record);
  if (known) {
    emit(event::UserChanged{view(record)});
  }
}

// Whom the host shows has a name, also on a device that never heard a word of him.
void Engine::Impl::want_names_of_watched() {
  if (link_.watched_named == presence_.version()) {
    return;
  }
  link_.watched_named = presence_.version();
  for (const auto& user : presence_.watched()) {
    want_name(user);
  }
}

// Once on each connection: who is called otherwise since the last one.
void Engine::Impl::pump_names() {
  if (link_.names_renewed) {
    return;
  }
  if (progress_.names_as_of == Timestamp()) {
    progress_.names_as_of = link_.hello.server_time;
    link_.names_renewed = true;
    return;
  }
  if (requests_.may_ask({Ask::renamed_people})) {
    requests_.ask({Ask::renamed_people},
                  wire::ListPeople{.search = {},
                                   .cursor = link_.names_cursor,
                                   .limit = kNamesAtOnce,
                                   .changed_since = std::max(progress_.names_as_of - kClockSlack,
                                                             from_unix_micros(1))});
  }
}

void Engine::Impl::emit_named(UserId person, Event event) {
  const bool waits = link_.greeted && link_.wanted_names.contains(person);
  if (waits && link_.unnamed.size() < limits_.max_inbox_buffer) {
    link_.unnamed.emplace_back(person, std::move(event));
  } else {
    emit(std::move(event));
  }
}

void Engine::Impl::release_unnamed(UserId person) {
  for (auto& [of, event] : link_.unnamed) {
    if (of == person) {
      emit(std::move(event));
    }
  }
  std::erase_if(link_.unnamed, [&](const auto& one) { return one.first == person; });
}

}  // namespace unhidra::client
