#pragma once
// What stands in the store about a group's shared history.

#include <map>

#include "shared_history.h"

namespace unhidra::client {

// Table::group_history; key: conversation id.
struct GroupHistoryRecord {
  struct Epoch {
    HistoryKey key;
    bool used = false;  // some message of it stands in the log
  };
  ConversationId id;
  bool shared = false;
  UserId by;  // who changed it last; nil: not known here
  Timestamp at{};
  std::uint64_t since = 0;  // the epoch in which it was switched on, as far as seen here
  std::map<std::uint64_t, Epoch> keys;  // of the last epochs

  // The way back, of a device that came in while history was shared.
  bool earlier = false;                                    // something may be left to read
  bool begun = false;                                      // a part of it is read
  std::uint64_t before = 0;                                // of the log, all before this number
  std::uint64_t floor = UINT64_MAX;                        // and of epochs up to this one
  std::map<std::uint64_t, std::vector<HistoryKey>> found;  // as members told; not all may be true
  std::uint64_t effects = 0;  // kept until the messages that they concern are here

  bool has_more() const { return earlier && !found.empty() && before > 1; }
  SecretBytes encode() const;
  static Result<GroupHistoryRecord> decode(ByteView bytes);
};

}  // namespace unhidra::client
