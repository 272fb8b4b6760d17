// channel ... and space ...: the directory, the rules of places, who comes and goes.

#include <algorithm>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"
#include "place_text.h"

namespace unhidra::cli {

namespace json = boost::json;
namespace event = client::event;

namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kMaxListed = 10'000;

}  // namespace

Result<client::PlaceAnswerBody> App::ask_place(client::PlaceRequest request) {
  UNHIDRA_TRY(const auto number, engine_->ask_place(std::move(request)));
  std::optional<event::PlaceAnswer> answer;
  on_event_ = [&](const client::Event& one) {
    if (const auto* told = std::get_if<event::PlaceAnswer>(&one);
        told != nullptr && told->number == number) {
      answer = *told;
    }
  };
  const auto ran = driver_->run_until([&] { return answer.has_value(); }, kPatience);
  on_event_ = nullptr;
  UNHIDRA_TRY_VOID(ran);
  if (answer->failure == "chat.not_found") {
    return fail(Errc::not_found, printable(answer->message));
  }
  if (!answer->failure.empty()) {
    return fail(Errc::refused,
                printable(answer->message) + " (" + printable(answer->failure) + ")");
  }
  return std::move(answer->body);
}

Result<std::vector<wire::Channel>> App::channels_listed(wire::ListChannels query) {
  std::vector<wire::Channel> out;
  do {
    UNHIDRA_TRY(auto body, ask_place(query));
    auto* page = std::get_if<wire::Channels>(&body);
    if (page == nullptr) {
      return fail(Errc::server_failed, "the server's answer lists no channels");
    }
    std::ranges::move(page->channels, std::back_inserter(out));
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty() && out.size() < kMaxListed);
  return out;
}

Result<std::vector<wire::Space>> App::spaces_listed() {
  std::vector<wire::Space> out;
  wire::ListSpaces query;
  do {
    UNHIDRA_TRY(auto body, ask_place(query));
    auto* page = std::get_if<wire::Spaces>(&body);
    if (page == nullptr) {
      return fail(Errc::server_failed, "the server's answer lists no spaces");
    }
    std::ranges::move(page->spaces, std::back_inserter(out));
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty() && out.size() < kMaxListed);
  return out;
}

// The name that the server knows, or else the one that the members do.
std::string App::name_of(const wire::Channel& channel) const {
  return channel.name.empty() ? Names(*engine_).of(channel.channel_id) : channel.name;
}

Result<wire::Channel> App::channel_named(const std::string& name) {
  UNHIDRA_TRY(auto channels, channels_listed({}));
  std::erase_if(channels, [&](const wire::Channel& one) {
    const bool id = name.size() >= 8 && one.channel_id.to_string().starts_with(name);
    return name_of(one) != name && !id;
  });
  if (channels.size() != 1) {
    return fail(Errc::not_found, (channels.empty() ? "there is no channel called "
                                                   : "several channels are called ") +
                                     printable(name));
  }
  return std::move(channels.front());
}

Result<wire::Space> App::space_named(const std::string& name) {
  UNHIDRA_TRY(auto spaces, spaces_listed());
  std::erase_if(spaces, [&](const wire::Space& one) {
    const bool id = name.size() >= 8 && one.space_id.to_string().starts_with(name);
    return one.name != name && !id;
  });
  if (spaces.size() != 1) {
    return fail(Errc::not_found,
                (spaces.empty() ? "there is no space called " : "several spaces are called ") +
                    printable(name));
  }
  return std::move(spaces.front());
}

Status App::place_command() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  switch (options_.place.action) {
    case PlaceAction::list_channels:
      return list_channels();
    case PlaceAction::create_channel:
      return create_channel();
    case PlaceAction::list_spaces:
    case PlaceAction::create_space:
      return spaces();
    case PlaceAction::rename_space:
    case PlaceAction::archive_space:
    case PlaceAction::restore_space:
    case PlaceAction::delete_space:
    case PlaceAction::space_role:
      return change_space();
    case PlaceAction::show_policy:
    case PlaceAction::set_policy:
      return chat_policy();
    default:
      break;
  }
  UNHIDRA_TRY(const auto channel, channel_named(options_.place.place));
  switch (options_.place.action) {
    case PlaceAction::show_channel:
      return show_channel(channel);
    case PlaceAction::join_channel:
      return join_channel(channel);
    case PlaceAction::invite:
    case PlaceAction::leave:
    case PlaceAction::describe:
      return change_group_of(channel);
    default:
      return change_channel(channel);
  }
}

Status App::list_channels() {
  wire::ListChannels query;
  query.search = options_.place.search;
  if (!options_.place.space.empty()) {
    UNHIDRA_TRY(const auto space, space_named(options_.place.space));
    query.space_id = space.space_id;
  }
  UNHIDRA_TRY(const auto channels, channels_listed(std::move(query)));
  for (const auto& one : channels) {
    const auto name = name_of(one);
    output_.result(to_json(one, name),
                   printable(name) + "  " +
                       (one.visibility == wire::ChannelVisibility::open ? "public" : "private") +
                       (one.archived ? ", archived" : "") + (one.joined ? ", joined" : "") + "  " +
                       members_text(one.member_count) + "  " + one.channel_id.to_string());
  }
  return {};
}

Status App::show_channel(const wire::Channel& channel) {
  UNHIDRA_TRY(const auto body, ask_place(wire::FetchChannel{channel.channel_id}));
  const auto* details = std::get_if<wire::ChannelDetails>(&body);
  auto shown = to_json(channel, name_of(channel));
  const auto group = engine_->group(channel.channel_id);
  shown["topic"] = group ? group->topic : "";
  shown["description"] = group ? group->description : "";
  if (details != nullptr) {
    const Names names(*engine_);
    auto& overrides = shown["overrides"].emplace_array();
    for (const auto& one : details->overrides) {
      overrides.push_back(json::object{{"role", role_name(one.role)},
                                       {"allow", permission_names(one.allow)},
                                       {"deny", permission_names(one.deny)}});
    }
    auto& banned = shown["banned"].emplace_array();
    for (const auto& user : details->banned_user_ids) {
      banned.emplace_back(names.of(user));
    }
  }
  output_.result(shown, channel_text(shown));
  return {};
}

Status App::create_channel() {
  const auto& wish = options_.place;
  client::NewChannel channel;
  channel.name = options_.name;
  channel.topic = wish.topic;
  channel.description = wish.description;
  channel.open = wish.open;
  channel.announcements = wish.announcements;
  channel.is_default = wish.is_default;
  UNHIDRA_TRY(channel.users, users_named());
  if (!wish.space.empty()) {
    UNHIDRA_TRY(const auto space, space_named(wish.space));
    channel.space = space.space_id;
  }
  UNHIDRA_TRY(const auto id, make_channel(channel));
  UNHIDRA_TRY(const auto group, engine_->group(id));
  output_.result(describe_group(group),
                 "Made the channel " + printable(channel.name) + " (" + id.to_string() + ").");
  return {};
}

Result<ConversationId> App::make_channel(const client::NewChannel& channel) {
  UNHIDRA_TRY(const auto id, engine_->create_channel(channel));
  std::optional<std::string> failure;
  bool settled = false;  // its people are in, or it is left
  on_event_ = [&](const client::Event& one) {
    if (const auto* made = std::get_if<event::ChannelCreated>(&one)) {
      failure = made->failure;
    }
    settled = settled || std::holds_alternative<event::GroupChangeDone>(one) ||
              std::holds_alternative<event::GroupLeft>(one);
  };
  const auto ran = driver_->run_until([&] { return failure && settled; }, kPatience);
  on_event_ = nullptr;
  UNHIDRA_TRY_VOID(ran);
  if (!failure->empty()) {
    return fail(Errc::refused,
                "the server refused the channel, and nothing was made: " + printable(*failure));
  }
  UNHIDRA_TRY_VOID(flush_outbox());
  return id;
}

// Into the conversation, then by external commit into the group.
Status App::join_channel(const wire::Channel& channel) {
  UNHIDRA_TRY_VOID(ask_place(wire::JoinChannel{channel.channel_id}));
  const auto inside = [&] {
    const auto group = engine_->group(channel.channel_id);
    return group && group->state == client::GroupState::active && engine_->idle();
  };
  UNHIDRA_TRY_VOID(driver_->run_until(inside, kPatience));
  if (!channel.name.empty()) {
    UNHIDRA_TRY_VOID(engine_->adopt_public_name(channel.channel_id, channel.name));
  }
  UNHIDRA_TRY(const auto group, engine_->group(channel.channel_id));
  output_.result(describe_group(group), "Joined " + printable(name_of(channel)) + ".");
  return {};
}

Status App::change_group_of(const wire::Channel& channel) {
  options_.group = channel.channel_id.to_string();
  if (options_.place.action == PlaceAction::leave) {
    return leave_group();
  }
  if (options_.place.action == PlaceAction::describe) {
    UNHIDRA_TRY_VOID(engine_->describe_group(channel.channel_id, options_.place.topic,
                                             options_.place.description));
    return flush_outbox();
  }
  options_.command = Command::group_add;
  return change_group();
}

Status App::change_channel(const wire::Channel& channel) {
  const auto& wish = options_.place;
  const auto id = channel.channel_id;
  wire::UpdateChannel update;
  update.channel_id = id;
  std::optional<client::PlaceRequest> request;
  switch (wish.action) {
    case PlaceAction::kick:
    case PlaceAction::ban:
    case PlaceAction::unban: {
      UNHIDRA_TRY(const auto user, find_user(options_.user, true));
      if (wish.action == PlaceAction::unban) {
        request = wire::UnbanFromChannel{id, user.id};
      } else {
        request = wire::RemoveFromChannel{id, user.id, wish.action == PlaceAction::ban};
      }
      break;
    }
    case PlaceAction::rename_channel:
      if (engine_->group(id)) {
        UNHIDRA_TRY_VOID(engine_->rename_group(id, options_.name));
      }
      update.name = channel.visibility == wire::ChannelVisibility::open ? options_.name : "";
      break;
    case PlaceAction::post_rule:
      update.posting = wish.rule == "announcements" ? wire::PostingRule::announcements
                                                    : wire::PostingRule::everyone;
      break;
    case PlaceAction::default_rule:
      update.is_default = wish.rule == "on" ? wire::Switch::on : wire::Switch::off;
      break;
    case PlaceAction::archive_channel:
      update.state = wire::PlaceState::archived;
      break;
    case PlaceAction::restore_channel:
      update.state = wire::PlaceState::active;
      break;
    case PlaceAction::delete_channel:
      request = wire::DeleteChannel{id};
      break;
    case PlaceAction::channel_role: {
      UNHIDRA_TRY(const auto user, find_user(options_.user, true));
      UNHIDRA_TRY(const auto role, role_named(wish.rule));
      request = wire::SetPlaceRole{std::nullopt, id, user.id, role};
      break;
    }
    default: {
      UNHIDRA_TRY(const auto role, role_named(wish.rule));
      UNHIDRA_TRY(const auto allow, permissions_named(wish.allow));
      UNHIDRA_TRY(const auto deny, permissions_named(wish.deny));
      request = wire::SetChannelOverride{id, role, allow, deny};
      break;
    }
  }
  UNHIDRA_TRY_VOID(ask_place(request ? std::move(*request) : client::PlaceRequest(update)));
  output_.remark("Done.");
  return flush_outbox();
}

Status App::spaces() {
  if (options_.place.action == PlaceAction::list_spaces) {
    UNHIDRA_TRY(const auto spaces, spaces_listed());
    for (const auto& one : spaces) {
      output_.result(to_json(one), printable(one.name) + (one.archived ? "  archived" : "") +
                                       (one.hidden ? "  hidden" : "") + "  " +
                                       one.space_id.to_string());
    }
    return {};
  }
  wire::CreateSpace space;
  space.space_id = SpaceId::make(clock_, random_);
  space.name = options_.name;
  space.hidden = options_.place.hidden;
  if (!options_.place.space.empty()) {
    UNHIDRA_TRY(const auto parent, space_named(options_.place.space));
    space.parent_space_id = parent.space_id;
  }
  UNHIDRA_TRY_VOID(ask_place(space));
  output_.result(
      json::object{
          {"type", "space"}, {"space_id", space.space_id.to_string()}, {"name", space.name}},
      "Made the space " + printable(space.name) + " (" + space.space_id.to_string() + ").");
  return {};
}

Status App::change_space() {
  UNHIDRA_TRY(const auto space, space_named(options_.place.place));
  wire::UpdateSpace update{space.space_id, {}, wire::PlaceState::unchanged};
  switch (options_.place.action) {
    case PlaceAction::delete_space:
      UNHIDRA_TRY_VOID(ask_place(wire::DeleteSpace{space.space_id}));
      output_.remark("Done.");
      return {};
    case PlaceAction::space_role: {
      UNHIDRA_TRY(const auto user, find_user(options_.user, true));
      UNHIDRA_TRY(const auto role, role_named(options_.place.rule));
      UNHIDRA_TRY_VOID(ask_place(wire::SetPlaceRole{space.space_id, std::nullopt, user.id, role}));
      output_.remark("Done.");
      return {};
    }
    case PlaceAction::rename_space:
      update.name = options_.name;
      break;
    default:
      update.state = options_.place.action == PlaceAction::archive_space
                         ? wire::PlaceState::archived
                         : wire::PlaceState::active;
  }
  UNHIDRA_TRY_VOID(ask_place(update));
  output_.remark("Done.");
  return {};
}

Status App::chat_policy() {
  UNHIDRA_TRY(const auto body, ask_place(wire::FetchChatPolicy{}));
  const auto* known = std::get_if<wire::ChatPolicy>(&body);
  if (known == nullptr) {
    return fail(Errc::server_failed, "the server tells no policy");
  }
  auto policy = *known;
  if (options_.place.action == PlaceAction::set_policy) {
    if (options_.place.edit_window >= 0) {
      policy.edit_window_s = static_cast<std::uint32_t>(options_.place.edit_window);
    }
    if (!options_.place.receipts.empty()) {
      policy.receipts = options_.place.receipts == "on";
    }
    if (!options_.place.directory.empty()) {
      policy.hides_people = options_.place.directory == "off";
    }
    UNHIDRA_TRY_VOID(ask_place(wire::SetChatPolicy{policy}));
  }
  output_.result(json::object{{"type", "chat_policy"},
                              {"edit_window_s", policy.edit_window_s},
                              {"receipts", policy.receipts},
                              {"directory", !policy.hides_people}},
                 "Messages may be edited for " + std::to_string(policy.edit_window_s) +
                     " s; receipts are " + (policy.receipts ? "sent; " : "not sent; ") +
                     (policy.hides_people ? "people list those alone with whom they talk."
                                          : "members list everybody."));
  return {};
}

}  // namespace unhidra::cli
