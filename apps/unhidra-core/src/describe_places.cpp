#include "describe_places.h"

#include "errc.h"
#include "fields.h"

namespace unhidra::core {

namespace {

// ---- answers ----

void space(Json& out, const wire::Space& one) {
  out.begin_object().name("id").text(one.space_id.to_string());
  if (one.parent_space_id) {
    out.name("parent").text(one.parent_space_id->to_string());
  }
  out.name("name").text(one.name).name("hidden").boolean(one.hidden);
  out.name("archived").boolean(one.archived).name("role").number(one.role).end_object();
}

void channel(Json& out, const wire::Channel& one) {
  out.begin_object().name("id").text(one.channel_id.to_string());
  if (one.space_id) {
    out.name("space").text(one.space_id->to_string());
  }
  out.name("open").boolean(one.visibility == wire::ChannelVisibility::open);
  out.name("name").text(one.name);
  out.name("announcements").boolean(one.posting == wire::PostingRule::announcements);
  out.name("isDefault").boolean(one.is_default).name("archived").boolean(one.archived);
  out.name("joined").boolean(one.joined).name("memberCount").number(one.member_count);
  out.name("permissions").number(one.permissions).end_object();
}

void cursor(Json& out, const Bytes& next) {
  out.name("nextCursor").text(to_hex(next));
}

struct DescribePlace {
  Json& out;

  void operator()(const std::monostate&) const {}
  void operator()(const wire::Spaces& page) const {
    out.name("spaces").begin_list();
    for (const auto& one : page.spaces) {
      space(out, one);
    }
    out.end_list();
    cursor(out, page.next_cursor);
  }
  void operator()(const wire::Channels& page) const {
    out.name("channels").begin_list();
    for (const auto& one : page.channels) {
      channel(out, one);
    }
    out.end_list();
    cursor(out, page.next_cursor);
  }
  void operator()(const wire::ChannelDetails& details) const {
    if (details.channel) {
      out.name("channel");
      channel(out, *details.channel);
    }
    out.name("overrides").begin_list();
    for (const auto& one : details.overrides) {
      out.begin_object().name("role").number(one.role).name("allow").number(one.allow);
      out.name("deny").number(one.deny).end_object();
    }
    out.end_list().name("banned").begin_list();
    for (const auto& user : details.banned_user_ids) {
      out.text(user.to_string());
    }
    out.end_list();
  }
  void operator()(const wire::ChatPolicy& policy) const { describe_policy(out, policy); }
  void operator()(const wire::People& page) const {
    out.name("people").begin_list();
    for (const auto& one : page.people) {
      out.begin_object().name("id").text(one.user_id.to_string());
      out.name("username").text(one.username).name("displayName").text(one.display_name);
      out.end_object();
    }
    out.end_list();
    cursor(out, page.next_cursor);
  }
  void operator()(const wire::MessageVersions& versions) const {
    out.name("versions").begin_list();
    for (const auto& one : versions.versions) {
      out.begin_object().name("seq").number(one.seq);
      out.name("kind").number(static_cast<std::uint64_t>(one.kind));
      out.name("sender").text(one.sender_user_id.to_string());
      out.name("receivedAt").time(to_unix_micros(one.received_at)).end_object();
    }
    out.end_list();
  }
};

// ---- requests ----

std::optional<client::PlaceRequest> space_request(std::string_view name, Fields& in) {
  if (name == "createSpace") {
    return wire::CreateSpace{in.id<SpaceId>("space"), in.maybe<SpaceId>("parent"), in.text("name"),
                             in.flag("hidden")};
  }
  if (name == "updateSpace") {
    return wire::UpdateSpace{in.id<SpaceId>("space"), in.text("name"),
                             in.choice<wire::PlaceState>("state")};
  }
  if (name == "deleteSpace") {
    return wire::DeleteSpace{in.id<SpaceId>("space")};
  }
  if (name == "listSpaces") {
    return wire::ListSpaces{in.cursor(), in.number("limit")};
  }
  if (name == "setRole") {
    return wire::SetPlaceRole{in.maybe<SpaceId>("space"), in.maybe<ConversationId>("channel"),
                              in.id<UserId>("user"), in.number("role")};
  }
  if (name == "policy") {
    return wire::FetchChatPolicy{};
  }
  if (name == "setPolicy") {
    return wire::SetChatPolicy{
        wire::ChatPolicy{in.number("editWindow"), in.flag("receipts"), in.flag("hidesPeople")}};
  }
  if (name == "people") {
    return wire::ListPeople{in.text("search"), in.cursor(), in.number("limit"), {}};
  }
  return std::nullopt;
}

std::optional<client::PlaceRequest> channel_request(std::string_view name, Fields& in) {
  if (name == "listChannels") {
    return wire::ListChannels{in.maybe<SpaceId>("space"), in.text("search"), in.flag("joined"),
                              in.cursor(), in.number("limit")};
  }
  if (name == "join") {
    return wire::JoinChannel{in.maybe<ConversationId>("channel")};
  }
  const auto channel = in.id<ConversationId>("channel");
  if (name == "channel") {
    return wire::FetchChannel{channel};
  }
  if (name == "updateChannel") {
    return wire::UpdateChannel{channel, in.text("name"), in.choice<wire::PostingRule>("posting"),
                               in.choice<wire::PlaceState>("state"),
                               in.choice<wire::Switch>("isDefault")};
  }
  if (name == "deleteChannel") {
    return wire::DeleteChannel{channel};
  }
  if (name == "removeMember") {
    return wire::RemoveFromChannel{channel, in.id<UserId>("user"), in.flag("ban")};
  }
  if (name == "unban") {
    return wire::UnbanFromChannel{channel, in.id<UserId>("user")};
  }
  if (name == "setOverride") {
    return wire::SetChannelOverride{channel, in.number("role"), in.number("allow"),
                                    in.number("deny")};
  }
  return std::nullopt;
}

}  // namespace

void describe_policy(Json& out, const wire::ChatPolicy& policy) {
  out.name("policy").begin_object().name("editWindow").number(policy.edit_window_s);
  out.name("receipts").boolean(policy.receipts);
  out.name("hidesPeople").boolean(policy.hides_people).end_object();
}

void describe_place(Json& out, const client::PlaceAnswerBody& body) {
  std::visit(DescribePlace{out}, body);
}

Result<client::PlaceRequest> place_request_of(std::string_view lines) {
  const auto name = lines.substr(0, lines.find('\n'));
  Fields fields(lines.substr(std::min(name.size() + 1, lines.size())));
  auto request = space_request(name, fields);
  if (!request) {
    request = channel_request(name, fields);
  }
  if (!request || !fields.good()) {
    return fail(Errc::bad_argument, "no such request about a place");
  }
  return std::move(*request);
}

}  // namespace unhidra::core
