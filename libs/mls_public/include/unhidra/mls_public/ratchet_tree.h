#pragma once
// The public ratchet tree (RFC 9420 sections 4 and 7). A value: copies share what they do not
// change, so that a commit is tried on a copy, and dropping the copy undoes it. Tree hashes are
// kept and computed again only where something changed.

#include "unhidra/mls_public/commit.h"
#include "unhidra/mls_public/cow_array.h"
#include "unhidra/mls_public/key_index.h"
#include "unhidra/mls_public/tree_math.h"

namespace unhidra::mls_public {

// Section 7.1; never changed once it is in a tree.
struct ParentNode {
  Bytes encryption_key;
  Bytes parent_hash;
  std::vector<LeafIndex> unmerged_leaves;  // ascending

  static ParentNode read(TlsReader& in);
  void write(TlsWriter& out) const;
};
using ParentNodePtr = std::shared_ptr<const ParentNode>;

// A node of the filtered direct path and its child on the copath (section 4.1.2).
struct PathStep {
  NodeIndex node;
  NodeIndex copath;
};

class RatchetTree {
 public:
  // Of a tree that this program takes: hashing even a blank one costs its size.
  static constexpr std::uint32_t kMaxLeaves = 1U << 17;

  // The ratchet_tree extension of section 12.4.3.3; checks the shape alone.
  static Result<RatchetTree> parse(ByteView encoding);
  void write(TlsWriter& out) const;

  // A power of two, 0 when nothing was added yet.
  std::uint32_t leaf_count() const { return static_cast<std::uint32_t>(leaves_.size()); }
  std::uint32_t member_count() const { return members_; }
  NodeIndex root() const { return tree_math::root(leaf_count()); }
  // Null when blank or outside the tree.
  const LeafNode* leaf(LeafIndex index) const;
  LeafNodePtr leaf_ptr(LeafIndex index) const;
  const ParentNode* parent(NodeIndex node) const;
  bool is_blank(NodeIndex node) const;
  // Of a node that is not blank.
  ByteView encryption_key(NodeIndex node) const;
  template <class F>
  void each_member(F&& f) const {
    for (std::uint32_t i = 0; i < leaf_count(); ++i) {
      if (leaves_[i]) {
        f(LeafIndex{i}, *leaves_[i]);
      }
    }
  }

  LeafIndex first_blank_leaf() const;
  // At the leftmost blank leaf; extends the tree when there is none (section 12.1.1).
  LeafIndex add(LeafNodePtr leaf);
  // Replaces a leaf and blanks its direct path (section 12.1.2).
  void update(LeafIndex index, LeafNodePtr leaf);
  // Section 12.1.3, without the truncation: several may be removed before others are added.
  void remove(LeafIndex index);
  void truncate();
  // Puts the keys of an update path in place, parent hashes included (section 7.5). Answers the
  // parent hash that the leaf must carry. Keys beside `steps` on the direct path are blanked.
  Digest set_path(const Suite& suite, LeafIndex sender, std::span<const PathStep> steps,
                  std::span<const ByteView> keys);
  // Replaces a leaf alone.
  void set_leaf(LeafIndex index, LeafNodePtr leaf);

  std::vector<PathStep> filtered_direct_path(LeafIndex leaf) const;
  // The resolution of a node; `excluded` (ascending) are leaves to leave out.
  std::vector<NodeIndex> resolution(NodeIndex node, std::span<const LeafIndex> excluded = {}) const;
  // Stops early: how many nodes up to `limit`.
  std::vector<NodeIndex> resolution_up_to(NodeIndex node, std::size_t limit) const;

  // Section 7.8. Computes what is missing.
  Digest tree_hash(const Suite& suite, NodeIndex node);
  Digest root_hash(const Suite& suite) { return tree_hash(suite, root()); }
  // The hash with `removed` (ascending) blanked, for original_sibling_tree_hash of section 7.9.
  Digest tree_hash_without(const Suite& suite, NodeIndex node, std::span<const LeafIndex> removed);

  // How many nodes have this encryption key, how many leaves this signature key.
  std::size_t count_encryption_key(ByteView key) const;
  std::size_t count_signature_key(ByteView key) const;
  std::optional<LeafIndex> find_signature_key(ByteView key) const;
  // How many members list a type in their capabilities, or use a credential type.
  std::uint32_t count_supporting(ExtensionType type) const;
  std::uint32_t count_supporting(ProposalType type) const;
  std::uint32_t count_supporting(CredentialType type) const;
  std::vector<CredentialType> credential_types_in_use() const;

  // The nodes that may differ between two trees.
  static std::vector<NodeIndex> differences(const RatchetTree& a, const RatchetTree& b);
  // For restoring from storage: any node at its place in a tree of `leaves` leaves.
  static Result<RatchetTree> from_nodes(
      std::uint32_t leaves, std::span<const std::pair<LeafIndex, LeafNodePtr>> leaf_nodes,
      std::span<const std::pair<NodeIndex, ParentNodePtr>> parents);
  // This tree with other nodes in some places (null: blank), cut or extended to `leaves` leaves.
  Result<RatchetTree> with_nodes(
      std::uint32_t leaves, std::span<const std::pair<LeafIndex, LeafNodePtr>> leaf_nodes,
      std::span<const std::pair<NodeIndex, ParentNodePtr>> parents) const;

 private:
  void resize(std::uint32_t leaves);
  void put_leaf(LeafIndex index, LeafNodePtr leaf);
  void put_parent(NodeIndex node, ParentNodePtr parent);
  void blank_direct_path(LeafIndex leaf);
  void touch(NodeIndex node);
  void count_capabilities(const LeafNode& leaf, std::int32_t change);
  bool is_empty(NodeIndex node) const;
  template <class Visit>
  bool visit_resolution(NodeIndex node, Visit&& visit) const;
  Digest hash_parent(const Suite& suite, const ParentNode* parent, ByteView left,
                     ByteView right) const;
  std::size_t count_key(KeyIndex::Kind kind, ByteView key) const;

  CowArray<LeafNodePtr> leaves_;
  CowArray<ParentNodePtr> parents_;  // of node 2 i + 1 at i
  CowArray<Digest> hashes_;          // empty: to be computed
  KeyIndex keys_;
  std::shared_ptr<const std::vector<std::pair<std::uint32_t, std::uint32_t>>> supported_;
  std::uint32_t members_ = 0;
  mutable std::uint32_t first_blank_hint_ = 0;
};

// Section 7.9: the parent hash of a node with the given key.
Digest parent_hash(const Suite& suite, ByteView encryption_key, ByteView parent_hash_above,
                   ByteView original_sibling_tree_hash);

}  // namespace unhidra::mls_public
