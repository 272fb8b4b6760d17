#pragma once
// Every message of this room, and random values of them, walked from the field tables.

#include "unhidra/base/codec.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/content.h"
#include "unhidra/wire/frames.h"
#include "unhidra/wire/internal.h"

#include "traits.h"

namespace unhidra::wire {

using AllMessages = std::tuple<
    Error, Done, Hello, Authenticate, Authenticated, Closing, SetPresence, WatchPresence,
    PresenceChange, PresenceSnapshot, LookUpUser, UserInfo, SignedPreKey, OneTimePreKey,
    PublishKeys, CountPreKeys, PreKeyCount, FetchPreKeyBundles, PreKeyBundle, PreKeyBundles,
    PreKeysLow, FetchKeyDigest, KeyDigest, PublishDeviceList, FetchDeviceLists, DeviceListOf,
    DeviceLists, DeviceListChanged, ListPendingDevices, PendingDevice, PendingDevices, ListPeople,
    People, ProfileChanged, OpenDirectConversation, Conversation, ListConversations, Conversations,
    DeviceCiphertext, SendMessage, Accepted, MissingDevice, StaleDevices, SendOutcome, FetchInbox,
    InboxEntry, Inbox, AcknowledgeInbox, FetchLog, LogEntry, Log, PublishKeyPackages,
    CountKeyPackages, ClaimKeyPackages, CreateGroup, CommitGroup, ProposeToGroup, SendGroupMessage,
    FetchGroupLog, FetchGroupInfo, FetchRatchetTree, ResetGroup, KeyPackageCount, KeyPackageOf,
    KeyPackages, GroupEntry, StaleGroup, GroupOutcome, GroupLog, GroupInfo, RatchetTree,
    KeyPackagesLow, MessageRef, SendTyping, Typing, FetchChatPolicy, SetChatPolicy, ChatPolicy,
    ChatPolicyChanged, ReceiptMark, ReportReceipts, FetchReceiptCounts, ReceiptCount, ReceiptCounts,
    WithdrawReceipts, FetchMessageVersions, MessageVersion, MessageVersions, CreateSpace,
    UpdateSpace, DeleteSpace, Space, ListSpaces, Spaces, SetPlaceRole, CreateChannel, UpdateChannel,
    DeleteChannel, ListChannels, Channel, Channels, JoinChannel, RemoveFromChannel,
    UnbanFromChannel, SetChannelOverride, ChannelOverride, FetchChannel, ChannelDetails,
    ChannelChanged, ClientFrame, ServerFrame, ImportedReaction, Imported, CustomEmoji, Text,
    Reaction, Edit, Deletion, Receipt, ReadMark, FollowRule, ReceiptWish, ReadState, GroupProfile,
    AccountKeyShare, SessionReset, HistoryTransfer, CommitFault, Content, RoutedPrincipal,
    RoutedRequest, RoutedReply, ConnectionRecord, ConnectionList>;

template <class F>
void for_each_message(F&& visit) {
  [&]<class... T>(std::type_identity<std::tuple<T...>>) {
    (visit(std::type_identity<T>{}), ...);
  }(std::type_identity<AllMessages>{});
}

using testkit::SeededRandom;

template <Message T>
void randomize(SeededRandom& random, T& message);

inline std::uint64_t random_number(SeededRandom& random) {
  return random.next() >> random.below(64);
}

template <class T>
void randomize_value(SeededRandom& random, T& value) {
  if constexpr (is_vector<T>) {
    for (auto left = random.below(4); left > 0; --left) {
      randomize_value(random, value.emplace_back());
    }
  } else if constexpr (is_optional<T>) {
    if (random.below(2) == 0) {
      randomize_value(random, value.emplace());
    }
  } else if constexpr (Message<T>) {
    randomize(random, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    static constexpr std::array<std::string_view, 5> kPieces{"a", "é", "語", "🦑", "\n\t\"\\"};
    for (auto left = random.below(6); left > 0; --left) {
      value += kPieces[random.below(kPieces.size())];
    }
  } else if constexpr (std::is_same_v<T, Bytes>) {
    value.resize(random.below(300));
    random.fill(value);
  } else if constexpr (FixedSize<T>) {
    Bytes content(fixed_view(value).size());
    random.fill(content);
    assign_fixed(value, content);
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(static_cast<std::int32_t>(random.below(7)) - 2);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    value = from_unix_micros(static_cast<std::int64_t>(random_number(random) >> 1));
  } else if constexpr (std::is_same_v<T, bool>) {
    value = random.below(2) == 1;
  } else {
    value = static_cast<T>(random_number(random));
  }
}

template <class Struct, class T>
void randomize_row(SeededRandom& random, Struct& message, const Field<Struct, T>& row) {
  randomize_value(random, message.*row.member);
}
template <class Struct, class Variant, std::size_t N>
void randomize_row(SeededRandom& random, Struct& message, const OneOf<Struct, Variant, N>& row) {
  const auto index = random.below(N + 1);
  const auto choose = [&]<std::size_t I>() {
    if (index == I + 1) {
      auto& chosen = (message.*row.member).template emplace<I + 1>();
      randomize_value(random, chosen);
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (choose.template operator()<I>(), ...);
  }(std::make_index_sequence<N>{});
}

template <Message T>
void randomize(SeededRandom& random, T& message) {
  std::apply([&](const auto&... row) { (randomize_row(random, message, row), ...); }, T::fields());
}

}  // namespace unhidra::wire
