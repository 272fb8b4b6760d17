#pragma once
// What happened, for the user interface. Events are released only after the state they tell about
// is committed; an event may be lost in a crash right after the commit, so a host that starts anew
// reads its state from the engine and does not rely on having seen every event.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "unhidra/client/model.h"
#include "unhidra/client/places.h"

namespace unhidra::client::event {

// ---- the connection ----
// The server greeted this device.
struct Connected {};
struct Disconnected {};
// Nothing is left to send or to fetch; comes again after each burst of work.
struct CaughtUp {};
// The server closes the connection soon; connect again after the delay.
struct ServerClosing {
  std::string code;
  std::uint32_t reconnect_after_ms = 0;
};
// The connection's token ends at this time; `Engine::refresh_token` prolongs the connection.
struct TokenExpires {
  Timestamp at;
};
// A request failed in a way that this engine cannot mend by itself.
struct RequestFailed {
  std::string what;
  std::string code;
  std::string message;
};

// ---- the account and its devices ----
// This device made the account's signing key: it is the first one.
struct AccountCreated {};
struct MembershipChanged {
  Membership membership = Membership::unknown;
};
// Another device of the account waits for approval.
struct DevicePending {
  Device device;
};
struct DeviceApproved {
  DeviceId device;
};
struct DeviceRemoved {
  DeviceId device;
};
struct AccountKeyReceived {};

// On the old device, with the state `comparing`: the person shall type the code that the new device
// shows. `failure`: a stable error code, with the state `failed`.
struct HistoryTransferChanged {
  HistoryTransfer transfer;
  std::string failure;
};
// So many older messages stand before the others now, whose indices have grown by as many.
struct HistoryReceived {
  ConversationId conversation;
  std::uint64_t messages = 0;
};

// ---- people ----
struct UserFound {
  User user;
};
struct UserNotFound {
  std::string username;
};
// Somebody who is known here, or this person, is called otherwise.
struct UserChanged {
  User user;
};
struct ConversationOpened {
  Conversation conversation;
};

// ---- messages ----
struct MessageReceived {
  Message message;
};
struct MessageStateChanged {
  Message message;
};
struct MessageUnreadable {
  Message message;
};
// A message of the history is other than before: edited, deleted, reacted to, answered in its
// thread, delivered or read. `message` is as it is now.
struct MessageChanged {
  Message message;
};
// A message that was given up is no longer in the history.
struct MessageDiscarded {
  ConversationId conversation;
  MessageRef message;
};
// An edit, a deletion or a reaction of this device is accepted, or given up (`failure` is a stable
// error code).
struct ActionDone {
  ConversationId conversation;
  MessageId action;  // as the command answered
  MessageId target;
  std::string failure;
};
// Counts or cursors of the conversation changed; also by what was read on another own device.
struct UnreadChanged {
  ConversationId conversation;
  std::uint64_t unread = 0;
  std::uint64_t mentions = 0;
  std::uint64_t unread_threads = 0;
};
// Of what Engine::watch_receipts shows.
struct ReceiptCountsChanged {
  ConversationId conversation;
  std::vector<ReceiptCount> counts;
};

// The organisation has decided otherwise, while connected.
struct PolicyChanged {
  wire::ChatPolicy policy;
};

struct ReceiptsChanged {
  ConversationId conversation;
  ReceiptState receipt;
};
// An emoji with a picture came to the conversation or was taken back: Engine::emoji.
struct EmojiChanged {
  ConversationId conversation;
};
// Whether this person sends receipts; decided here or on another own device.
struct OwnReceiptsChanged {
  bool sent = false;
};
// The rule for the conversation's threads, or, nil, that of all without one of their own; set here
// or on another own device.
struct AutoFollowChanged {
  ConversationId conversation;
};
// Who is typing there now, without this person. Ends by itself.
struct TypingChanged {
  ConversationId conversation;
  std::vector<UserId> users;
};
// Of somebody who is watched. A lost connection makes everybody's state unknown.
struct PresenceChanged {
  UserPresence presence;
};
// The peer's device told that it could not read these messages of ours.
struct PeerCouldNotRead {
  UserId user;
  DeviceId device;
  std::vector<MessageId> messages;
};

// ---- groups ----
struct GroupJoined {
  ConversationId conversation;
  std::string name;  // empty: not yet known
};
// People came or went, or the group was renamed.
struct GroupChanged {
  ConversationId conversation;
  UserId by;  // nil: the server, for a device that was revoked
  std::vector<UserId> added;
  std::vector<UserId> removed;
  std::optional<std::string> name;
};
// This device is no longer in the group.
struct GroupLeft {
  ConversationId conversation;
  GroupState state = GroupState::left;
};
// A new line about the group in its timeline (Message::notice).
struct Noticed {
  Message message;
};
// Whether those who come in may read what is written from now on.
struct SharedHistoryChanged {
  ConversationId conversation;
  UserId by;
  bool shared = false;
};
// So many messages from before this device came in are in their place now; the indices of those
// behind have grown by as many. `more`: others are left, for Engine::read_earlier.
struct EarlierMessages {
  ConversationId conversation;
  std::uint64_t messages = 0;
  bool more = false;
};
// A wish of this device's person is done, or given up (`failure` is a stable error code). Of people
// who were to come in, `left_out` did not; the others are in.
struct GroupChangeDone {
  ConversationId conversation;
  std::uint64_t change = 0;  // as the command answered
  std::string failure;
  std::vector<UserId> left_out;
};
// The keys of the group were lost and this device came in anew; messages of the time between are
// EpochLost.
struct GroupRepaired {
  ConversationId conversation;
};

// ---- channels ----
// The channel stands in the directory, or is a mere group (`failure` is a stable error code).
struct ChannelCreated {
  ConversationId conversation;
  std::string failure;
};
// Name, rules or state of the channel at the server are other than before: ask for them.
struct ChannelChanged {
  ConversationId conversation;
};
struct PlaceAnswer {
  std::uint64_t number = 0;  // as the command answered
  std::string failure;       // a stable error code; empty: done
  std::string message;       // of a failure, for people
  std::uint32_t status = 0;  // of a failure, as in HTTP
  PlaceAnswerBody body;
};

// ---- security: never hide these ----
// The group was begun anew with the same people; `by` as the server tells it.
struct GroupReset {
  ConversationId conversation;
  UserId by;
};
// A message came from a group of the same id and epoch with other keys: the server has split it.
struct GroupForked {
  ConversationId conversation;
  UserId with;
};
// `user` committed a path secret that a member cannot use: that member is shut out until it comes
// in again, which it does by itself. No accident: only a client that breaks the rules makes one.
struct BadCommit {
  ConversationId conversation;
  UserId user;
  DeviceId device;
  CommitEvidence evidence = CommitEvidence::seen;
  UserId reporter;  // whose device it was that could not follow, or says so
};
// The peer's account key is another one. Sending is blocked until the user accepts it.
struct IdentityChanged {
  User user;
};
enum class ListRefusal : std::uint8_t { rolled_back, forked, bad_signature, malformed };
std::string_view to_string(ListRefusal refusal);
// The server offered a device list that must not be believed.
struct DeviceListRefused {
  UserId user;
  ListRefusal why = ListRefusal::malformed;
};
// The server wants messages encrypted for a device that its user never signed.
struct GhostDevice {
  UserId user;
  DeviceId device;
};
// The keys that a bundle offered are not those on the signed device list.
struct BundleRefused {
  UserId user;
  DeviceId device;
  std::string reason;
};
// The server hands out other keys for this device than the ones this device published.
struct OwnKeysReplaced {};
// This store is an old copy: others have seen later messages of this device. All sessions start
// anew, because going on would use message keys a second time.
struct StateRolledBack {};
// The server skipped messages of a conversation.
struct MessagesMissing {
  ConversationId conversation;
  std::vector<MessageId> messages;
};

}  // namespace unhidra::client::event

namespace unhidra::client {

using Event = std::variant<
    event::Connected, event::Disconnected, event::CaughtUp, event::ServerClosing,
    event::TokenExpires, event::RequestFailed, event::AccountCreated, event::MembershipChanged,
    event::DevicePending, event::DeviceApproved, event::DeviceRemoved, event::AccountKeyReceived,
    event::UserFound, event::UserNotFound, event::ConversationOpened, event::MessageReceived,
    event::MessageStateChanged, event::MessageUnreadable, event::PeerCouldNotRead,
    event::IdentityChanged, event::DeviceListRefused, event::GhostDevice, event::BundleRefused,
    event::OwnKeysReplaced, event::StateRolledBack, event::MessagesMissing, event::GroupJoined,
    event::GroupChanged, event::GroupLeft, event::GroupChangeDone, event::GroupRepaired,
    event::GroupForked, event::MessageChanged, event::ActionDone, event::UnreadChanged,
    event::ReceiptsChanged, event::OwnReceiptsChanged, event::AutoFollowChanged,
    event::EmojiChanged, event::TypingChanged, event::PresenceChanged, event::ChannelCreated,
    event::ChannelChanged, event::PlaceAnswer, event::HistoryTransferChanged,
    event::HistoryReceived, event::GroupReset, event::BadCommit, event::SharedHistoryChanged,
    event::EarlierMessages, event::Noticed, event::UserChanged, event::MessageDiscarded,
    event::ReceiptCountsChanged, event::PolicyChanged>;

}  // namespace unhidra::client
