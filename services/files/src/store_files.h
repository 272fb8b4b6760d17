#pragma once
// The tables `files` and `file_usage`.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/crypto/block_digest.h"
#include "unhidra/storage/transaction.h"
#include "unhidra/wire/conversations.h"

namespace unhidra::files {

using wire::FileId;

struct StoredFile {
  FileId file_id;
  OrgId org_id;
  ConversationId conversation_id;
  UserId user_id;
  std::uint64_t size = 0;      // bytes of ciphertext
  std::uint64_t received = 0;  // bytes
  crypto::FileDigest chain{};
  std::uint64_t last_offset = 0;
  crypto::FileDigest last_chain{};
  std::optional<std::string> upload;
  Timestamp created_at{};
  std::optional<Timestamp> completed_at;
};

// A part that the object store has taken.
struct TakenPart {
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  crypto::FileDigest before{};  // the chain where it begins
  crypto::FileDigest after{};
};

struct Lifetimes {
  std::chrono::milliseconds upload{};
  std::chrono::milliseconds unsent{};
};

struct Usage {
  std::uint64_t user = 0;  // bytes
  std::uint64_t organization = 0;
};

namespace store {

// Whether the user is in the conversation now, and it is there.
Result<bool> is_member(storage::Transaction& tx, OrgId org, UserId user, ConversationId id);
// Nothing when it is not there, deleted or in another organisation.
Result<std::optional<StoredFile>> find(storage::Transaction& tx, OrgId org, FileId id);
// Whether the id was ever used, by whomever.
Result<bool> is_taken(storage::Transaction& tx, FileId id);
Status insert(storage::Transaction& tx, const StoredFile& file);
// The store's name of the upload, unless there is one already; which counts.
Result<std::string> set_upload(storage::Transaction& tx, FileId id, const std::string& upload);
// False when the upload does not stand where the part begins.
Result<bool> take_part(storage::Transaction& tx, FileId id, const TakenPart& part, Timestamp now);
Result<bool> complete(storage::Transaction& tx, FileId id, Timestamp now);
// False when it was deleted already.
Result<bool> mark_deleted(storage::Transaction& tx, OrgId org, FileId id, Timestamp now);

Result<Usage> usage(storage::Transaction& tx, OrgId org, UserId user);
// Whether the session that made a link is there still, and its user.
Result<bool> session_lives(storage::Transaction& tx, OrgId org, UserId user, SessionId session,
                           Timestamp now);

// Marks files deleted that were unfinished or unsent for too long; some at a time.
Result<std::vector<StoredFile>> condemn_old(storage::Transaction& tx, const Lifetimes& lifetimes,
                                            Timestamp now, std::uint32_t limit);
// Looks at the `limit` files after `cursor`, which moves on, and begins anew at the end: marks
// those deleted whose message, conversation or channel is gone.
Result<std::vector<StoredFile>> condemn_orphans(storage::Transaction& tx, FileId& cursor,
                                                Timestamp now, std::uint32_t limit);
// Those that are marked and still have a row.
Result<std::vector<StoredFile>> condemned(storage::Transaction& tx, std::uint32_t limit);
// The object is gone: gives the bytes back. False when somebody was quicker.
Result<bool> forget(storage::Transaction& tx, const StoredFile& file);
// Bytes of all files of all organisations.
Result<std::uint64_t> stored_bytes(storage::Transaction& tx);

}  // namespace store
}  // namespace unhidra::files
