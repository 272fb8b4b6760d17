#pragma once
// Which messages the two frames of the client connection carry, and in which field. Source:
// gateway.proto.
//
// Apart from frames.h, as the frames themselves are variants of all of these, which take a compiler
// seconds.

#include "unhidra/wire/channels.h"
#include "unhidra/wire/connection.h"
#include "unhidra/wire/conversations.h"
#include "unhidra/wire/groups.h"
#include "unhidra/wire/keys.h"
#include "unhidra/wire/receipts.h"

namespace unhidra::wire {

template <class T>
struct Body {
  std::uint32_t number;
  const char* name;
};

template <class... T>
struct Bodies {
  using Variant = std::variant<std::monostate, T...>;
  std::array<Choice, sizeof...(T)> choices;

  // The number of the field that carries a U.
  template <class U>
  constexpr std::uint32_t number_of() const {
    static_assert((std::is_same_v<U, T> || ...), "no such body");
    std::size_t index = 0;
    static_cast<void>(((std::is_same_v<U, T> || (++index, false)) || ...));
    return choices[index].number;
  }
};

template <class... T>
constexpr Bodies<T...> bodies(Body<T>... body) {
  return {{Choice{body.number, body.name}...}};
}

inline constexpr auto kClientBodies = bodies(
    Body<Authenticate>{10, "authenticate"}, Body<SetPresence>{11, "set_presence"},
    Body<WatchPresence>{12, "watch_presence"}, Body<LookUpUser>{20, "look_up_user"},
    Body<PublishKeys>{21, "publish_keys"}, Body<CountPreKeys>{22, "count_pre_keys"},
    Body<FetchPreKeyBundles>{23, "fetch_pre_key_bundles"},
    Body<FetchKeyDigest>{24, "fetch_key_digest"},
    Body<PublishDeviceList>{25, "publish_device_list"},
    Body<FetchDeviceLists>{26, "fetch_device_lists"},
    Body<ListPendingDevices>{27, "list_pending_devices"}, Body<ListPeople>{28, "list_people"},
    Body<OpenDirectConversation>{40, "open_direct_conversation"},
    Body<ListConversations>{41, "list_conversations"}, Body<SendMessage>{42, "send_message"},
    Body<FetchInbox>{43, "fetch_inbox"}, Body<AcknowledgeInbox>{44, "acknowledge_inbox"},
    Body<FetchLog>{45, "fetch_log"}, Body<PublishKeyPackages>{50, "publish_key_packages"},
    Body<CountKeyPackages>{51, "count_key_packages"},
    Body<ClaimKeyPackages>{52, "claim_key_packages"}, Body<CreateGroup>{53, "create_group"},
    Body<CommitGroup>{54, "commit_group"}, Body<ProposeToGroup>{55, "propose_to_group"},
    Body<SendGroupMessage>{56, "send_group_message"}, Body<FetchGroupLog>{57, "fetch_group_log"},
    Body<FetchGroupInfo>{58, "fetch_group_info"}, Body<FetchRatchetTree>{59, "fetch_ratchet_tree"},
    Body<ResetGroup>{60, "reset_group"}, Body<SendTyping>{61, "send_typing"},
    Body<FetchChatPolicy>{62, "fetch_chat_policy"}, Body<SetChatPolicy>{63, "set_chat_policy"},
    Body<FetchMessageVersions>{64, "fetch_message_versions"},
    Body<ReportReceipts>{65, "report_receipts"},
    Body<FetchReceiptCounts>{66, "fetch_receipt_counts"},
    Body<WithdrawReceipts>{67, "withdraw_receipts"}, Body<CreateSpace>{70, "create_space"},
    Body<UpdateSpace>{71, "update_space"}, Body<DeleteSpace>{72, "delete_space"},
    Body<ListSpaces>{73, "list_spaces"}, Body<SetPlaceRole>{74, "set_place_role"},
    Body<CreateChannel>{75, "create_channel"}, Body<UpdateChannel>{76, "update_channel"},
    Body<DeleteChannel>{77, "delete_channel"}, Body<ListChannels>{78, "list_channels"},
    Body<JoinChannel>{79, "join_channel"}, Body<RemoveFromChannel>{80, "remove_from_channel"},
    Body<UnbanFromChannel>{81, "unban_from_channel"},
    Body<SetChannelOverride>{82, "set_channel_override"}, Body<FetchChannel>{83, "fetch_channel"});

inline constexpr auto kServerBodies =
    bodies(Body<Error>{2, "error"}, Body<Done>{3, "done"}, Body<Authenticated>{10, "authenticated"},
           Body<PresenceSnapshot>{12, "presence_snapshot"}, Body<UserInfo>{20, "user_info"},
           Body<PreKeyCount>{22, "pre_key_count"}, Body<PreKeyBundles>{23, "pre_key_bundles"},
           Body<KeyDigest>{24, "key_digest"}, Body<DeviceLists>{26, "device_lists"},
           Body<PendingDevices>{27, "pending_devices"}, Body<People>{28, "people"},
           Body<Conversation>{40, "conversation"}, Body<Conversations>{41, "conversations"},
           Body<SendOutcome>{42, "send_outcome"}, Body<Inbox>{43, "inbox"}, Body<Log>{45, "log"},
           Body<KeyPackageCount>{51, "key_package_count"}, Body<KeyPackages>{52, "key_packages"},
           Body<GroupOutcome>{54, "group_outcome"}, Body<GroupLog>{57, "group_log"},
           Body<GroupInfo>{58, "group_info"}, Body<RatchetTree>{59, "ratchet_tree"},
           Body<ChatPolicy>{62, "chat_policy"}, Body<MessageVersions>{64, "message_versions"},
           Body<ReceiptCounts>{66, "receipt_counts"}, Body<Spaces>{73, "spaces"},
           Body<Channels>{78, "channels"}, Body<ChannelDetails>{83, "channel_details"},
           Body<Hello>{100, "hello"}, Body<InboxEntry>{101, "inbox_entry"},
           Body<PresenceChange>{102, "presence_change"}, Body<PreKeysLow>{103, "pre_keys_low"},
           Body<DeviceListChanged>{104, "device_list_changed"}, Body<Closing>{105, "closing"},
           Body<GroupEntry>{106, "group_entry"}, Body<KeyPackagesLow>{107, "key_packages_low"},
           Body<Typing>{108, "typing"}, Body<ChannelChanged>{109, "channel_changed"},
           Body<ProfileChanged>{110, "profile_changed"},
           Body<ChatPolicyChanged>{111, "chat_policy_changed"});

// The field number that carries a body of type T: `request_field<SendMessage>()` is 42.
template <class T>
constexpr std::uint32_t request_field() {
  return kClientBodies.number_of<T>();
}
template <class T>
constexpr std::uint32_t response_field() {
  return kServerBodies.number_of<T>();
}

}  // namespace unhidra::wire
