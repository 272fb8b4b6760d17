#pragma once
// What the engine tells its host about users, devices, conversations and messages. Plain copies:
// they stay valid and do not change when the engine does.

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
};
std::string_view to_string(UnreadableReason reason);
// One sentence for the user: what happened and what to do.
std::string_view explain(UnreadableReason reason);

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
};

struct GroupMember {
  UserId user;
  std::vector<DeviceId> devices;
  bool unsigned_device = false;  // one that its user has not signed; will be removed
};

struct Group {
  ConversationId id;
  std::string name;
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

struct SafetyNumber {
  std::string digits;   // 60 digits, the same on both sides
  std::string qr_text;  // what a QR code of it holds
  Trust trust = Trust::unknown;
};

}  // namespace unhidra::client
