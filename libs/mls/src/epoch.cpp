#include "epoch.h"

namespace unhidra::mls {

void refresh(PublicState& state) {
  state.context.tree_hash = state.tree.root_hash(state.suite).copy();
  state.encoded_context = encode(state.context);
}

GroupContext provisional_context(const PublicState& before, AppliedProposals& applied) {
  GroupContext out = before.context;
  ++out.epoch;
  out.tree_hash = applied.tree.root_hash(before.suite).copy();
  out.extensions = applied.extensions;
  return out;
}

PublicState next_state(const PublicState& before, AppliedProposals& applied,
                       const AuthenticatedContent& commit) {
  PublicState out{before.suite, provisional_context(before, applied), {}, {}, {}, {}};
  out.context.confirmed_transcript_hash =
      confirmed_transcript_hash(before.suite, before.interim_transcript_hash, commit).copy();
  out.tree = std::move(applied.tree);
  out.encoded_context = encode(out.context);
  return out;
}

void set_confirmation_tag(PublicState& state, Bytes tag) {
  state.interim_transcript_hash =
      interim_transcript_hash(state.suite, state.context.confirmed_transcript_hash, tag).copy();
  state.confirmation_tag = std::move(tag);
}

Result<LeafNodePtr> sign_leaf(const Suite& suite, const SignatureKeyPair& key,
                              const LeafNodeContent& content, const LeafPlace& place) {
  TlsWriter out;
  content.write(out);
  UNHIDRA_TRY(const Bytes signature,
              key.sign(suite, "LeafNodeTBS", leaf_node_tbs(out.view(), content.source, place)));
  out.opaque(signature);
  return LeafNode::parse(out.view());
}

Result<GroupInfo> make_group_info(const PublicState& state, const EpochSecrets& secrets,
                                  const SignatureKeyPair& signer, LeafIndex self, bool with_tree,
                                  bool with_external_pub) {
  GroupInfo out{state.context, {}, state.confirmation_tag, self, {}};
  if (with_tree) {
    TlsWriter tree;
    state.tree.write(tree);
    out.extensions.set(ExtensionType::ratchet_tree, std::move(tree).take());
  }
  if (with_external_pub) {
    UNHIDRA_TRY(const HpkeKeyPair external,
                HpkeKeyPair::derive(state.suite, secrets.external_secret.expose()));
    out.extensions.set(ExtensionType::external_pub, encode(ExternalPub{external.public_key()}));
  }
  TlsWriter content;
  out.write_content(content);
  UNHIDRA_TRY(out.signature, signer.sign(state.suite, "GroupInfoTBS", content.view()));
  return out;
}

Result<BuiltPath> build_path(const Environment& env, const PublicState& before,
                             AppliedProposals& applied, const SignatureKeyPair& signer,
                             LeafNodeContent leaf, PrivateTree& keys) {
  const Suite& suite = before.suite;
  const LeafIndex self = keys.self();
  BuiltPath out;
  out.steps = applied.tree.filtered_direct_path(self);
  UNHIDRA_TRY(PathKeys path,
              derive_path(suite, env.random.secret(suite.hash_size()), out.steps.size()));
  UNHIDRA_TRY(HpkeKeyPair leaf_key, HpkeKeyPair::generate(suite, env.random));
  std::vector<ByteView> public_keys;
  for (const HpkeKeyPair& key : path.keys) {
    public_keys.emplace_back(key.public_key());
  }
  leaf.source = LeafNodeSource::commit;
  leaf.encryption_key = leaf_key.public_key();
  leaf.signature_key = signer.public_key();
  leaf.parent_hash = applied.tree.set_path(suite, self, out.steps, public_keys).copy();
  UNHIDRA_TRY(out.path.leaf_node, sign_leaf(suite, signer, leaf, {before.context.group_id, self}));
  applied.tree.set_leaf(self, out.path.leaf_node);
  const Bytes context = encode(provisional_context(before, applied));
  UNHIDRA_TRY(out.path.nodes, encrypt_path(suite, env.random, applied.tree, out.steps, path,
                                           applied.added, context));
  keys.set_leaf_key(std::move(leaf_key));
  keys.drop_outdated(applied.tree);
  for (std::size_t i = 0; i < out.steps.size(); ++i) {
    keys.set_key(out.steps[i].node, std::move(path.keys[i]));
  }
  out.path_secrets = std::move(path.path_secrets);
  out.commit_secret = std::move(path.commit_secret);
  return out;
}

SecretBytes GroupSecrets::encode() const {
  TlsWriter out(512);
  out.opaque(joiner_secret.expose()).present(path_secret.has_value());
  if (path_secret) {
    out.opaque(path_secret->expose());
  }
  out.vector([&](TlsWriter& list) {
    for (const PreSharedKeyId& psk : psks) {
      psk.write(list);
    }
  });
  Bytes bytes = std::move(out).take();
  SecretBytes secret = SecretBytes::copy_of(bytes);
  wipe(bytes);
  return secret;
}

Result<GroupSecrets> GroupSecrets::decode(ByteView bytes) {
  TlsReader in(bytes);
  GroupSecrets out;
  out.joiner_secret = SecretBytes::copy_of(in.opaque());
  if (in.present()) {
    out.path_secret = SecretBytes::copy_of(in.opaque());
  }
  in.vector([&](TlsReader& item) { out.psks.push_back(PreSharedKeyId::read(item)); });
  UNHIDRA_TRY_VOID(in.finish("GroupSecrets"));
  return out;
}

WelcomeKey welcome_key(const Suite& suite, ByteView joiner, ByteView psk) {
  const SecretBytes secret = welcome_secret(suite, joiner, psk);
  return {expand_with_label(suite, secret.expose(), "key", {}, suite.key_size()),
          expand_with_label(suite, secret.expose(), "nonce", {}, crypto::kAeadNonceSize)};
}

}  // namespace unhidra::mls
