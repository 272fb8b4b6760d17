#pragma once
// The private side of the ratchet tree (RFC 9420 sections 7.4 to 7.6).

#include <map>

#include "unhidra/mls/hpke.h"
#include "unhidra/mls_public/ratchet_tree.h"

namespace unhidra::mls {

// The keys that one member holds: its leaf's, and those of nodes above it.
class PrivateTree {
 public:
  PrivateTree(LeafIndex self, HpkeKeyPair leaf) : self_(self), leaf_(std::move(leaf)) {}
  PrivateTree clone() const;

  LeafIndex self() const { return self_; }
  const HpkeKeyPair& leaf_key() const { return leaf_; }
  void set_leaf_key(HpkeKeyPair key) { leaf_ = std::move(key); }
  // Null when not held.
  const HpkeKeyPair* key(NodeIndex node) const;
  const std::map<std::uint32_t, HpkeKeyPair>& node_keys() const { return nodes_; }
  void set_key(NodeIndex node, HpkeKeyPair key) {
    nodes_.insert_or_assign(node.value, std::move(key));
  }
  // Drops the keys of nodes that are blank in the tree or have another key there.
  void drop_outdated(const RatchetTree& tree);
  // Derives and keeps the keys from `from` up to the root, and answers the commit secret. Errors
  // when a public key differs from the tree's. `steps` are those at and above `from`.
  Result<SecretBytes> implant(const Suite& suite, const RatchetTree& tree,
                              std::span<const PathStep> steps, ByteView path_secret);

 private:
  LeafIndex self_;
  HpkeKeyPair leaf_;
  std::map<std::uint32_t, HpkeKeyPair> nodes_;
};

// A new path from a leaf to the root: secrets and key pairs, for the steps of the sender.
struct PathKeys {
  std::vector<SecretBytes> path_secrets;
  std::vector<HpkeKeyPair> keys;
  SecretBytes commit_secret;
};
Result<PathKeys> derive_path(const Suite& suite, SecretBytes first_path_secret, std::size_t steps);

// Encrypts the path secrets to the resolutions of the copath, without the leaves in `added`.
Result<std::vector<UpdatePathNode>> encrypt_path(const Suite& suite, RandomSource& random,
                                                 const RatchetTree& tree,
                                                 std::span<const PathStep> steps,
                                                 const PathKeys& path,
                                                 std::span<const LeafIndex> added,
                                                 ByteView group_context);

// Which of a path's ciphertexts is for a member. Errc::undecryptable when none is.
struct SealedForUs {
  std::size_t step = 0;   // of the sender's path: the common ancestor
  std::size_t place = 0;  // in the resolution of the copath
  const HpkeKeyPair* key = nullptr;
};
// `tree` has the path in place; `before` are our keys, of nodes that the path did not replace.
Result<SealedForUs> find_path_secret(const PrivateTree& before, const RatchetTree& tree,
                                     std::span<const PathStep> steps,
                                     std::span<const LeafIndex> added);

struct DecryptedPath {
  std::size_t step = 0;  // of the sender's path: the common ancestor
  SecretBytes path_secret;
};
// Errc::bad_path_secret when what is sealed for us does not open.
Result<DecryptedPath> decrypt_path(const Suite& suite, const PrivateTree& before,
                                   const RatchetTree& tree, std::span<const PathStep> steps,
                                   const UpdatePath& path, std::span<const LeafIndex> added,
                                   ByteView group_context);

}  // namespace unhidra::mls
