#pragma once
// What the engine tells its host about users, devices, conversations and messages. Plain copies:
// they stay valid and do not change when the engine does.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"

namespace unhidra::client {

enum class MessageState : std::uint8_t {
  queued = 1,      // own: not yet accepted by the server
  blocked = 2,     // own: waits until the peer's new identity is accepted
  sent = 3,        // own: stored by the server
  failed = 4,      // own: given up
  received = 5,    // of others, or of another own device
  unreadable = 6,  // could not be decrypted: see `reason`
  notice = 7,      // no message: a line about the group, see `notice`
};
std::string_view to_string(MessageState state);

// Why a message could not be read, so that the user can be told what to do.
enum class UnreadableReason : std::uint8_t {
  none = 0,
  unknown_device = 1,          // the sending device is not on its user's signed device list
  identity_mismatch = 2,       // the key in the message is not the one on the device list
  no_session = 3,              // no session decrypts it (this device was restored, or joined later)
  missing_pre_key = 4,         // it was made for a prekey that this device no longer has
  tampered = 5,                // changed on the way, or moved from another conversation or message
  too_far_ahead = 6,           // too many messages before it are missing
  replayed = 7,                // its key was used already
  malformed = 8,               // decrypted, but its content makes no sense
  unsupported = 9,             // made by a newer version
  not_a_member = 10,           // the sender does not belong to the conversation
  reflected = 11,              // it claims to come from this very device
  identity_not_accepted = 12,  // too many messages wait for the new identity to be accepted
  joined_later = 13,           // sent before this device was in the group
  epoch_lost = 14,             // of a time in which this device had lost the group's keys
  forked = 15,                 // the sender's group is another one under the same id: a split
  mislabelled = 16,            // the server was told something else about it than what it is
  out_of_place = 17,           // shown before messages that its sender had read already
};
std::string_view to_string(UnreadableReason reason);
// One sentence for the user: what happened and what to do.
std::string_view explain(UnreadableReason reason);

// A message is named by its id and the device that made it.
struct MessageRef {
  MessageId id;
  DeviceId sender_device;
  friend auto operator<=>(const MessageRef&, const MessageRef&) = default;
};

// Of a message that was written in another system, as its sender says: shown beside the sender.
struct Imported {
  struct Reaction {
    std::string emoji;
    std::vector<std::string> names;  // of those who reacted there
  };
  std::string system;  // "Slack"
  std::string author;
  Timestamp written_at;
  std::vector<Reaction> reactions;
};

// What to write.
struct Draft {
  std::string text;
  std::optional<MessageRef> thread_root;  // under which message; of a reply, its own root counts
  std::optional<MessageRef> reply_to;     // what is quoted
  std::vector<UserId> mentions;
  bool mentions_everyone = false;
  std::optional<Imported> imported;
  // Instead of a fresh one: a message that this device has sent under it before is not sent again.
  std::optional<MessageId> id;
};

// What stands under a message.
struct ThreadSummary {
  std::uint64_t replies = 0;
  std::uint64_t unread = 0;    // of others, behind the thread's cursor
  std::uint64_t mentions = 0;  // likewise
  Timestamp last_reply_at;
  std::vector<UserId> participants;  // who wrote there, up to a hundred
  bool following = false;
};

// Which threads a person follows without having said so of the thread itself. It holds for those
// that are there already, too: what was followed by a rule is followed as long as the rule is.
struct AutoFollow {
  bool on_reply = true;    // those that the person writes in, and those under the person's messages
  bool on_mention = true;  // those in which the person is mentioned
  friend auto operator<=>(const AutoFollow&, const AutoFollow&) = default;
};

// What the sending device's scanner said of a file before it was encrypted.
enum class ScanState : std::uint8_t {
  none = 0,      // it was not scanned
  clean = 1,     // signed by the sending device
  infected = 2,  // likewise
  forged = 3,    // not signed by the device that sent the message
};
std::string_view to_string(ScanState state);

struct ImageSize {
  std::uint32_t width = 0;  // pixels
  std::uint32_t height = 0;
};

// A file that a message carries.
struct Attachment {
  Uuid file_id{};
  std::string name;        // safe to save under
  std::string media_type;  // as the sender says; never a reason to open anything
  std::uint64_t size = 0;  // bytes
  std::optional<ImageSize> dimensions;
  std::optional<ImageSize> thumbnail;
  ScanState scan = ScanState::none;
  std::string scanner;  // name and version
  Timestamp scanned_at;
  // For FileOpener (files.h). It holds the key: show it to nobody, keep it nowhere.
  Bytes description;
};

// An emoji that has a picture.
struct CustomEmoji {
  std::string name;    // without the colons that it has in texts and reactions
  Attachment picture;  // PNG, WebP or GIF as its sender says: look before drawing it
};

// One that a conversation has.
struct ConversationEmoji {
  CustomEmoji emoji;
  UserId brought_by;                     // nil: it is known from its use alone
  std::optional<MessageRef> brought_in;  // whoever deletes that takes the emoji back
};

struct Reaction {
  std::string emoji;
  std::vector<UserId> users;  // in the order in which they reacted
  // Of the name of an emoji that has one: two pictures of one name are two reactions.
  std::optional<Attachment> picture;
};

// What speaks for a commit being one that its maker knew nobody, or not everybody, could follow.
enum class CommitEvidence : std::uint8_t {
  seen = 1,     // it shut out this very device
  proven = 2,   // another member's proof, which this device has verified
  claimed = 3,  // another member's word
  refuted = 4,  // another member's word, and this device has verified that it is false
};
std::string_view to_string(CommitEvidence evidence);

// What became of a group: a line in its timeline. Told of what this device has verified in the
// group's own commits and messages; the server can neither make one up nor name somebody else.
enum class NoticeKind : std::uint8_t {
  added = 1,             // `users`, by the sender
  joined = 2,            // the sender came in by himself
  removed = 3,           // `users`, by the sender
  left = 4,              // `users`, because they wished to
  gone = 5,              // `users`: none of their devices is left, at the server's demand
  renamed = 6,           // to `name`; by the sender, nil: by whom is not known here
  history_shared = 7,    // with who comes in from now on, by the sender
  history_unshared = 8,  // likewise, not any more
};
std::string_view to_string(NoticeKind kind);
struct Notice {
  NoticeKind kind = NoticeKind::added;
  std::vector<UserId> users;
  std::uint64_t others = 0;  // beyond those in `users`
  std::string name;
};

struct Message {
  ConversationId conversation;
  std::uint64_t index = 0;  // position in this device's history of the conversation, from 0
  MessageId id;
  UserId sender_user;
  DeviceId sender_device;
  Timestamp sent_at;      // the sender's clock, authenticated
  std::uint64_t seq = 0;  // the server's; 0: not accepted yet
  Timestamp received_at;  // the server's clock; epoch: not accepted yet
  MessageState state = MessageState::received;
  UnreadableReason reason = UnreadableReason::none;
  std::string text;
  std::string failure;          // stable error code of a failed send
  std::uint32_t unread_by = 0;  // devices that reported they could not read it

  std::optional<MessageRef> thread_root;
  std::optional<MessageRef> reply_to;
  std::vector<UserId> mentions;
  bool mentions_everyone = false;
  std::vector<Attachment> attachments;
  std::vector<CustomEmoji> emoji;           // that stand in the text between colons
  std::optional<std::string> brings_emoji;  // its name; its picture is the attachment
  std::optional<Imported> imported;
  std::optional<Notice> notice;  // of a `notice`; it cannot be answered, changed or reacted to
  std::uint32_t edits = 0;       // `text` is the newest
  Timestamp edited_at;           // the server's clock
  bool from_history = false;     // from before this device came in: the group shares its history
  bool deleted = false;          // a tombstone: no text, no reactions
  UserId deleted_by;             // of a tombstone that a moderator left; nil: its author did
  std::vector<Reaction> reactions;
  std::optional<ThreadSummary> thread;  // of a message that has replies here
  // Of an own message: people whose devices have it, and who have read it, as far as they tell.
  std::uint32_t delivered_to = 0;
  std::uint32_t read_by = 0;
  // People who tell at all, where receipts are counted: nobody is named there. 0: not counted.
  std::uint32_t receipts_of = 0;

  MessageRef ref() const { return {id, sender_device}; }
};

// What a message said for a time.
struct MessageText {
  std::string text;
  Timestamp since;  // by the server's clock; epoch: as long as it was not accepted
};

// How far somebody has come in a conversation, as far as they tell; 0: not told.
struct ReceiptState {
  UserId user;
  std::uint64_t delivered_seq = 0;
  std::uint64_t read_seq = 0;
};

// How many people have a message of a large group, without its author. Who they are is told nobody.
struct ReceiptCount {
  std::uint64_t seq = 0;
  std::uint32_t delivered = 0;  // the readers are among them
  std::uint32_t read = 0;
  std::uint32_t people = 0;  // who tell at all
  friend bool operator==(const ReceiptCount&, const ReceiptCount&) = default;
};

struct Thread {
  ConversationId conversation;
  Message root;  // with its summary
};

// What to look for. Everything that is given must hold.
struct SearchQuery {
  // Each a part of a word in the text or a file's name, without regard to case; may be empty.
  // "has:file" asks for messages that carry one.
  std::string words;
  std::optional<ConversationId> conversation;
  std::optional<UserId> sender;
  std::optional<Timestamp> from;
  std::optional<Timestamp> until;
  std::size_t limit = 50;
};

enum class ConversationKind : std::uint8_t { pair = 1, group = 2 };

// Where this device stands in a group.
enum class GroupState : std::uint8_t {
  creating = 1,  // the server has not taken it yet
  joining = 2,   // on the way in, or back in after its keys were lost
  active = 3,
  leaving = 4,  // waits for another member's commit
  left = 5,
  removed = 6,
};
std::string_view to_string(GroupState state);

struct Conversation {
  ConversationId id;
  UserId peer;  // nil: a group
  std::uint64_t message_count = 0;
  std::uint64_t head_seq = 0;  // newest seq known
  Timestamp last_activity;
  ConversationKind kind = ConversationKind::pair;
  std::string name;                       // of a group; empty: not yet known
  GroupState state = GroupState::active;  // of a group
  std::string topic;                      // of a group
  std::string description;                // of a group
  std::uint64_t unread = 0;          // messages of others in the timeline behind the read cursor
  std::uint64_t mentions = 0;        // unread ones that mention this person, threads included
  std::uint64_t unread_threads = 0;  // followed threads with unread replies
  std::uint64_t read_seq = 0;        // the timeline is read up to here
};

// What a list of conversations shows otherwise than at an earlier revision: the conversation
// itself, the person in it, or its last message.
struct ConversationChanges {
  std::uint64_t revision = 0;  // the newest; counted by one engine, from one opening on
  std::vector<Conversation> conversations;
};

struct GroupMember {
  UserId user;
  std::vector<DeviceId> devices;
  bool unsigned_device = false;  // one that its user has not signed; will be removed
};

struct Group {
  ConversationId id;
  std::string name;
  std::string topic;
  std::string description;
  bool open = false;            // whoever is in the organisation may come in by himself
  bool shares_history = false;  // who comes in may read what was written since it was switched on
  UserId history_changed_by;    // who switched it last; nil: not known here
  Timestamp history_changed_at;
  bool has_earlier = false;  // something from before this device came in is left to be read
  GroupState state = GroupState::active;
  std::uint64_t epoch = 0;
  // 40 digits, the same on all devices that share this epoch: people compare them to exclude that
  // the server split the group. Empty while not a member.
  std::string epoch_code;
  std::vector<GroupMember> members;
};

enum class Trust : std::uint8_t {
  unknown = 0,    // no device list seen yet
  first_use = 1,  // pinned when first seen
  verified = 2,   // the user compared the safety number
  changed = 3,    // the account key changed; sending is blocked until accepted
};
std::string_view to_string(Trust trust);

struct User {
  UserId id;
  std::string username;
  std::string display_name;
  Trust trust = Trust::unknown;
  bool was_verified = false;  // the identity before the change was a verified one
};

// What others are told of this person.
enum class OwnPresence : std::uint8_t {
  hidden = 0,  // nothing: offline, unless another device of this person says otherwise
  online = 1,
  away = 2,
};

enum class PresenceState : std::uint8_t {
  unknown = 0,  // no connection, not answered yet, or not told
  offline = 1,
  online = 2,
  away = 3,
};
std::string_view to_string(PresenceState state);

struct UserPresence {
  UserId user;
  PresenceState state = PresenceState::unknown;
  Timestamp since;  // when the state was entered, by the server's clock; 0: not known
  friend bool operator==(const UserPresence&, const UserPresence&) = default;
};

enum class Membership : std::uint8_t {
  unknown = 0,   // not yet asked
  pending = 1,   // waits for another device's approval
  approved = 2,  // on the signed device list
  removed = 3,   // was on the list and is no more
};
std::string_view to_string(Membership membership);

struct Device {
  DeviceId id;
  std::string name;         // as the server tells it; empty when unknown
  std::string fingerprint;  // 30 digits over its keys, the same on every device
  bool this_device = false;
  bool pending = false;  // published keys, not on the list
};

struct Account {
  UserId user;
  DeviceId device;
  std::string username;
  Membership membership = Membership::unknown;
  bool has_account_key = false;
  std::string fingerprint;  // of this device
  std::uint64_t list_version = 0;
  std::uint64_t inbox_cursor = 0;
  std::size_t outbox_size = 0;
};

// History on its way from an own device to another one.
enum class HistoryState : std::uint8_t {
  asked = 1,      // the other device has not answered yet
  comparing = 2,  // a person compares the code
  running = 3,
  done = 4,
  failed = 5,  // or called off
};
std::string_view to_string(HistoryState state);

struct HistoryTransfer {
  DeviceId device;  // the other one
  bool receiving = false;
  HistoryState state = HistoryState::asked;
  std::string code;            // ten digits, shown on the new device while `comparing`
  std::uint64_t messages = 0;  // that have arrived
};

struct SafetyNumber {
  std::string digits;   // 60 digits, the same on both sides
  std::string qr_text;  // what a QR code of it holds
  Trust trust = Trust::unknown;
};

}  // namespace unhidra::client
