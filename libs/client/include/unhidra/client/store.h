#pragma once
// Where the engine keeps everything that must survive: a transactional key/value map that the host
// provides. The engine commits all changes of one step at once and releases frames and events only
// after the commit, so a crash at any moment loses nothing and shows nothing twice.
//
// Values hold private keys and message text: a store on disk seals them.
// Thread: called only from within calls to the engine.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/base/secret.h"

namespace unhidra::client {

// Numbers are stored; never reuse one.
enum class Table : std::uint8_t {
  device = 1,   // this device: keys, account, cursors; a handful of records
  pre_key = 2,  // private prekeys
  user = 3,     // known users with their device lists and trust
  peer = 4,     // sessions with one peer device
  conversation = 5,
  message = 6,  // history; read by key only, never listed
  seen = 7,     // received message ids; read by key only, never listed
  outbox = 8,
  held = 9,  // messages of a peer whose new identity is not accepted yet
  group = 10,
  group_state = 11,     // the MLS state of groups, many small records
  group_change = 12,    // additions and removals that wait to be committed
  key_package = 13,     // private halves of KeyPackages
  device_group = 14,    // rosters, secrets and chains of device groups
  unread = 15,          // before unread_block: one a message that is not read yet
  thread = 16,          // one a message with replies
  receipts = 17,        // one a conversation: how far others have come
  group_history = 18,   // one a group: keys of the history that it shares
  unread_block = 19,    // what is not read yet: one a conversation and stretch of its log
  device_state = 20,    // kept states that this device sealed for others; read by key only
  device_channel = 21,  // pairwise sessions with the devices of device groups
  follow_rule = 22,     // which threads are followed: for all, and for conversations that differ
  emoji = 23,           // one a conversation: its emoji with pictures; read by key only
  history = 30,         // on its way to or from other own devices
  history_stage = 31,   // messages that arrived and are not in place yet; read by key only
};

struct Record {
  Bytes key;
  SecretBytes value;
};

struct Mutation {
  Table table;
  Bytes key;
  std::optional<SecretBytes> value;  // absent: remove
};

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<std::optional<SecretBytes>> get(Table table, ByteView key) = 0;
  // All records of a small table, in any order.
  virtual Result<std::vector<Record>> load(Table table) = 0;
  // All or nothing, durable when it returns success. It may move from keys and values.
  virtual Status commit(std::span<Mutation> mutations) = 0;
};

// Keeps everything in memory: for bots without a history, and for tests. load() answers by key.
class MemoryStore : public Store {
 public:
  Result<std::optional<SecretBytes>> get(Table table, ByteView key) override;
  Result<std::vector<Record>> load(Table table) override;
  Status commit(std::span<Mutation> mutations) override;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(ByteView key) const {
      return std::hash<std::string_view>()(as_text(key));
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(ByteView a, ByteView b) const { return std::ranges::equal(a, b); }
  };
  std::map<Table, std::unordered_map<Bytes, SecretBytes, Hash, Equal>> tables_;
};

}  // namespace unhidra::client
