#pragma once
// The client: account, devices, conversations, outbox and inbox of one device, without any I/O.
//
// The host moves bytes. It opens a WebSocket to the gateway, tells `connection_opened()`, feeds
// every binary frame to `receive()`, calls `tick()` about once a second and whenever `wake_at` is
// reached, and after each call takes the actions: frames to send in order, events to show.
// Every call changes the store in one commit, and its actions are released only afterwards. After
// Errc::store_failed the engine is dead; open another one on the same store.
//
// Ownership: keeps references to its dependencies. Thread: one at a time.
// Source: docs/security.md.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/client/device_groups.h"
#include "unhidra/client/errc.h"
#include "unhidra/client/events.h"
#include "unhidra/client/files.h"
#include "unhidra/client/limits.h"
#include "unhidra/client/model.h"
#include "unhidra/client/places.h"
#include "unhidra/client/store.h"

namespace unhidra::crypto {
class Provider;
}

namespace unhidra::client {

struct Dependencies {
  Store& store;
  const crypto::Provider& crypto;
  RandomSource& random;
  const Clock& clock;
};

struct Enrollment {
  UserId user;
  DeviceId device;  // as the server named this device
  std::string username;
};

struct Actions {
  std::vector<Bytes> frames;  // encoded ClientFrames
  std::vector<Event> events;
  bool reconnect = false;  // drop the connection and open another one
};

class Engine {
 public:
  // `least_generation`: the last generation() that the host remembers outside the store; a store
  // with a lower one is an old copy, and all its sessions start anew (event::StateRolledBack).
  static Result<Engine> open(Dependencies dependencies, Limits limits = {},
                             std::uint64_t least_generation = 0);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Makes this device's keys. Once for each store.
  Status enroll(const Enrollment& enrollment);
  bool enrolled() const;
  // Grows with every commit. A host that can keeps it where a restored backup of the store does not
  // take it back, before it sends the frames.
  std::uint64_t generation() const;

  // ---- inputs from the host ----
  Status connection_opened();
  Status connection_closed();
  // One binary frame of the gateway. An unreadable one is an error and asks for a reconnect.
  Status receive(ByteView server_frame);
  Status tick();
  Actions take_actions();

  // ---- commands; their outcome comes as events ----
  // UserFound or UserNotFound.
  Status look_up_user(std::string_view username);
  // ConversationOpened.
  Status open_conversation(UserId peer);
  // Stored and queued at once, also without a connection; sent when possible.
  Result<MessageId> send_text(UserId peer, std::string_view text);
  // The same for any conversation, pair or group.
  Result<MessageId> send_text(ConversationId conversation, std::string_view text);

  // A text with what belongs to it: thread, quotation, mentions.
  Result<MessageId> send(ConversationId conversation, const Draft& draft);
  // A text, which may be empty, with files that are uploaded already: FileSealer (files.h) has made
  // the descriptions. A verdict in one is signed here. Errc::bad_attachment.
  Result<MessageId> send_files(ConversationId conversation, const Draft& draft,
                               std::vector<e2ee::AttachmentDescriptor> files);
  // The whole new text of an own message; Errc::not_yours. Refused by the server when the
  // organisation's edit window is over. ActionDone, like the two that follow.
  Result<MessageId> edit(ConversationId conversation, const MessageRef& target, const Draft& draft);
  // Leaves a tombstone. Errc::not_yours.
  Result<MessageId> remove(ConversationId conversation, const MessageRef& target);
  // The same of somebody else's message, in a channel that this person moderates: whether that is
  // so the server decides, and all members see who did it. ActionDone.
  Result<MessageId> moderate(ConversationId conversation, const MessageRef& target);
  // Takes a message that was given up out of the history, for good; MessageDiscarded. Nobody else
  // has it. Errc::not_failed.
  Status discard(ConversationId conversation, const MessageRef& target);
  // Again is the same as once. `emoji`: an emoji, or the name of a custom one as `:name:`; then
  // `picture` says which one of that name (Attachment::file_id), as it stands at the message or in
  // emoji(). Without it the conversation's own of that name is meant, or, if it has none, the mere
  // name.
  Result<MessageId> react(ConversationId conversation, const MessageRef& target,
                          std::string_view emoji, bool present,
                          const std::optional<Uuid>& picture = std::nullopt);
  // A message that brings an emoji into the conversation: `picture` is uploaded already, as a file
  // is. What is written with its name between colons shows it from then on. Who brought it takes it
  // back with remove(). Errc::bad_emoji, emoji_exists, bad_attachment.
  Result<MessageId> bring_emoji(ConversationId conversation, std::string_view name,
                                e2ee::AttachmentDescriptor picture);
  // The timeline is read up to and with the message at `index`; told to the own devices and, where
  // receipts are sent, to the others.
  Status mark_read(ConversationId conversation, std::uint64_t index);
  Status mark_thread_read(ConversationId conversation, const MessageRef& root);
  // Timeline and threads of one conversation, or of all.
  Status mark_all_read(std::optional<ConversationId> conversation);
  Status follow_thread(ConversationId conversation, const MessageRef& root, bool following);
  // Which threads are followed where nothing was said of the thread itself: in all conversations
  // that have no rule of their own, or in one; absent: that one has none of its own any more. Told
  // to the own other devices, also to those that come later; then AutoFollowChanged.
  Status set_auto_follow(AutoFollow rule);
  Status set_auto_follow(ConversationId conversation, std::optional<AutoFollow> rule);
  // Call while the person types; throttled inside. Nothing without a connection.
  Status set_typing(ConversationId conversation, bool active);
  // What others are told of this person as far as this device goes; told to the server as long as
  // there is a connection, on every one anew, and stored nowhere. Hidden until it is called. An
  // organisation may do without presence: nothing comes of it then, and it is no failure.
  Status set_presence(OwnPresence own);
  // Replaces whom PresenceChanged tells about: those who are shown, and nobody else. Also for the
  // connections to come. Their names are asked for, where they are not known.
  // Errc::too_many_watched, and nothing changes, beyond Limits::max_watched.
  Status watch_presence(std::span<const UserId> users);
  // What is on the screen, the open conversation before all: caught up with before anything else,
  // on this connection and those to come, and stored nowhere. The others follow, newest first. More
  // than Limits::max_first have no say.
  Status put_first(std::span<const ConversationId> conversations);
  // Replaces the messages whose receipts are counted while they are shown, by their places in the
  // log: ReceiptCountsChanged tells, and Message::read_by. Also for the connections to come.
  // Nothing comes of it in conversations whose members send receipts to each other.
  // Errc::too_many_watched, and nothing changes, beyond Limits::max_receipt_counts.
  Status watch_receipts(ConversationId conversation, std::span<const std::uint64_t> seqs);
  // Whether this person sends receipts. Kept in the store, and told to the own other devices, also
  // to those that come later; then OwnReceiptsChanged. What was reported to the server so far is
  // taken back when it is switched off.
  Status set_receipts(bool sent);

  // ---- groups: their outcome comes as events; a race with other members is settled inside ----
  // At once, also without a connection. `users` besides oneself; added when their devices can be.
  Result<ConversationId> create_group(std::string_view name, std::span<const UserId> users);
  // Answer the number of the change, for GroupChangeDone.
  Result<std::uint64_t> add_to_group(ConversationId group, std::span<const UserId> users);
  Result<std::uint64_t> remove_from_group(ConversationId group, std::span<const UserId> users);
  // With all own devices.
  Status leave_group(ConversationId group);
  Status rename_group(ConversationId group, std::string_view name);
  // Told to the members alone, like the name.
  Status describe_group(ConversationId group, std::string_view topic, std::string_view description);

  // From now on whoever comes in may read what is written, or may not any more. Told to all
  // members; Group shows it. Answers the number of the change, for GroupChangeDone.
  Result<std::uint64_t> share_history(ConversationId group, bool shared);
  // The messages just before what is here already, of a group that shares its history: some dozens
  // at most. EarlierMessages tells when they are in place. Errc::unavailable without a connection.
  Status read_earlier(ConversationId group);

  // ---- channels: groups with an entry at the server ----
  // At once, also without a connection; then ChannelCreated. When the server refuses it, nobody was
  // brought in and this device leaves it: then GroupLeft. Coming in: PlaceRequest JoinChannel,
  // then GroupJoined. Inviting and leaving: as with any group.
  Result<ConversationId> create_channel(const NewChannel& channel);
  // What the directory calls a channel that was just joined. It holds until a member has told the
  // group's own, encrypted profile; a group that has a name keeps it.
  Status adopt_public_name(ConversationId channel, std::string_view name);
  // Answers a number, for PlaceAnswer. Errc::unavailable without a connection.
  Result<std::uint64_t> ask_place(PlaceRequest request);
  // The last resort when nobody can go on in a group: it begins anew with the same people, who come
  // in by themselves. Answers the number of the change, for GroupChangeDone.
  Result<std::uint64_t> reset_group(ConversationId group);

  // ---- device groups: the host carries what comes of them to the MQTT broker ----
  // With this device as its controller and nobody else in it. Errc::no_account_key.
  Result<DeviceGroupId> create_device_group(std::string_view name,
                                            std::vector<std::string> topic_filters);
  // A new epoch with these members beside this device, and a new secret: whoever is left out reads
  // nothing from now on. The same members again: a rotation. `rules`: what devices obey from now
  // on, signed by the account's key; devices that are not named keep the policy they have.
  // Errc::no_account_key, not_in_group.
  Status set_device_group_members(DeviceGroupId group, std::vector<identity::GroupMember> others,
                                  DeviceRules rules = {});
  // The present epoch's keys for every other member: over its pairwise channel where a session was
  // ever begun, sealed where none was. Errc::not_in_group unless this device made it.
  Result<std::vector<MemberDelivery>> device_group_deliveries(DeviceGroupId group);
  // How old the group's keys may become before this device, as long as it leads the group, draws
  // new ones by itself; at first Limits::device_key_age. 0: not by time; at most kMaxDeviceKeyAge.
  // Errc::not_in_group.
  Status renew_device_group_every(DeviceGroupId group, std::chrono::seconds age);
  // Whether there is something for renew_device_groups(): keys are due, or an epoch's members have
  // not all been told of it. Cheap; ask about once a second, where MQTT can be reached.
  Result<bool> device_groups_wait();
  // Draws the keys that are due, once however late it is, with members and rules as they are. Only
  // the device that made the present epoch does so, so take the epochs that others made first
  // (take_device_group). Answers the groups whose members have to be told their present epoch:
  // device_group_deliveries(), then device_group_told(), or they are answered again.
  Result<std::vector<DeviceGroupId>> renew_device_groups();
  Status device_group_told(DeviceGroupId group, std::uint32_t epoch);
  // What a device of a group that this device leads has published (client::prekeys_topic). True
  // when a session was begun: the device needs the present epoch over it. As
  // e2ee::DeviceChannel::take_prekeys(); Errc::not_in_group.
  Result<bool> take_device_prekeys(DeviceId device, ByteView document);
  // Whether a session with the device was ever begun, so that commands to it alone go over it.
  Result<bool> has_device_channel(DeviceId device) const;
  // For client::channel_topic; stored before it is given out. Errc::not_found, e2ee::Errc.
  Result<Bytes> seal_for_device(DeviceId device, const e2ee::GroupContent& command);
  // What came at client::channel_answer_topic; what it changes is stored before this returns.
  Result<e2ee::ChannelAnswer> open_from_device(DeviceId device, ByteView payload);
  // Another device of this account lets this one in, or on to the next epoch. `name`: what it is
  // called here, when it is new.
  Result<DeviceGroupId> take_device_group(std::string_view name, ByteView delivery);
  Status forget_device_group(DeviceGroupId group);
  // Counters are stored before the payload is given out.
  Result<Bytes> seal_for_devices(DeviceGroupId group, std::string_view topic,
                                 identity::PayloadKind kind, bool retained,
                                 const e2ee::GroupContent& content);
  // Tries the group that the payload names; what it changes is stored before this returns.
  struct FromDevice {
    DeviceGroupId group;
    e2ee::OpenedPayload opened;
  };
  Result<FromDevice> open_from_devices(std::string_view topic, ByteView payload, bool retained);
  // This device's own keys, as a roster names them.
  Result<identity::DeviceKeys> own_device_keys() const;
  // The public key that signs rosters of this account: devices are told it when commissioned.
  Result<crypto::Ed25519PublicKey> device_owner_key() const;
  Result<std::vector<DeviceGroupView>> device_groups() const;

  // Asks the server again for this user's device list.
  Status refresh_user(UserId user);
  // Asks what these people are called, those whose name is not known here; user() tells it once the
  // engine is idle. Errc::unavailable without a connection.
  Status learn_names(std::span<const UserId> users);
  // Accepts a changed identity; sending goes on, held messages are opened.
  Status accept_identity(UserId user);
  Status set_verified(UserId user, bool verified);
  // Signs a new device list with the pending device, then shares the account key with it.
  Status approve_device(DeviceId device);
  // Signs a new device list without the device.
  Status remove_device(DeviceId device);

  // For when all devices are lost: the account key in writing, 56 letters and digits in groups of
  // four. Whoever has it and can log in becomes a device of this account. Errc::no_account_key.
  Result<SecretBytes> recovery_code() const;
  // On a device that waits for approval: signs it onto the device list, as another device would
  // have done. On an approved one that lacks the account key: gives it that. Messages come back
  // with neither. Errc::mistyped_code, wrong_code; not_approved where it is of no use.
  Status recover(std::string_view code);
  // On a device that waits, when every device on the list is revoked and there is no code: with a
  // new account key, as somebody whom all others must get to know again. Errc::not_approved.
  Status begin_anew();

  // ---- history for a new own device; HistoryTransferChanged tells how it goes ----
  // On the new device: asks an old one. Both must be approved.
  Status request_history(DeviceId from);
  // On the old device: `code` is what the person read on the new one. A wrong one ends the transfer
  // (its failure is Errc::wrong_code).
  Status approve_history(DeviceId to, std::string_view code);
  // On either of them.
  Status cancel_history(DeviceId other);

  // A fresh access token for the live connection; nothing happens without one.
  Status refresh_token(std::string_view access_token);

  // ---- questions ----
  Result<Account> account() const;
  // Devices on the own list, and those that wait for approval.
  Result<std::vector<Device>> devices() const;
  Result<std::vector<Conversation>> conversations() const;  // newest activity first
  // Those that have changed since a revision that this engine has told; 0: all of them.
  Result<ConversationChanges> conversations_since(std::uint64_t revision) const;
  Result<std::optional<Conversation>> conversation_with(UserId peer) const;
  Result<std::optional<User>> user(UserId id) const;
  Result<std::optional<User>> user_named(std::string_view username) const;
  Result<Group> group(ConversationId id) const;
  // The last one with each other own device.
  Result<std::vector<HistoryTransfer>> history_transfers() const;
  // Up to `limit` messages before `before_index`, oldest first.
  Result<std::vector<Message>> history(ConversationId conversation, std::uint64_t before_index,
                                       std::size_t limit) const;
  Result<std::optional<Message>> message(ConversationId conversation, const MessageRef& ref) const;
  // What the message said, oldest first and as it is last, as far as this device has seen its
  // edits; nothing of a deleted one. Some of the earliest of very many edits are left out.
  Result<std::vector<MessageText>> texts(ConversationId conversation, const MessageRef& ref) const;
  // Threads, newest reply first; of one conversation or all.
  Result<std::vector<Thread>> threads(std::optional<ConversationId> conversation,
                                      bool followed_only) const;
  // The replies, oldest first.
  Result<std::vector<Message>> thread_messages(ConversationId conversation,
                                               const MessageRef& root) const;
  // Those with a picture that the conversation has, by name.
  Result<std::vector<ConversationEmoji>> emoji(ConversationId conversation) const;
  // The rule for all that have none of their own.
  AutoFollow auto_follow() const;
  // The conversation's own one.
  std::optional<AutoFollow> auto_follow(ConversationId conversation) const;
  // Who has come how far; nobody is named in groups of more than Limits::max_receipt_members.
  Result<std::vector<ReceiptState>> receipts(ConversationId conversation) const;
  // Whether the server counts the receipts of this group: it is large, and the organisation has
  // them on as far as this connection knows.
  bool counts_receipts(ConversationId conversation) const;
  // Nothing is left that the server is to be told of receipts; a client that ends waits for it.
  bool receipts_reported() const;
  // As far as it was watched and told.
  std::optional<ReceiptCount> receipt_count(ConversationId conversation, std::uint64_t seq) const;
  std::vector<UserId> typing(ConversationId conversation) const;
  bool sends_receipts() const;
  // Of those who are watched; unknown without a connection, and until the server has answered.
  std::vector<UserPresence> presence() const;
  // The server has answered whom this engine watches now; perhaps that it does not tell.
  bool presence_answered() const;
  // Newest first, in what this device's store holds, edits applied, nothing deleted. The first
  // search reads the histories it has to; their texts stay in memory for those that follow, up to
  // Limits::max_search_texts.
  Result<std::vector<Message>> search(const SearchQuery& query) const;
  Result<SafetyNumber> safety_number(UserId user) const;
  // No request under way, nothing to send or to fetch.
  bool idle() const;

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::client
