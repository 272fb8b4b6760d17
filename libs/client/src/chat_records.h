#pragma once
// What stands in the store about reading, threads and receipts.

#include <map>
#include <set>

#include "unhidra/client/model.h"
#include "unhidra/client/store.h"

namespace unhidra::client {

// A message of somebody else that is not read yet. Stands in Table::unread_block; encoded by itself
// in Table::unread, which earlier versions have left: key: conversation id, seq.
struct UnreadRecord {
  bool mention = false;
  std::optional<std::uint64_t> root;  // index of the thread's root: not in the timeline

  static Result<UnreadRecord> decode(ByteView bytes);
};
// Table::unread_block; of `block`, the number of a stretch of the log.
Bytes unread_key(ConversationId conversation, std::uint64_t block);

// Table::thread; key: conversation id, index of the root.
struct ThreadRecord {
  ConversationId conversation;
  std::uint64_t root_index = 0;
  MessageRef root;
  UserId root_user;
  std::vector<std::uint64_t> replies;  // indexes in the history
  std::vector<UserId> participants;
  Timestamp last_reply_at{};
  bool following = false;  // as the person has decided
  bool decided = false;    // otherwise the rule counts (follow_rules.cpp), and these:
  bool replied = false;    // this person wrote in it, or its root
  bool mentioned = false;  // this person is, in a reply
  std::uint64_t read_seq = 0;
  bool unsynced = false;  // the own other devices do not know yet

  Bytes record_key() const;
  SecretBytes encode() const;
  static Result<ThreadRecord> decode(ByteView bytes);
};

// Table::thread; key: conversation id, the root's name. What another own device told of a thread
// that this one has not come to yet.
struct EarlyMark {
  std::uint64_t read_seq = 0;
  bool following = false;
  bool decided = false;

  static Bytes record_key(ConversationId conversation, const MessageRef& root);
  SecretBytes encode() const;
  static Result<EarlyMark> decode(ByteView bytes);
};

// Table::follow_rule; key: conversation id.
struct FollowRuleRecord {
  ConversationId conversation;     // nil: of all that have none of their own
  std::optional<AutoFollow> rule;  // absent: it had one
  Timestamp changed_at{};
  bool unsynced = false;  // the own other devices do not know yet

  SecretBytes encode() const;
  static Result<FollowRuleRecord> decode(ByteView bytes);
};

// Table::receipts; key: conversation id.
struct ReceiptsRecord {
  ConversationId conversation;
  std::map<UserId, ReceiptState> people;

  SecretBytes encode() const;
  static Result<ReceiptsRecord> decode(ByteView bytes);
};

// One device's and one person's place in the log of a conversation.
struct LogPlace {
  std::uint64_t seq = 0;
  MessageRef ref;
};

}  // namespace unhidra::client
