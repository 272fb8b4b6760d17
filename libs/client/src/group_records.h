#pragma once
// What stands in the store about groups, beside the MLS state itself.

#include <deque>

#include "unhidra/client/model.h"
#include "unhidra/mls/group.h"
#include "unhidra/wire/channels.h"
#include "unhidra/wire/content.h"

#include "records.h"

namespace unhidra::client {

// Of one epoch; travels with each message, so that a split of the group is noticed.
using EpochTag = ByteArray<16>;

// What was sent to the delivery service and is not settled yet. Sent again as it is until it is.
struct GroupStep {
  enum class Kind : std::uint8_t { create = 1, commit = 2, join = 3, propose = 4, reset = 5 };
  std::uint64_t number = 0;  // tells it from the step before
  Kind kind = Kind::commit;
  Bytes message;     // commit; of `propose`, all proposals behind each other, each with its length
  Bytes welcome;     // MLSMessage, may be empty
  Bytes group_info;  // MLSMessage
  Bytes tree;        // of `create`
  std::vector<std::uint64_t> changes;  // the orders of those that it carries out
};

// Table::group; key: conversation id.
struct GroupRecord {
  ConversationId id;
  GroupState state = GroupState::joining;
  std::string name;
  std::string topic;
  std::string description;
  Timestamp renamed_at{};
  std::uint64_t cursor = 0;        // the log is processed up to here
  std::uint64_t joined_epoch = 0;  // what is older was not for this device
  bool was_member = false;         // before it came in again
  bool announce = false;           // tell the newcomers what the group is called
  Timestamp leaf_updated_at{};
  Timestamp last_rejoin{};
  std::deque<std::pair<std::uint64_t, EpochTag>> tags;  // newest first
  // After a reset: who may be found in the group, and come in by itself. Empty: whoever its members
  // have added.
  std::set<UserId> expected;
  std::optional<GroupStep> step;
  // What the others are to be told once this device is in again.
  std::optional<wire::CommitFault> fault;
  std::optional<wire::CreateChannel> channel;  // the server is to make this entry of it
  // A proposal waits to be committed, or a device is in it that its user has not signed.
  bool unsettled = false;

  bool is_gone() const { return state == GroupState::left || state == GroupState::removed; }
  // Whether there is a state of MLS.
  bool has_keys() const {
    return is_member() || state == GroupState::creating || (state == GroupState::joining && step);
  }
  bool is_member() const { return state == GroupState::active || state == GroupState::leaving; }
  SecretBytes encode() const;
  static Result<GroupRecord> decode(ByteView bytes);
};

// Table::group_change; key: order.
struct GroupChange {
  enum class Kind : std::uint8_t { add = 1, remove = 2, share = 3, unshare = 4 };
  std::uint64_t order = 0;
  ConversationId group;
  Kind kind = Kind::add;
  std::vector<UserId> users;
  std::map<UserId, std::vector<Bytes>> key_packages;  // claimed ones, MLSMessages
  std::uint32_t attempts = 0;

  Bytes record_key() const;
  SecretBytes encode() const;
  static Result<GroupChange> decode(ByteView bytes);
};

// Table::key_package; key: KeyPackageRef.
struct KeyPackageRecord {
  Timestamp created_at{};
  bool last_resort = false;
  Bytes key_package;  // MLSMessage
  SecretBytes init_key;
  SecretBytes encryption_key;

  SecretBytes encode() const;
  static Result<KeyPackageRecord> decode(ByteView bytes);
};

// Table::group_state; key: conversation id, key of the MLS record.
Bytes group_state_key(ConversationId group, ByteView record);

}  // namespace unhidra::client
