#pragma once
// Groups in the database: one row of their present epoch, the nodes of the public tree, who sits in
// which leaf. A commit writes what it changes; the tree is never written as a whole.

#include <list>
#include <map>
#include <mutex>

#include "unhidra/mls_public/public_group.h"
#include "unhidra/storage/transaction.h"
#include "unhidra/wire/groups.h"

#include "group_bundle.h"

namespace unhidra::chat {

struct GroupRow {
  ConversationId id;
  OrgId org_id;
  std::uint32_t reset_count = 0;
  std::uint64_t epoch = 0;
  std::uint64_t first_epoch_taken = 0;
  std::uint64_t commit_seq = 0;
  std::uint64_t handshake_seq = 0;
  std::uint32_t leaf_count = 1;
  Bytes group_info;
  ByteArray<32> creation_hash{};
  bool closed = false;
  std::uint64_t head_seq = 0;  // of the conversation's log
};

// Errc::not_found: of another organisation, too.
Result<GroupRow> find_group(storage::Transaction& tx, OrgId org, ConversationId id);
Result<std::optional<GroupRow>> look_for_group(storage::Transaction& tx, OrgId org,
                                               ConversationId id);

// The public state of groups that were in use, so that a commit does not read the tree. Bounded;
// the least recently used goes first. Safe from any thread.
class GroupCache {
 public:
  static constexpr std::size_t kMaxLeaves = 500'000;

  // `hash`: SHA-256 of the epoch's GroupInfo as it is stored.
  std::optional<mls_public::PublicState> find(ConversationId id, const ByteArray<32>& hash);
  void put(ConversationId id, const ByteArray<32>& hash, const mls_public::PublicState& state);

 private:
  struct Entry {
    ConversationId id;
    ByteArray<32> hash;
    mls_public::PublicState state;
  };
  void drop(std::list<Entry>::iterator entry);

  std::mutex mutex_;
  std::list<Entry> entries_;  // newest first
  std::map<ConversationId, std::list<Entry>::iterator> by_id_;
  std::size_t leaves_ = 0;
};

// The group in its present epoch, with all of that epoch's proposals.
Result<mls_public::PublicGroup> load_group(const crypto::Provider& provider,
                                           storage::Transaction& tx, const GroupRow& row,
                                           const mls_public::ValidationRules& rules,
                                           GroupCache& cache);

// The tree as it stood after the commit, encoded. Errc::not_found when it is not kept any more.
Result<Bytes> tree_at(storage::Transaction& tx, const GroupRow& row, std::uint64_t seq);

// Writes the nodes in which `after` differs from `before`, and forgets those that no Welcome needs.
Status store_tree(storage::Transaction& tx, const GroupRow& row,
                  const mls_public::RatchetTree& before, const mls_public::RatchetTree& after,
                  std::uint64_t seq, Timestamp now);

Status insert_member(storage::Transaction& tx, const GroupRow& row, mls_public::LeafIndex leaf,
                     const identity::MemberName& name);

// All devices in the group.
Result<std::vector<DeviceId>> group_devices(storage::Transaction& tx, ConversationId id);

}  // namespace unhidra::chat
