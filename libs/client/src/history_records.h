#pragma once
// What stands in the store about history on its way between two own devices.

#include <deque>
#include <optional>
#include <vector>

#include "unhidra/base/codec.h"
#include "unhidra/client/model.h"

#include "history_code.h"

namespace unhidra::client {

// Where the next chunk starts, in the order of the plan.
struct HistoryCursor {
  std::uint32_t people = 0;        // told already
  std::uint32_t conversation = 0;  // the one under way
  std::uint64_t index = 0;         // its next message
  bool opened = false;             // its beginning is told
  bool finished = false;           // nothing is left
  std::uint64_t messages = 0;      // before it
};

// Table::history; key: the other device, "plan". What there was when the transfer was approved.
struct HistoryPlan {
  struct Part {
    ConversationId conversation;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  std::vector<UserId> people;
  std::vector<Part> parts;

  SecretBytes encode() const;
  static Result<HistoryPlan> decode(ByteView bytes);
};

// Table::history; key: the other device. At most one with each.
struct HistoryRecord {
  TransferId id{};
  DeviceId other;
  bool receiving = false;
  HistoryState state = HistoryState::asked;
  Timestamp changed_at{};  // of the state
  HistoryNonce receiver_nonce{};
  HistoryNonce giver_nonce{};
  ByteArray<32> commitment{};
  std::uint64_t messages = 0;
  // The chunk that the receiver wants next; the giver has made those up to `next + cursors - 1`.
  std::uint64_t next = 0;
  std::deque<HistoryCursor> cursors;  // of the giver: where chunk `next` and those after it start
  // Of the receiver: the conversation under way.
  std::optional<ConversationId> conversation;
  bool skipped = false;  // it does not fit to what is known here
  std::uint64_t staged = 0;
  std::uint64_t effects = 0;  // kept until the messages that they concern are here

  SecretBytes encode() const;
  static Result<HistoryRecord> decode(ByteView bytes);
};

Bytes history_plan_key(DeviceId other);
// Table::history_stage: received messages of the conversation under way.
Bytes history_stage_key(DeviceId other, std::uint64_t position);

// Table::history_stage: what was done to a message that has not come yet.
struct KeptEffect {
  ConversationId conversation;
  UserId user;
  std::uint64_t seq = 0;
  Timestamp received_at{};
  SecretBytes content;  // a unhidra.v1.Content
  bool by_moderator = false;

  static Bytes record_key(DeviceId other, std::uint64_t position);
  SecretBytes encode() const;
  static Result<KeptEffect> decode(ByteView bytes);
};

// What a chunk consists of.
enum class HistoryItem : std::uint8_t {
  person = 1,        // device list, whether verified
  conversation = 2,  // id, peer, name, whether it is over
  message = 3,       // a record of Table::message
  conversation_end = 4,
  end = 5,
};

}  // namespace unhidra::client
