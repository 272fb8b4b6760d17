#pragma once
// Messages about chat policy, typing, spaces and channels. Source: gateway.proto.

#include "unhidra/wire/conversations.h"

namespace unhidra::wire {

struct FetchChatPolicy {
  friend bool operator==(const FetchChatPolicy&, const FetchChatPolicy&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchChatPolicy";
  static constexpr auto fields() { return std::tuple{}; }
};

struct ChatPolicy {
  std::uint32_t edit_window_s = 0;  // 0: no edits
  bool receipts = false;
  bool hides_people = false;

  friend bool operator==(const ChatPolicy&, const ChatPolicy&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ChatPolicy";
  static constexpr auto fields() {
    return std::tuple{Field{1, "edit_window_s", &ChatPolicy::edit_window_s},
                      Field{2, "receipts", &ChatPolicy::receipts},
                      Field{3, "hides_people", &ChatPolicy::hides_people}};
  }
};

struct SetChatPolicy {
  std::optional<ChatPolicy> policy;

  friend bool operator==(const SetChatPolicy&, const SetChatPolicy&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SetChatPolicy";
  static constexpr auto fields() { return std::tuple{Field{1, "policy", &SetChatPolicy::policy}}; }
};

struct ChatPolicyChanged {
  std::optional<ChatPolicy> policy;

  friend bool operator==(const ChatPolicyChanged&, const ChatPolicyChanged&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ChatPolicyChanged";
  static constexpr auto fields() {
    return std::tuple{Field{1, "policy", &ChatPolicyChanged::policy}};
  }
};

struct SendTyping {
  ConversationId conversation_id;
  bool active = false;

  friend bool operator==(const SendTyping&, const SendTyping&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SendTyping";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &SendTyping::conversation_id},
                      Field{2, "active", &SendTyping::active}};
  }
};

struct Typing {
  ConversationId conversation_id;
  UserId user_id;
  bool active = false;

  friend bool operator==(const Typing&, const Typing&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Typing";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &Typing::conversation_id},
                      Field{2, "user_id", &Typing::user_id}, Field{3, "active", &Typing::active}};
  }
};

struct FetchMessageVersions {
  ConversationId conversation_id;
  std::optional<MessageRef> message;

  friend bool operator==(const FetchMessageVersions&, const FetchMessageVersions&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchMessageVersions";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &FetchMessageVersions::conversation_id},
                      Field{2, "message", &FetchMessageVersions::message}};
  }
};

struct MessageVersion {
  std::uint64_t seq = 0;
  MessageKind kind = MessageKind::content;
  MessageId message_id;
  UserId sender_user_id;
  DeviceId sender_device_id;
  Timestamp received_at;
  std::uint64_t epoch = 0;
  Bytes ciphertext;  // MLSMessage; empty in a direct conversation

  friend bool operator==(const MessageVersion&, const MessageVersion&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.MessageVersion";
  static constexpr auto fields() {
    return std::tuple{Field{1, "seq", &MessageVersion::seq},
                      Field{2, "kind", &MessageVersion::kind},
                      Field{3, "message_id", &MessageVersion::message_id},
                      Field{4, "sender_user_id", &MessageVersion::sender_user_id},
                      Field{5, "sender_device_id", &MessageVersion::sender_device_id},
                      Field{6, "received_at", &MessageVersion::received_at},
                      Field{7, "epoch", &MessageVersion::epoch},
                      Field{8, "ciphertext", &MessageVersion::ciphertext}};
  }
};

struct MessageVersions {
  std::vector<MessageVersion> versions;

  friend bool operator==(const MessageVersions&, const MessageVersions&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.MessageVersions";
  static constexpr auto fields() {
    return std::tuple{Field{1, "versions", &MessageVersions::versions}};
  }
};

// ---- spaces ----

enum class PlaceState : std::uint8_t { unchanged = 0, active = 1, archived = 2 };
enum class ChannelVisibility : std::uint8_t { open = 0, hidden = 1 };
enum class PostingRule : std::uint8_t { unchanged = 0, everyone = 1, announcements = 2 };
enum class Switch : std::uint8_t { unchanged = 0, on = 1, off = 2 };

struct CreateSpace {
  SpaceId space_id;
  std::optional<SpaceId> parent_space_id;
  std::string name;
  bool hidden = false;

  friend bool operator==(const CreateSpace&, const CreateSpace&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CreateSpace";
  static constexpr auto fields() {
    return std::tuple{Field{1, "space_id", &CreateSpace::space_id},
                      Field{2, "parent_space_id", &CreateSpace::parent_space_id},
                      Field{3, "name", &CreateSpace::name},
                      Field{4, "hidden", &CreateSpace::hidden}};
  }
};

struct UpdateSpace {
  SpaceId space_id;
  std::string name;  // empty: unchanged
  PlaceState state = PlaceState::unchanged;

  friend bool operator==(const UpdateSpace&, const UpdateSpace&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.UpdateSpace";
  static constexpr auto fields() {
    return std::tuple{Field{1, "space_id", &UpdateSpace::space_id},
                      Field{2, "name", &UpdateSpace::name}, Field{3, "state", &UpdateSpace::state}};
  }
};

struct DeleteSpace {
  SpaceId space_id;

  friend bool operator==(const DeleteSpace&, const DeleteSpace&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.DeleteSpace";
  static constexpr auto fields() {
    return std::tuple{Field{1, "space_id", &DeleteSpace::space_id}};
  }
};

struct Space {
  SpaceId space_id;
  std::optional<SpaceId> parent_space_id;
  std::string name;
  bool hidden = false;
  bool archived = false;
  std::uint32_t role = 0;  // the asker's

  friend bool operator==(const Space&, const Space&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Space";
  static constexpr auto fields() {
    return std::tuple{Field{1, "space_id", &Space::space_id},
                      Field{2, "parent_space_id", &Space::parent_space_id},
                      Field{3, "name", &Space::name},
                      Field{4, "hidden", &Space::hidden},
                      Field{5, "archived", &Space::archived},
                      Field{6, "role", &Space::role}};
  }
};

struct ListSpaces {
  Bytes cursor;
  std::uint32_t limit = 0;  // 0: the server's default

  friend bool operator==(const ListSpaces&, const ListSpaces&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ListSpaces";
  static constexpr auto fields() {
    return std::tuple{Field{1, "cursor", &ListSpaces::cursor},
                      Field{2, "limit", &ListSpaces::limit}};
  }
};

struct Spaces {
  std::vector<Space> spaces;
  Bytes next_cursor;

  friend bool operator==(const Spaces&, const Spaces&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Spaces";
  static constexpr auto fields() {
    return std::tuple{Field{1, "spaces", &Spaces::spaces},
                      Field{2, "next_cursor", &Spaces::next_cursor}};
  }
};

struct SetPlaceRole {
  std::optional<SpaceId> space_id;
  std::optional<ConversationId> channel_id;
  UserId user_id;
  std::uint32_t role = 0;  // 0: none

  friend bool operator==(const SetPlaceRole&, const SetPlaceRole&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SetPlaceRole";
  static constexpr auto fields() {
    return std::tuple{Field{1, "space_id", &SetPlaceRole::space_id},
                      Field{2, "channel_id", &SetPlaceRole::channel_id},
                      Field{3, "user_id", &SetPlaceRole::user_id},
                      Field{4, "role", &SetPlaceRole::role}};
  }
};

// ---- channels ----

struct CreateChannel {
  ConversationId channel_id;
  std::optional<SpaceId> space_id;
  ChannelVisibility visibility = ChannelVisibility::open;
  std::string name;
  PostingRule posting = PostingRule::unchanged;
  bool is_default = false;

  friend bool operator==(const CreateChannel&, const CreateChannel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CreateChannel";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &CreateChannel::channel_id},
                      Field{2, "space_id", &CreateChannel::space_id},
                      Field{3, "visibility", &CreateChannel::visibility},
                      Field{4, "name", &CreateChannel::name},
                      Field{5, "posting", &CreateChannel::posting},
                      Field{6, "is_default", &CreateChannel::is_default}};
  }
};

struct UpdateChannel {
  ConversationId channel_id;
  std::string name;  // empty: unchanged
  PostingRule posting = PostingRule::unchanged;
  PlaceState state = PlaceState::unchanged;
  Switch is_default = Switch::unchanged;

  friend bool operator==(const UpdateChannel&, const UpdateChannel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.UpdateChannel";
  static constexpr auto fields() {
    return std::tuple{
        Field{1, "channel_id", &UpdateChannel::channel_id}, Field{2, "name", &UpdateChannel::name},
        Field{3, "posting", &UpdateChannel::posting}, Field{4, "state", &UpdateChannel::state},
        Field{5, "is_default", &UpdateChannel::is_default}};
  }
};

struct DeleteChannel {
  ConversationId channel_id;

  friend bool operator==(const DeleteChannel&, const DeleteChannel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.DeleteChannel";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &DeleteChannel::channel_id}};
  }
};

struct ListChannels {
  std::optional<SpaceId> space_id;
  std::string search;
  bool joined = false;
  Bytes cursor;
  std::uint32_t limit = 0;  // 0: the server's default

  friend bool operator==(const ListChannels&, const ListChannels&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ListChannels";
  static constexpr auto fields() {
    return std::tuple{
        Field{1, "space_id", &ListChannels::space_id}, Field{2, "search", &ListChannels::search},
        Field{3, "joined", &ListChannels::joined}, Field{4, "cursor", &ListChannels::cursor},
        Field{5, "limit", &ListChannels::limit}};
  }
};

struct Channel {
  ConversationId channel_id;
  std::optional<SpaceId> space_id;
  ChannelVisibility visibility = ChannelVisibility::open;
  std::string name;
  PostingRule posting = PostingRule::unchanged;
  bool is_default = false;
  bool archived = false;
  bool joined = false;
  std::uint32_t member_count = 0;
  std::uint32_t permissions = 0;  // bits, see gateway.proto

  friend bool operator==(const Channel&, const Channel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Channel";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &Channel::channel_id},
                      Field{2, "space_id", &Channel::space_id},
                      Field{3, "visibility", &Channel::visibility},
                      Field{4, "name", &Channel::name},
                      Field{5, "posting", &Channel::posting},
                      Field{6, "is_default", &Channel::is_default},
                      Field{7, "archived", &Channel::archived},
                      Field{8, "joined", &Channel::joined},
                      Field{9, "member_count", &Channel::member_count},
                      Field{10, "permissions", &Channel::permissions}};
  }
};

struct Channels {
  std::vector<Channel> channels;
  Bytes next_cursor;

  friend bool operator==(const Channels&, const Channels&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Channels";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channels", &Channels::channels},
                      Field{2, "next_cursor", &Channels::next_cursor}};
  }
};

struct JoinChannel {
  std::optional<ConversationId> channel_id;  // absent: the default ones

  friend bool operator==(const JoinChannel&, const JoinChannel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.JoinChannel";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &JoinChannel::channel_id}};
  }
};

struct RemoveFromChannel {
  ConversationId channel_id;
  UserId user_id;
  bool ban = false;

  friend bool operator==(const RemoveFromChannel&, const RemoveFromChannel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.RemoveFromChannel";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &RemoveFromChannel::channel_id},
                      Field{2, "user_id", &RemoveFromChannel::user_id},
                      Field{3, "ban", &RemoveFromChannel::ban}};
  }
};

struct UnbanFromChannel {
  ConversationId channel_id;
  UserId user_id;

  friend bool operator==(const UnbanFromChannel&, const UnbanFromChannel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.UnbanFromChannel";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &UnbanFromChannel::channel_id},
                      Field{2, "user_id", &UnbanFromChannel::user_id}};
  }
};

struct SetChannelOverride {
  ConversationId channel_id;
  std::uint32_t role = 0;
  std::uint32_t allow = 0;
  std::uint32_t deny = 0;

  friend bool operator==(const SetChannelOverride&, const SetChannelOverride&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SetChannelOverride";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &SetChannelOverride::channel_id},
                      Field{2, "role", &SetChannelOverride::role},
                      Field{3, "allow", &SetChannelOverride::allow},
                      Field{4, "deny", &SetChannelOverride::deny}};
  }
};

struct ChannelOverride {
  std::uint32_t role = 0;
  std::uint32_t allow = 0;
  std::uint32_t deny = 0;

  friend bool operator==(const ChannelOverride&, const ChannelOverride&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ChannelOverride";
  static constexpr auto fields() {
    return std::tuple{Field{1, "role", &ChannelOverride::role},
                      Field{2, "allow", &ChannelOverride::allow},
                      Field{3, "deny", &ChannelOverride::deny}};
  }
};

struct FetchChannel {
  ConversationId channel_id;

  friend bool operator==(const FetchChannel&, const FetchChannel&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchChannel";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &FetchChannel::channel_id}};
  }
};

struct ChannelDetails {
  std::optional<Channel> channel;
  std::vector<ChannelOverride> overrides;
  std::vector<UserId> banned_user_ids;

  friend bool operator==(const ChannelDetails&, const ChannelDetails&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ChannelDetails";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel", &ChannelDetails::channel},
                      Field{2, "overrides", &ChannelDetails::overrides},
                      Field{3, "banned_user_ids", &ChannelDetails::banned_user_ids}};
  }
};

struct ChannelChanged {
  ConversationId channel_id;

  friend bool operator==(const ChannelChanged&, const ChannelChanged&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ChannelChanged";
  static constexpr auto fields() {
    return std::tuple{Field{1, "channel_id", &ChannelChanged::channel_id}};
  }
};

}  // namespace unhidra::wire
