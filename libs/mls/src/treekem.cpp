#include "unhidra/mls/treekem.h"

#include <algorithm>

#include "unhidra/mls/errc.h"

namespace unhidra::mls {

PrivateTree PrivateTree::clone() const {
  PrivateTree out(self_, leaf_.clone());
  for (const auto& [node, key] : nodes_) {
    out.nodes_.emplace(node, key.clone());
  }
  return out;
}

const HpkeKeyPair* PrivateTree::key(NodeIndex node) const {
  if (node == tree_math::node_of(self_)) {
    return &leaf_;
  }
  const auto found = nodes_.find(node.value);
  return found == nodes_.end() ? nullptr : &found->second;
}

void PrivateTree::drop_outdated(const RatchetTree& tree) {
  std::erase_if(nodes_, [&](const auto& entry) {
    const ParentNode* parent = tree.parent({entry.first});
    return parent == nullptr || parent->encryption_key != entry.second.public_key();
  });
}

Result<PathKeys> derive_path(const Suite& suite, SecretBytes first, std::size_t steps) {
  PathKeys out;
  SecretBytes secret = std::move(first);
  for (std::size_t i = 0; i < steps; ++i) {
    const SecretBytes node_secret = derive_secret(suite, secret.expose(), "node");
    UNHIDRA_TRY(HpkeKeyPair pair, HpkeKeyPair::derive(suite, node_secret.expose()));
    out.keys.push_back(std::move(pair));
    SecretBytes next = derive_secret(suite, secret.expose(), "path");
    out.path_secrets.push_back(std::move(secret));
    secret = std::move(next);
  }
  out.commit_secret = std::move(secret);
  return out;
}

Result<SecretBytes> PrivateTree::implant(const Suite& suite, const RatchetTree& tree,
                                         std::span<const PathStep> steps, ByteView path_secret) {
  UNHIDRA_TRY(PathKeys path, derive_path(suite, SecretBytes::copy_of(path_secret), steps.size()));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const ParentNode* parent = tree.parent(steps[i].node);
    if (parent == nullptr || parent->encryption_key != path.keys[i].public_key()) {
      return fail(PublicErrc::invalid_commit, "a path secret leads to another public key");
    }
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    set_key(steps[i].node, std::move(path.keys[i]));
  }
  return std::move(path.commit_secret);
}

Result<std::vector<UpdatePathNode>> encrypt_path(const Suite& suite, RandomSource& random,
                                                 const RatchetTree& tree,
                                                 std::span<const PathStep> steps,
                                                 const PathKeys& path,
                                                 std::span<const LeafIndex> added,
                                                 ByteView group_context) {
  UNHIDRA_TRY(const HpkeInfo info, encrypt_context(suite, "UpdatePathNode", group_context));
  std::vector<UpdatePathNode> out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    UpdatePathNode node{path.keys[i].public_key(), {}};
    for (const NodeIndex target : tree.resolution(steps[i].copath, added)) {
      UNHIDRA_TRY(HpkeCiphertext ciphertext, hpke_seal(suite, random, tree.encryption_key(target),
                                                       info, {}, path.path_secrets[i].expose()));
      node.encrypted_path_secret.push_back(std::move(ciphertext));
    }
    out.push_back(std::move(node));
  }
  return out;
}

Result<SealedForUs> find_path_secret(const PrivateTree& before, const RatchetTree& tree,
                                     std::span<const PathStep> steps,
                                     std::span<const LeafIndex> added) {
  const auto step = std::ranges::find_if(
      steps, [&](const PathStep& s) { return tree_math::is_under(before.self(), s.copath); });
  if (step == steps.end()) {
    return fail(Errc::undecryptable, "the path does not lead past this member");
  }
  const auto index = static_cast<std::size_t>(step - steps.begin());
  const auto resolution = tree.resolution(step->copath, added);
  for (std::size_t i = 0; i < resolution.size(); ++i) {
    const HpkeKeyPair* key = before.key(resolution[i]);
    if (key == nullptr ||
        !std::ranges::equal(key->public_key(), tree.encryption_key(resolution[i]))) {
      continue;
    }
    return SealedForUs{index, i, key};
  }
  return fail(Errc::undecryptable, "no key of ours is in the resolution");
}

Result<DecryptedPath> decrypt_path(const Suite& suite, const PrivateTree& before,
                                   const RatchetTree& tree, std::span<const PathStep> steps,
                                   const UpdatePath& path, std::span<const LeafIndex> added,
                                   ByteView group_context) {
  UNHIDRA_TRY(const SealedForUs ours, find_path_secret(before, tree, steps, added));
  UNHIDRA_TRY(const HpkeInfo info, encrypt_context(suite, "UpdatePathNode", group_context));
  const HpkeCiphertext& sealed = path.nodes[ours.step].encrypted_path_secret[ours.place];
  auto secret = hpke_open(suite, *ours.key, sealed.kem_output, info, {}, sealed.ciphertext);
  if (!secret || secret->size() != suite.hash_size()) {
    return fail(Errc::bad_path_secret, "the path secret does not decrypt");
  }
  return DecryptedPath{ours.step, std::move(*secret)};
}

}  // namespace unhidra::mls
