#pragma once
// What the engine knows about the present connection only. A new connection starts from nothing.

#include <compare>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "unhidra/client/events.h"
#include "unhidra/wire/frame_bodies.h"

namespace unhidra::client {

// What a request is about. Each question has at most one request under way.
enum class Ask : std::uint8_t {
  publish_keys,
  key_digest,
  count_prekeys,
  publish_list,
  pending_devices,
  device_list,   // id: user
  device_lists,  // id: any; `people`
  user_info,     // id: user
  user_named,    // id: any; `name`
  renamed_people,
  former_device,      // id: device; `person`
  bundles,            // id: user; `devices`
  open_conversation,  // id: the peer
  conversations,
  log,  // id: conversation
  inbox,
  acknowledge,  // `number`: up to
  send,         // id: conversation; `number`: order in the outbox
  authenticate,
  count_key_packages,
  publish_key_packages,
  claim_key_packages,  // id: user
  change_group,        // id: group; `number`: of the step
  send_group,          // id: group; `number`: order in the outbox
  group_log,           // id: group
  earlier_log,         // id: group
  group_info,          // id: group
  ratchet_tree,        // id: group; `number`: seq
  chat_policy,
  create_channel,  // id: group
  default_channels,
  place,   // id: any; `number`: as the command answered; `name`: "join" or empty
  typing,  // id: conversation
  report_receipts,
  receipt_counts,
  withdraw_receipts,
  set_presence,    // `number`: the OwnPresence that is told
  watch_presence,  // `number`: version of the watched set
};

struct Question {
  Ask ask;
  Uuid id{};
  friend auto operator<=>(const Question&, const Question&) = default;
};

struct PendingRequest {
  Question question;
  SteadyTime since;
  std::string name;
  std::vector<DeviceId> devices;
  std::uint64_t number = 0;
  UserId person;
  std::vector<UserId> people;  // each with a question of its own
};

// A part of a group's log from before this device came in.
struct EarlierPage {
  std::vector<wire::GroupEntry> entries;
  bool complete = false;
  std::uint32_t rounds = 0;  // pages before it in which nothing was to be read
};

// A group as this connection shows it.
struct GroupLink {
  std::deque<wire::GroupEntry> entries;  // to be processed
  std::uint64_t head = 0;                // newest entry heard of
  bool head_known = false;               // `head` was told as the newest
  std::uint64_t rank = 0;                // its place in the order of the list; 0: before all
  bool looked_for_welcome = false;       // in the inbox, when this device was found in the tree
  bool taken = false;                    // the step is accepted; the log will bring it
  std::optional<SteadyTime> turn;  // when this device commits what nobody in particular has to

  std::optional<EarlierPage> earlier;  // asked for
  std::optional<wire::GroupInfo> info;
  std::optional<SteadyTime> anew;  // the group was begun anew; others are still to come
  std::set<DeviceId> returning;    // the devices that were in it then
  std::set<std::pair<DeviceId, std::uint64_t>> faults_told;  // by whom, of which epoch
  std::set<std::uint64_t> faults_seen;  // epochs whose end shut this device out
  std::uint64_t tree_seq = 0;
  Bytes tree;
  std::optional<std::uint64_t> tree_size;  // known with the first piece
};

struct Backoff {
  bool in_flight = false;
  std::uint32_t failures = 0;
  SteadyTime not_before{};
};

struct Link {
  bool open = false;
  bool greeted = false;
  wire::Hello hello;
  std::uint64_t next_request = 1;
  std::map<std::uint64_t, PendingRequest> pending;
  std::map<Question, Backoff> questions;
  bool was_idle = false;

  // keys
  bool digest_checked = false;
  bool count_known = false;
  std::uint32_t prekey_count = 0;
  bool republished = false;

  // account
  bool own_list_known = false;
  bool own_list_absent = false;
  bool pending_listed = false;
  std::map<DeviceId, wire::PendingDevice> pending_devices;

  // people
  std::set<UserId> wanted_lists;
  std::set<UserId> wanted_names;
  std::set<UserId> asked_lists;     // answered at least once
  std::set<UserId> asked_names;     // likewise
  std::uint64_t watched_named = 0;  // PresenceDesk::version whose names were asked for
  bool names_renewed = false;       // of those known since before this connection
  Bytes names_cursor;
  std::map<DeviceId, UserId> wanted_former;  // may have been on an earlier list
  std::set<DeviceId> asked_former;           // answered
  std::set<DeviceId> looked_for;             // unknown senders for which the list was asked again
  // Told once the name of the person is known, or not to be had.
  std::vector<std::pair<UserId, Event>> unnamed;
  std::map<DeviceId, SteadyTime> no_bundle;   // not asked again before
  std::vector<wire::MissingDevice> expected;  // the server wants them; the lists must tell
  std::set<DeviceId> ghosts;                  // reported
  std::set<std::pair<UserId, int>> refusals;  // reported

  // inbox
  std::deque<wire::InboxEntry> inbox;
  std::uint64_t inbox_head = 0;
  std::uint64_t acknowledged = 0;  // as far as this connection knows
  bool acknowledge_now = false;    // after a fetch, and on a new connection
  std::optional<SteadyTime> unacknowledged_since;

  // conversations
  std::set<UserId> wanted_conversations;
  bool conversations_known = false;
  Bytes conversations_cursor;
  std::map<ConversationId, std::uint64_t> logs;  // to compare -> the head the server told

  // groups
  std::map<ConversationId, GroupLink> groups;
  bool groups_begun = false;
  std::set<ConversationId> stirred;  // there may be something to do in them
  std::set<ConversationId> unknown;  // listed, and this device is not in them
  std::set<std::pair<std::uint64_t, ConversationId>> behind;  // to be read, by rank
  std::uint64_t ranks = 0;                                    // given so far
  bool key_packages_counted = false;
  std::uint32_t key_packages = 0;
  bool last_resort_there = false;
  // Who is to come into a group and has no device that could be added.
  struct WithoutDevice {
    SteadyTime since{};
    SteadyTime not_before{};  // of the next question
    std::uint32_t rounds = 0;
  };
  std::map<UserId, WithoutDevice> without_device;
  std::set<std::uint64_t> failed_welcomes;       // positions in the inbox
  std::optional<std::uint64_t> waiting_welcome;  // likewise: its group's log is read first

  // receipts and typing
  bool policy_known = false;
  wire::ChatPolicy policy{0, true};
  std::map<ConversationId, SteadyTime> receipt_not_before;
  SteadyTime receipts_not_before{};                 // the earliest of those that are owed
  std::map<ConversationId, SteadyTime> report_at;   // of large groups, when something is owed
  std::map<ConversationId, SteadyTime> report_gap;  // not before, as there was a report
  SteadyTime reports_not_before{};                  // the earliest of those that are owed
  std::vector<wire::ReceiptMark> reported;          // under way
  SteadyTime counts_asked{};
  SteadyTime counts_not_before{};
  std::uint32_t counts_unchanged = 0;  // answers in a row
  SteadyTime read_sync_not_before{};
  struct TypingTold {
    bool active = false;
    SteadyTime at{};
  };
  std::map<ConversationId, TypingTold> typing_told;
  std::map<ConversationId, std::map<UserId, SteadyTime>> typing;  // until
  // presence: a connection begins hidden and watches nobody (version 0)
  OwnPresence presence_told = OwnPresence::hidden;
  std::uint64_t watch_told = 0;
  bool presence_refused = false;
  bool watch_refused = false;

  // history: when a chunk last came from the device, or was asked for again
  std::map<DeviceId, SteadyTime> history_since;

  // outbox
  std::map<std::uint64_t, SteadyTime> send_not_before;
  std::map<std::uint64_t, std::uint32_t> stale_rounds;
};

}  // namespace unhidra::client
