// presence: who is online.

#include <algorithm>
#include <set>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kPatience{30};

}  // namespace

// Those who are named, or everybody whom this device shares a conversation with.
Result<std::vector<UserId>> App::people_to_watch() {
  std::vector<UserId> out;
  for (const auto& name : options_.users) {
    UNHIDRA_TRY(const auto user, find_user(name, true));
    out.push_back(user.id);
  }
  if (!out.empty()) {
    return out;
  }
  std::set<UserId> known;
  UNHIDRA_TRY(const auto conversations, engine_->conversations());
  for (const auto& conversation : conversations) {
    if (!conversation.peer.is_nil()) {
      known.insert(conversation.peer);
    } else if (const auto group = engine_->group(conversation.id)) {
      for (const auto& member : group->members) {
        known.insert(member.user);
      }
    }
  }
  known.erase(engine_->account()->user);
  for (const auto& user : known) {
    if (out.size() < client::Limits().max_watched) {
      out.push_back(user);
    }
  }
  if (out.size() < known.size()) {
    output_.remark("Not everybody is shown: name those you look for.");
  }
  return out;
}

Status App::show_presence() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto people, people_to_watch());
  UNHIDRA_TRY_VOID(engine_->learn_names(people));
  UNHIDRA_TRY_VOID(engine_->watch_presence(people));
  UNHIDRA_TRY_VOID(driver_->run_until(
      [this] { return engine_->presence_answered() && engine_->idle(); }, kPatience));
  const Names names(*engine_);
  auto shown = engine_->presence();
  std::ranges::sort(shown, {}, [&](const auto& one) { return names.of(one.user); });
  std::size_t widest = 0;
  for (const auto& one : shown) {
    widest = std::max(widest, names.of(one.user).size());
  }
  bool unknown = false;
  for (const auto& one : shown) {
    const auto name = names.of(one.user);
    json::object object{{"type", "presence"},
                        {"user", name},
                        {"user_id", one.user.to_string()},
                        {"state", client::to_string(one.state)}};
    output_.result(object, name + std::string(widest - name.size() + 2, ' ') +
                               std::string(client::to_string(one.state)));
    unknown = unknown || one.state == client::PresenceState::unknown;
  }
  if (unknown) {
    output_.remark("Unknown: the server does not tell.");
  }
  return {};
}

}  // namespace unhidra::cli
