#pragma once
// The two frames of the client connection. Source: gateway.proto.

#include "unhidra/wire/channels.h"
#include "unhidra/wire/connection.h"
#include "unhidra/wire/conversations.h"
#include "unhidra/wire/groups.h"
#include "unhidra/wire/keys.h"

namespace unhidra::wire {

struct ClientFrame {
  std::uint64_t request_id = 0;
  std::variant<std::monostate, Authenticate, SetPresence, WatchPresence, LookUpUser, PublishKeys,
               CountPreKeys, FetchPreKeyBundles, FetchKeyDigest, PublishDeviceList,
               FetchDeviceLists, ListPendingDevices, OpenDirectConversation, ListConversations,
               SendMessage, FetchInbox, AcknowledgeInbox, FetchLog, PublishKeyPackages,
               CountKeyPackages, ClaimKeyPackages, CreateGroup, CommitGroup, ProposeToGroup,
               SendGroupMessage, FetchGroupLog, FetchGroupInfo, FetchRatchetTree, ResetGroup,
               SendTyping, FetchChatPolicy, SetChatPolicy, FetchMessageVersions, CreateSpace,
               UpdateSpace, DeleteSpace, ListSpaces, SetPlaceRole, CreateChannel, UpdateChannel,
               DeleteChannel, ListChannels, JoinChannel, RemoveFromChannel, UnbanFromChannel,
               SetChannelOverride, FetchChannel>
      body;

  friend bool operator==(const ClientFrame&, const ClientFrame&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ClientFrame";
  static constexpr auto bodies() {
    return OneOf{
        "body", &ClientFrame::body,
        choices(
            Choice{10, "authenticate"}, Choice{11, "set_presence"}, Choice{12, "watch_presence"},
            Choice{20, "look_up_user"}, Choice{21, "publish_keys"}, Choice{22, "count_pre_keys"},
            Choice{23, "fetch_pre_key_bundles"}, Choice{24, "fetch_key_digest"},
            Choice{25, "publish_device_list"}, Choice{26, "fetch_device_lists"},
            Choice{27, "list_pending_devices"}, Choice{40, "open_direct_conversation"},
            Choice{41, "list_conversations"}, Choice{42, "send_message"}, Choice{43, "fetch_inbox"},
            Choice{44, "acknowledge_inbox"}, Choice{45, "fetch_log"},
            Choice{50, "publish_key_packages"}, Choice{51, "count_key_packages"},
            Choice{52, "claim_key_packages"}, Choice{53, "create_group"},
            Choice{54, "commit_group"}, Choice{55, "propose_to_group"},
            Choice{56, "send_group_message"}, Choice{57, "fetch_group_log"},
            Choice{58, "fetch_group_info"}, Choice{59, "fetch_ratchet_tree"},
            Choice{60, "reset_group"}, Choice{61, "send_typing"}, Choice{62, "fetch_chat_policy"},
            Choice{63, "set_chat_policy"}, Choice{64, "fetch_message_versions"},
            Choice{70, "create_space"}, Choice{71, "update_space"}, Choice{72, "delete_space"},
            Choice{73, "list_spaces"}, Choice{74, "set_place_role"}, Choice{75, "create_channel"},
            Choice{76, "update_channel"}, Choice{77, "delete_channel"}, Choice{78, "list_channels"},
            Choice{79, "join_channel"}, Choice{80, "remove_from_channel"},
            Choice{81, "unban_from_channel"}, Choice{82, "set_channel_override"},
            Choice{83, "fetch_channel"})};
  }
  static constexpr auto fields() {
    return std::tuple{Field{1, "request_id", &ClientFrame::request_id}, bodies()};
  }
};

struct ServerFrame {
  std::uint64_t request_id = 0;  // 0: an event
  std::variant<std::monostate, Error, Done, Authenticated, PresenceSnapshot, UserInfo, PreKeyCount,
               PreKeyBundles, KeyDigest, DeviceLists, PendingDevices, Conversation, Conversations,
               SendOutcome, Inbox, Log, KeyPackageCount, KeyPackages, GroupOutcome, GroupLog,
               GroupInfo, RatchetTree, ChatPolicy, MessageVersions, Spaces, Channels,
               ChannelDetails, Hello, InboxEntry, PresenceChange, PreKeysLow, DeviceListChanged,
               Closing, GroupEntry, KeyPackagesLow, Typing, ChannelChanged>
      body;

  friend bool operator==(const ServerFrame&, const ServerFrame&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ServerFrame";
  static constexpr auto bodies() {
    return OneOf{
        "body", &ServerFrame::body,
        choices(Choice{2, "error"}, Choice{3, "done"}, Choice{10, "authenticated"},
                Choice{12, "presence_snapshot"}, Choice{20, "user_info"},
                Choice{22, "pre_key_count"}, Choice{23, "pre_key_bundles"},
                Choice{24, "key_digest"}, Choice{26, "device_lists"}, Choice{27, "pending_devices"},
                Choice{40, "conversation"}, Choice{41, "conversations"}, Choice{42, "send_outcome"},
                Choice{43, "inbox"}, Choice{45, "log"}, Choice{51, "key_package_count"},
                Choice{52, "key_packages"}, Choice{54, "group_outcome"}, Choice{57, "group_log"},
                Choice{58, "group_info"}, Choice{59, "ratchet_tree"}, Choice{62, "chat_policy"},
                Choice{64, "message_versions"}, Choice{73, "spaces"}, Choice{78, "channels"},
                Choice{83, "channel_details"}, Choice{100, "hello"}, Choice{101, "inbox_entry"},
                Choice{102, "presence_change"}, Choice{103, "pre_keys_low"},
                Choice{104, "device_list_changed"}, Choice{105, "closing"},
                Choice{106, "group_entry"}, Choice{107, "key_packages_low"}, Choice{108, "typing"},
                Choice{109, "channel_changed"})};
  }
  static constexpr auto fields() {
    return std::tuple{Field{1, "request_id", &ServerFrame::request_id}, bodies()};
  }
};

// The field number that carries a body of type T: `request_field<SendMessage>()` is 42.
template <class T>
constexpr std::uint32_t request_field() {
  return number_in<T>(ClientFrame::bodies());
}
template <class T>
constexpr std::uint32_t response_field() {
  return number_in<T>(ServerFrame::bodies());
}

}  // namespace unhidra::wire
