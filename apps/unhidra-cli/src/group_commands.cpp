// group create, add, remove, leave, members, rename, list.

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;
namespace event = client::event;

namespace {

constexpr std::chrono::seconds kPatience{60};

}  // namespace

Status App::group_command() {
  UNHIDRA_TRY_VOID(open_device());
  if (options_.command == Command::group_list) {
    return list_groups();
  }
  if (options_.command == Command::group_members) {
    return show_members();
  }
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  switch (options_.command) {
    case Command::group_create:
      return create_group();
    case Command::group_leave:
      return leave_group();
    case Command::group_rename:
      return rename_group();
    case Command::group_history:
      return share_history();
    case Command::group_reset:
      return reset_group();
    default:
      return change_group();
  }
}

// By name, or by id or how it begins; of several, the only one that is not over.
Result<client::Conversation> App::group_named(std::string_view name) const {
  UNHIDRA_TRY(const auto conversations, engine_->conversations());
  std::vector<client::Conversation> hits;
  for (const auto& one : conversations) {
    const bool id = name.size() >= 8 && one.id.to_string().starts_with(name);
    if (one.kind == client::ConversationKind::group && (one.name == name || id)) {
      hits.push_back(one);
    }
  }
  if (hits.size() > 1) {
    std::erase_if(hits, [](const auto& one) {
      return one.state == client::GroupState::left || one.state == client::GroupState::removed;
    });
  }
  if (hits.size() > 1) {
    return fail(Errc::not_found, "several groups are called " + printable(name) +
                                     ": name one by its id (unhidra-cli group list)");
  }
  if (hits.empty()) {
    return fail(Errc::not_found, "there is no group called " + printable(name) + " here");
  }
  return hits.front();
}

Result<std::vector<UserId>> App::users_named() {
  std::vector<UserId> out;
  for (const auto& name : options_.users) {
    UNHIDRA_TRY(const auto user, find_user(name, true));
    out.push_back(user.id);
  }
  return out;
}

Status App::await_change(ConversationId group, std::uint64_t change) {
  std::optional<event::GroupChangeDone> outcome;
  on_event_ = [&](const client::Event& one) {
    const auto* done = std::get_if<event::GroupChangeDone>(&one);
    if (done != nullptr && done->conversation == group && (change == 0 || done->change == change)) {
      outcome = *done;
    }
  };
  auto ran = driver_->run_until([&] { return outcome.has_value(); }, kPatience);
  on_event_ = nullptr;
  UNHIDRA_TRY_VOID(ran);
  if (!outcome->left_out.empty()) {
    const Names names(*engine_);
    std::string people;
    for (const auto& user : outcome->left_out) {
      people += (people.empty() ? "" : ", ") + printable(names.of(user));
    }
    const bool changed = outcome->failure == error_code(client::Errc::identity_not_accepted).name;
    UNHIDRA_TRY_VOID(settle(kPatience));
    return fail(Errc::not_sent,
                "left out, everybody else is in: " + people +
                    (changed ? " (the safety number has changed: unhidra-cli verify)"
                             : " (no device has signed in yet)"));
  }
  if (!outcome->failure.empty()) {
    return fail(Errc::not_sent, "the group was not changed: " + printable(outcome->failure));
  }
  return settle(kPatience);
}

json::object App::describe_group(const client::Group& group) const {
  const Names names(*engine_);
  json::object out;
  out["type"] = "group";
  out["group_id"] = group.id.to_string();
  out["name"] = group.name;
  out["state"] = client::to_string(group.state);
  out["shares_history"] = group.shares_history;
  if (!group.history_changed_by.is_nil()) {
    out["history_changed_by"] = names.of(group.history_changed_by);
    out["history_changed_at"] = to_rfc3339(group.history_changed_at);
  }
  out["epoch"] = group.epoch;
  out["code"] = group.epoch_code;
  auto& members = out["members"].emplace_array();
  for (const auto& member : group.members) {
    json::object one;
    one["user"] = names.of(member.user);
    one["user_id"] = member.user.to_string();
    one["devices"] = member.devices.size();
    one["unsigned_device"] = member.unsigned_device;
    members.push_back(std::move(one));
  }
  return out;
}

Status App::list_groups() {
  UNHIDRA_TRY(const auto conversations, engine_->conversations());
  for (const auto& one : conversations) {
    if (one.kind != client::ConversationKind::group) {
      continue;
    }
    UNHIDRA_TRY(const auto group, engine_->group(one.id));
    output_.result(describe_group(group),
                   printable(group.name) + "  " + std::string(client::to_string(group.state)) +
                       "  " + members_text(group.members.size()) + "  " + group.id.to_string());
  }
  return {};
}

Status App::create_group() {
  UNHIDRA_TRY(const auto users, users_named());
  UNHIDRA_TRY(const auto id, engine_->create_group(options_.name, users));
  UNHIDRA_TRY_VOID(await_change(id, 0));
  UNHIDRA_TRY(const auto group, engine_->group(id));
  output_.result(describe_group(group), "Made " + printable(group.name) + ", " +
                                            members_text(group.members.size()) + " (" +
                                            id.to_string() + ").");
  return {};
}

Status App::change_group() {
  const bool adding = options_.command == Command::group_add;
  UNHIDRA_TRY(const auto conversation, group_named(options_.group));
  UNHIDRA_TRY(const auto users, users_named());
  UNHIDRA_TRY(const auto change, adding ? engine_->add_to_group(conversation.id, users)
                                        : engine_->remove_from_group(conversation.id, users));
  UNHIDRA_TRY_VOID(await_change(conversation.id, change));
  UNHIDRA_TRY(const auto group, engine_->group(conversation.id));
  output_.result(describe_group(group),
                 printable(group.name) + " has " + members_text(group.members.size()) + ".");
  return {};
}

// Another member's device has to commit it; asked for is enough here.
Status App::leave_group() {
  UNHIDRA_TRY(const auto conversation, group_named(options_.group));
  UNHIDRA_TRY_VOID(engine_->leave_group(conversation.id));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto group, engine_->group(conversation.id));
  output_.result(describe_group(group),
                 group.state == client::GroupState::left
                     ? "Left " + printable(group.name) + "."
                     : "Leaving " + printable(group.name) +
                           ": done when another member's device has been online.");
  return {};
}

void App::learn_member_names(const client::Group& group) {
  std::vector<UserId> unnamed;
  for (const auto& member : group.members) {
    const auto known = engine_->user(member.user);
    if (!known || !*known || (*known)->username.empty()) {
      unnamed.push_back(member.user);
    }
  }
  if (unnamed.empty()) {
    return;
  }
  auto asked = open_connection(false);
  if (asked) {
    asked = settle(kPatience);
  }
  if (asked) {
    asked = engine_->learn_names(unnamed);
  }
  if (asked) {
    asked = settle(kPatience);
  }
  if (!asked) {
    output_.remark("Some names are not known here: " + asked.error().message());
  }
}

Status App::show_members() {
  UNHIDRA_TRY(const auto conversation, group_named(options_.group));
  UNHIDRA_TRY(const auto group, engine_->group(conversation.id));
  learn_member_names(group);
  const Names names(*engine_);
  output_.object(describe_group(group));
  output_.text(printable(group.name) + " (" + std::string(client::to_string(group.state)) + ")");
  for (const auto& member : group.members) {
    output_.text("  " + names.of(member.user) + ", " + std::to_string(member.devices.size()) +
                 (member.devices.size() == 1 ? " device" : " devices") +
                 (member.unsigned_device ? ", one of them not signed: it will be removed" : ""));
  }
  if (group.shares_history) {
    output_.text("Who comes in may read what was written since " +
                 to_rfc3339(group.history_changed_at) + ", switched on by " +
                 printable(names.of(group.history_changed_by)) + ".");
  }
  if (!group.epoch_code.empty()) {
    output_.text("Code, the same for everybody in it: " + group.epoch_code);
  }
  return {};
}

Status App::rename_group() {
  UNHIDRA_TRY(const auto conversation, group_named(options_.group));
  UNHIDRA_TRY_VOID(engine_->rename_group(conversation.id, options_.name));
  UNHIDRA_TRY_VOID(driver_->run_until(
      [this] { return engine_->idle() && engine_->account()->outbox_size == 0; }, kPatience));
  UNHIDRA_TRY(const auto group, engine_->group(conversation.id));
  output_.result(describe_group(group), "It is called " + printable(group.name) + " now.");
  return {};
}

Status App::share_history() {
  UNHIDRA_TRY(const auto conversation, group_named(options_.group));
  const bool shared = options_.name == "on";
  UNHIDRA_TRY(const auto change, engine_->share_history(conversation.id, shared));
  UNHIDRA_TRY_VOID(await_change(conversation.id, change));
  UNHIDRA_TRY(const auto group, engine_->group(conversation.id));
  output_.result(describe_group(group),
                 "Who comes into " + printable(group.name) +
                     (shared ? " may read what is written from now on."
                             : " reads on from there, and nothing that was written before."));
  return {};
}

// Until so many messages are here, or there are no more.
Status App::read_earlier(ConversationId group, std::uint64_t wanted) {
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  for (;;) {
    UNHIDRA_TRY(const auto here, engine_->group(group));
    UNHIDRA_TRY(const auto all, engine_->history(group, UINT64_MAX, wanted));
    if (!here.has_earlier || all.size() >= wanted) {
      return {};
    }
    bool told = false;
    on_event_ = [&](const client::Event& one) {
      const auto* page = std::get_if<event::EarlierMessages>(&one);
      told = told || (page != nullptr && page->conversation == group);
    };
    auto ran = engine_->read_earlier(group);
    if (ran) {
      ran = driver_->run_until([&] { return told; }, kPatience);
    }
    on_event_ = nullptr;
    UNHIDRA_TRY_VOID(ran);
  }
}

Status App::reset_group() {
  UNHIDRA_TRY(const auto conversation, group_named(options_.group));
  if (!options_.yes &&
      !confirm(around_,
               "Begin " + printable(conversation.name) +
                   " anew? Everybody in it is told, and messages on their way are lost.",
               false)) {
    return fail(Errc::usage, "nothing was done");
  }
  UNHIDRA_TRY(const auto change, engine_->reset_group(conversation.id));
  UNHIDRA_TRY_VOID(await_change(conversation.id, change));
  UNHIDRA_TRY(const auto group, engine_->group(conversation.id));
  output_.result(describe_group(group),
                 printable(group.name) + " begins anew. The others come in when they are online.");
  return {};
}

}  // namespace unhidra::cli
