#pragma once
// Direct conversations and their logs (content is opaque). A conversation is a log: each accepted
// message gets a gap-free `seq` inside the transaction that stores it; each recipient device gets
// the ciphertext made for it in its inbox, at a gap-free `position`.

#include <vector>

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/conversations.h"

#include "asker.h"

namespace unhidra::chat {

inline constexpr std::uint32_t kDefaultPage = 50;
inline constexpr std::uint32_t kMaxPage = 200;
inline constexpr std::uint32_t kMaxListed = 1000;  // conversations: a client's list in one answer
// A page of the inbox ends before it exceeds this many bytes of ciphertext.
inline constexpr std::size_t kMaxInboxPageBytes = 512 * 1024;

// Of any conversation, and still in it.
Result<bool> is_member(storage::Transaction& tx, const Asker& asker, ConversationId id);
// Of a direct conversation. Not a member and no such conversation look the same to the asker.
Status check_member(storage::Transaction& tx, const Asker& asker, ConversationId id);

// The conversation between the asker and the user, made on first use. Both of one organisation; not
// with oneself.
Result<wire::Conversation> open_direct(storage::Transaction& tx, const Asker& asker, UserId other,
                                       ConversationId fresh_id, Timestamp now);

// Newest activity first. Without members of groups: those are in the groups themselves.
Result<wire::Conversations> list_conversations(storage::Transaction& tx, const Asker& asker,
                                               const wire::ListConversations& request);

Result<wire::Inbox> fetch_inbox(storage::Transaction& tx, const Asker& asker,
                                const wire::FetchInbox& request);
// Forgets the entries up to the position. A position beyond the head is an error.
Status acknowledge_inbox(storage::Transaction& tx, const Asker& asker, std::uint64_t up_to);

Result<wire::Log> fetch_log(storage::Transaction& tx, const Asker& asker,
                            const wire::FetchLog& request);

}  // namespace unhidra::chat
