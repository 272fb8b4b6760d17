#include "group_store.h"

#include "unhidra/chat/errc.h"

namespace unhidra::chat {
namespace {

using mls_public::NodeIndex;
using mls_public::RatchetTree;
using storage::Row;
using storage::Transaction;

// A Welcome that nobody fetched for so long no longer keeps its tree: the device can come in by
// external commit.
constexpr std::chrono::hours kWelcomeKeepsTree{24 * 30};

std::optional<Bytes> node_content(const RatchetTree& tree, NodeIndex node) {
  if (mls_public::tree_math::is_leaf(node)) {
    const auto* leaf = tree.leaf(mls_public::tree_math::leaf_of(node));
    return leaf == nullptr ? std::nullopt : std::optional(to_bytes(leaf->encoding()));
  }
  const auto* parent = tree.parent(node);
  return parent == nullptr ? std::nullopt : std::optional(mls_public::encode(*parent));
}

Result<RatchetTree> read_tree(Transaction& tx, ConversationId id, std::uint64_t seq,
                              std::uint32_t leaf_count) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT node_index, content FROM mls_tree_nodes WHERE conversation_id = $1 "
                       "AND since_seq <= $2 ORDER BY node_index, since_seq",
                       id, seq));
  std::vector<std::pair<mls_public::LeafIndex, mls_public::LeafNodePtr>> leaves;
  std::vector<std::pair<NodeIndex, mls_public::ParentNodePtr>> parents;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto node = rows[i].get<std::uint32_t>(0);
    const bool newest = i + 1 == rows.size() || rows[i + 1].get<std::uint32_t>(0) != node;
    if (!newest || rows[i].is_null(1)) {
      continue;
    }
    const auto content = rows[i].get<ByteView>(1);
    if (mls_public::tree_math::is_leaf({node})) {
      UNHIDRA_TRY(auto leaf, mls_public::LeafNode::parse(content));
      leaves.emplace_back(mls_public::tree_math::leaf_of({node}), std::move(leaf));
    } else {
      UNHIDRA_TRY(auto parent, mls_public::decode<mls_public::ParentNode>(content, "a node"));
      parents.emplace_back(NodeIndex{node},
                           std::make_shared<const mls_public::ParentNode>(std::move(parent)));
    }
  }
  return RatchetTree::from_nodes(leaf_count, leaves, parents);
}

Status read_proposals(Transaction& tx, const GroupRow& row,
                      const mls_public::ValidationRules& rules, mls_public::PublicGroup& group) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT content FROM mls_handshakes WHERE conversation_id = $1 AND kind = 1 "
                       "AND seq > $2 ORDER BY seq",
                       row.id, row.commit_seq));
  for (const Row proposal : rows) {
    UNHIDRA_TRY(const auto message, mls_public::MlsMessage::parse(proposal.get<ByteView>(0)));
    const auto* public_message = message.as<mls_public::PublicMessage>();
    if (public_message == nullptr) {
      return fail(storage::Errc::corrupt, "a stored proposal is none");
    }
    UNHIDRA_TRY_VOID(group.add_proposal(*public_message, rules));
  }
  return {};
}

}  // namespace

Result<std::optional<GroupRow>> look_for_group(Transaction& tx, OrgId org, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT g.reset_count, g.epoch, g.first_epoch_taken, g.commit_seq, "
                       "g.handshake_seq, g.leaf_count, g.group_info, g.creation_hash, g.closed_at, "
                       "c.head_seq FROM mls_groups g JOIN conversations c "
                       "ON c.conversation_id = g.conversation_id "
                       "WHERE g.conversation_id = $1 AND g.org_id = $2",
                       id, org));
  if (rows.empty()) {
    return std::nullopt;
  }
  const Row row = rows.front();
  return GroupRow{.id = id,
                  .org_id = org,
                  .reset_count = row.get<std::uint32_t>(0),
                  .epoch = row.get<std::uint64_t>(1),
                  .first_epoch_taken = row.get<std::uint64_t>(2),
                  .commit_seq = row.get<std::uint64_t>(3),
                  .handshake_seq = row.get<std::uint64_t>(4),
                  .leaf_count = row.get<std::uint32_t>(5),
                  .group_info = row.get<Bytes>(6),
                  .creation_hash = row.get<ByteArray<32>>(7),
                  .closed = !row.is_null(8),
                  .head_seq = row.get<std::uint64_t>(9)};
}

Result<GroupRow> find_group(Transaction& tx, OrgId org, ConversationId id) {
  UNHIDRA_TRY(auto row, look_for_group(tx, org, id));
  if (!row) {
    return fail(Errc::not_found, "no such conversation");
  }
  return *std::move(row);
}

std::optional<mls_public::PublicState> GroupCache::find(ConversationId id,
                                                        const ByteArray<32>& hash) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || found->second->hash != hash) {
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->state;
}

void GroupCache::put(ConversationId id, const ByteArray<32>& hash,
                     const mls_public::PublicState& state) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_id_.find(id); known != by_id_.end()) {
    drop(known->second);
  }
  entries_.push_front({id, hash, state});
  by_id_[id] = entries_.begin();
  leaves_ += state.tree.leaf_count();
  while (leaves_ > kMaxLeaves && !entries_.empty()) {
    drop(std::prev(entries_.end()));
  }
}

void GroupCache::drop(std::list<Entry>::iterator entry) {
  leaves_ -= entry->state.tree.leaf_count();
  by_id_.erase(entry->id);
  entries_.erase(entry);
}

Result<mls_public::PublicGroup> load_group(const crypto::Provider& provider, Transaction& tx,
                                           const GroupRow& row,
                                           const mls_public::ValidationRules& rules,
                                           GroupCache& cache) {
  std::optional<mls_public::PublicGroup> out;
  const auto hash = provider.sha256(row.group_info);
  if (auto known = cache.find(row.id, hash)) {
    out = mls_public::PublicGroup::of(*std::move(known));
  } else {
    UNHIDRA_TRY(const auto message, mls_public::MlsMessage::parse(row.group_info));
    const auto* info = message.as<mls_public::GroupInfo>();
    if (info == nullptr) {
      return fail(storage::Errc::corrupt, "a stored GroupInfo is none");
    }
    UNHIDRA_TRY(auto tree, read_tree(tx, row.id, row.commit_seq, row.leaf_count));
    UNHIDRA_TRY(out, mls_public::PublicGroup::restore(provider, *info, std::move(tree)));
    cache.put(row.id, hash, out->state());
  }
  UNHIDRA_TRY_VOID(read_proposals(tx, row, rules, *out));
  return *std::move(out);
}

Result<Bytes> tree_at(Transaction& tx, const GroupRow& row, std::uint64_t seq) {
  std::uint32_t leaves = row.leaf_count;
  if (seq != row.commit_seq) {
    UNHIDRA_TRY(const auto rows,
                tx.query("SELECT leaf_count FROM mls_handshakes WHERE conversation_id = $1 AND "
                         "seq = $2 AND kind > 1",
                         row.id, seq));
    if (rows.empty()) {
      return fail(Errc::not_found, "no commit stands there");
    }
    leaves = rows.front().get<std::uint32_t>(0);
  }
  UNHIDRA_TRY(const auto tree, read_tree(tx, row.id, seq, leaves));
  return mls_public::encode(tree);
}

Status store_tree(Transaction& tx, const GroupRow& row, const RatchetTree& before,
                  const RatchetTree& after, std::uint64_t seq, Timestamp now) {
  UNHIDRA_TRY(const auto oldest,
              tx.query("SELECT MIN(seq) FROM device_inbox WHERE conversation_id = $1 AND kind = 1 "
                       "AND received_at > $2",
                       row.id, now - kWelcomeKeepsTree));
  const auto keep = oldest.front().get<std::optional<std::uint64_t>>(0).value_or(seq);
  for (const NodeIndex node : RatchetTree::differences(before, after)) {
    UNHIDRA_TRY_VOID(tx.execute_later(
        "INSERT INTO mls_tree_nodes (conversation_id, node_index, since_seq, org_id, content) "
        "VALUES ($1, $2, $3, $4, $5)",
        row.id, node.value, seq, row.org_id, node_content(after, node)));
    UNHIDRA_TRY_VOID(tx.execute_later(
        "DELETE FROM mls_tree_nodes WHERE conversation_id = $1 AND node_index = $2 AND since_seq < "
        "(SELECT MAX(since_seq) FROM mls_tree_nodes WHERE conversation_id = $1 AND node_index = $2 "
        "AND since_seq <= $3)",
        row.id, node.value, keep));
  }
  return {};
}

Status insert_member(Transaction& tx, const GroupRow& row, mls_public::LeafIndex leaf,
                     const identity::MemberName& name) {
  return tx.execute_later(
      "INSERT INTO mls_members (conversation_id, leaf_index, org_id, user_id, device_id) "
      "VALUES ($1, $2, $3, $4, $5)",
      row.id, leaf.value, row.org_id, name.user_id, name.device_id);
}

Result<std::vector<DeviceId>> group_devices(Transaction& tx, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT device_id FROM mls_members WHERE conversation_id = $1", id));
  std::vector<DeviceId> out;
  out.reserve(rows.size());
  for (const Row row : rows) {
    out.push_back(row.get<DeviceId>(0));
  }
  return out;
}

}  // namespace unhidra::chat
