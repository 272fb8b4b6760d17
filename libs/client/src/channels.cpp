// Channels: groups with an entry at the server. What is asked about places, and what this device
// does by itself: making the entry of a new channel, and coming into the ones for newcomers.

#include "unhidra/base/text.h"
#include "unhidra/identity/group_extensions.h"

#include "engine_impl.h"

namespace unhidra::client {

mls::ExtensionType open_channel_extension() {
  return static_cast<mls::ExtensionType>(identity::kOpenChannelExtension);
}

bool is_open_group(const mls::ExtensionList& extensions) {
  return extensions.find(open_channel_extension()) != nullptr;
}

Result<ConversationId> Engine::Impl::create_channel(const NewChannel& channel) {
  UNHIDRA_TRY_VOID(check_profile(channel.topic, channel.description));
  mls::ExtensionList extensions;
  if (channel.open) {
    extensions.set(open_channel_extension(), {});
  }
  UNHIDRA_TRY(const auto id, create_group(channel.name, channel.users, std::move(extensions)));
  auto& record = groups_.at(id).record;
  record.topic = channel.topic;
  record.description = channel.description;
  wire::CreateChannel entry;
  entry.channel_id = id;
  entry.space_id = channel.space;
  entry.visibility = channel.open ? wire::ChannelVisibility::open : wire::ChannelVisibility::hidden;
  entry.name = channel.open ? channel.name : std::string();
  entry.posting =
      channel.announcements ? wire::PostingRule::announcements : wire::PostingRule::everyone;
  entry.is_default = channel.is_default;
  record.channel = std::move(entry);
  return id;
}

Status Engine::Impl::check_profile(std::string_view topic, std::string_view description) const {
  if (topic.size() > kMaxTopic || description.size() > kMaxDescription || !is_valid_utf8(topic) ||
      !is_valid_utf8(description)) {
    return fail(Errc::bad_name, "a topic has at most " + std::to_string(kMaxTopic) +
                                    " bytes of UTF-8, a description " +
                                    std::to_string(kMaxDescription));
  }
  return {};
}

Status Engine::Impl::describe_group(ConversationId id, std::string_view topic,
                                    std::string_view description) {
  UNHIDRA_TRY_VOID(check_profile(topic, description));
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  hold->record.topic = topic;
  hold->record.description = description;
  return rename_group(id, std::string(hold->record.name));
}

// Who comes in by external commit has heard nobody say what the group is called.
Status Engine::Impl::adopt_public_name(ConversationId id, std::string_view name) {
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  if (!hold->record.name.empty()) {
    return {};
  }
  if (name.empty() || name.size() > limits_.max_group_name || !is_valid_utf8(name)) {
    return fail(Errc::bad_name, "the name of the channel is empty, too long or not UTF-8");
  }
  hold->record.name = name;
  touch(*hold);
  return {};
}

// The entry of a channel whose group the server has taken.
void Engine::Impl::pump_channel(const GroupHold& hold) {
  const Question question{Ask::create_channel, hold.record.id.uuid()};
  if (hold.record.channel && hold.record.state == GroupState::active &&
      requests_.may_ask(question)) {
    requests_.ask(question, *hold.record.channel);
  }
}

// A channel that is refused leaves no group behind that nobody has asked for.
void Engine::Impl::on_channel_created(ConversationId id, std::string failure) {
  auto* hold = find_group(id);
  if (hold != nullptr) {
    hold->record.channel.reset();
    if (!failure.empty() && hold->record.is_member()) {
      hold->record.state = GroupState::leaving;
    }
    touch(*hold);
  }
  emit(event::ChannelCreated{id, std::move(failure)});
}

// ---- questions about places ----

Result<std::uint64_t> Engine::Impl::ask_place(PlaceRequest request) {
  if (!link_.greeted) {
    return fail(unhidra::Errc::unavailable, "there is no connection to ask over");
  }
  const auto number = progress_.next_outbox++;
  Uuid id{};
  random_.fill(id);
  std::visit(
      [&](auto& body) {
        constexpr bool joins = std::is_same_v<std::decay_t<decltype(body)>, wire::JoinChannel>;
        if constexpr (joins) {
          allow_rejoin(body.channel_id);
        }
        auto& pending = requests_.ask({Ask::place, id}, std::move(body));
        pending.number = number;
        pending.name = joins ? "join" : "";
      },
      request);
  return number;
}

// A person who asks for it comes back at once: the pause between repairs is for what the client
// does of itself.
void Engine::Impl::allow_rejoin(const std::optional<ConversationId>& channel) {
  auto* hold = channel ? find_group(*channel) : nullptr;
  if (hold != nullptr) {
    hold->record.last_rejoin = {};
    touch(*hold);
    link_.questions.erase({Ask::group_info, channel->uuid()});
  }
}

void Engine::Impl::on_place_answer(const PendingRequest& request, PlaceAnswerBody body) {
  if (request.name == "join") {
    link_.conversations_known = false;  // the list names what this device is to come into
    link_.conversations_cursor.clear();
  }
  emit(event::PlaceAnswer{request.number, {}, {}, 0, std::move(body)});
}

void Engine::Impl::pump_default_channels() {
  if (progress_.join_defaults && may_tell() && requests_.may_ask({Ask::default_channels})) {
    requests_.ask({Ask::default_channels}, wire::JoinChannel{});
  }
}

void Engine::Impl::on_defaults_joined() {
  progress_.join_defaults = false;
  link_.conversations_known = false;
  link_.conversations_cursor.clear();
}

// Everybody is to leave, and nobody is left to commit it: the channel is deleted.
bool Engine::Impl::everybody_leaves(const GroupHold& hold) const {
  std::set<mls::LeafIndex> leaving;
  for (const auto& item : hold.mls->proposals().items()) {
    if (const auto* remove = item.proposal->as<mls::Remove>()) {
      leaving.insert(remove->removed);
    }
  }
  bool all = !leaving.empty();
  hold.mls->state().tree.each_member(
      [&](mls::LeafIndex index, const mls::LeafNode&) { all = all && leaving.contains(index); });
  return all;
}

}  // namespace unhidra::client
