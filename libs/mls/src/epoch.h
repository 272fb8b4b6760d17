#pragma once
// Steps that creating, following and joining share.

#include "unhidra/mls/group.h"

namespace unhidra::mls {

// The context's encoding and the tree hash brought up to date.
void refresh(PublicState& state);

// Section 12.4.1: the context in which path secrets are encrypted.
GroupContext provisional_context(const PublicState& before, AppliedProposals& applied);

// The public state after a commit; the confirmation tag comes later.
PublicState next_state(const PublicState& before, AppliedProposals& applied,
                       const AuthenticatedContent& commit);
// Puts the tag into the state, with the interim transcript hash that follows from it.
void set_confirmation_tag(PublicState& state, Bytes tag);

// Signs a leaf.
Result<LeafNodePtr> sign_leaf(const Suite& suite, const SignatureKeyPair& key,
                              const LeafNodeContent& content, const LeafPlace& place);

Result<GroupInfo> make_group_info(const PublicState& state, const EpochSecrets& secrets,
                                  const SignatureKeyPair& signer, LeafIndex self, bool with_tree,
                                  bool with_external_pub);

struct GroupSecrets {
  SecretBytes joiner_secret;
  std::optional<SecretBytes> path_secret;
  std::vector<PreSharedKeyId> psks;

  // The encoding is as secret as its content.
  SecretBytes encode() const;
  static Result<GroupSecrets> decode(ByteView bytes);
};

// The path of a committer, put into applied.tree and into its own keys.
struct BuiltPath {
  UpdatePath path;
  std::vector<PathStep> steps;
  std::vector<SecretBytes> path_secrets;
  SecretBytes commit_secret;
};
Result<BuiltPath> build_path(const Environment& env, const PublicState& before,
                             AppliedProposals& applied, const SignatureKeyPair& signer,
                             LeafNodeContent leaf, PrivateTree& keys);

struct WelcomeKey {
  SecretBytes key;
  SecretBytes nonce;
};
WelcomeKey welcome_key(const Suite& suite, ByteView joiner_secret, ByteView psk_secret);

}  // namespace unhidra::mls
