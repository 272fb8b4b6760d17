#pragma once
// Who hears of a change of a group, after the commit of its transaction.

#include "group_changes.h"
#include "telling.h"

namespace unhidra::chat {

// The log's entries to every device in the group and to those that are out now; a Welcome to the
// one that it is for. Whoever misses it reads the log after its cursor.
Task<void> announce(storage::Database& database, messaging::Bus& bus, ConversationId id,
                    const GroupChange& change);

}  // namespace unhidra::chat
