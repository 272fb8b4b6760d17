// Joining by Welcome and by external commit (RFC 9420 sections 12.4.3.1 and 12.4.3.2).
#include <algorithm>

#include "unhidra/mls/group.h"

#include "epoch.h"

namespace unhidra::mls {

namespace {

std::unexpected<Error> bad_info(std::string message) {
  return fail(PublicErrc::invalid_group_info, std::move(message));
}

Result<RatchetTree> tree_of(const GroupInfo& info, const JoinOptions& options) {
  if (const Bytes* extension = info.extensions.find(ExtensionType::ratchet_tree)) {
    return RatchetTree::parse(*extension);
  }
  if (options.tree) {
    return *options.tree;
  }
  return bad_info("no ratchet tree came with the GroupInfo");
}

// The public state that a GroupInfo describes, all of it checked.
Result<PublicState> state_of(const Environment& env, const Suite& suite, const GroupInfo& info,
                             const JoinOptions& options) {
  if (info.group_context.cipher_suite != suite.id()) {
    return bad_info("the GroupInfo names another cipher suite");
  }
  UNHIDRA_TRY(RatchetTree tree, tree_of(info, options));
  const LeafNode* signer = tree.leaf(info.signer);
  if (signer == nullptr) {
    return bad_info("the signer of the GroupInfo is no member");
  }
  UNHIDRA_TRY_VOID(info.verify_signature(suite, signer->signature_key()));
  UNHIDRA_TRY_VOID(validate_tree(suite, tree, info.group_context, env.rules));
  PublicState out{suite, info.group_context, encode(info.group_context), std::move(tree), {}, {}};
  set_confirmation_tag(out, info.confirmation_tag);
  return out;
}

struct OpenedWelcome {
  GroupSecrets secrets;
  SecretBytes psk;
  GroupInfo group_info;
};

// Section 12.4.3.1: reinit and branch PSKs stand alone.
Status check_linked(const GroupSecrets& secrets, const JoinOptions& options) {
  const auto linked = [](const PreSharedKeyId& id) {
    return id.is_resumption(ResumptionUsage::reinit) || id.is_resumption(ResumptionUsage::branch);
  };
  if (std::ranges::none_of(secrets.psks, linked)) {
    return {};
  }
  if (std::ranges::count_if(secrets.psks, linked) != 1) {
    return bad_info("a PSK of usage reinit or branch stands beside another");
  }
  if (options.linked_group == nullptr) {
    return fail(Errc::unknown_psk, "the group that the Welcome continues is not known");
  }
  return {};
}

// Does every member of the one group have a leaf with the same credential in the other?
bool covers(const RatchetTree& whole, const RatchetTree& part) {
  std::vector<ByteView> known;
  whole.each_member(
      [&](LeafIndex, const LeafNode& leaf) { known.push_back(leaf.encoded_credential()); });
  bool all = true;
  part.each_member([&](LeafIndex, const LeafNode& leaf) {
    all = all && std::ranges::any_of(known, [&](ByteView credential) {
            return std::ranges::equal(credential, leaf.encoded_credential());
          });
  });
  return all;
}

// Sections 11.2 and 11.3.
Status check_continuation(const GroupSecrets& secrets, const PublicState& state,
                          const JoinOptions& options) {
  for (const PreSharedKeyId& id : secrets.psks) {
    const bool reinit = id.is_resumption(ResumptionUsage::reinit);
    if (!reinit && !id.is_resumption(ResumptionUsage::branch)) {
      continue;
    }
    const Group& old = *options.linked_group;
    const GroupContext& context = state.context;
    if (context.epoch != 1 || id.psk_group_id != old.context().group_id) {
      return bad_info("a continued group starts with epoch 1 and names the group it continues");
    }
    if (reinit) {
      const auto& wanted = old.reinit();
      // Contexts of another version do not parse.
      if (!wanted || id.psk_epoch != old.context().epoch ||
          wanted->version != ProtocolVersion::mls10 || wanted->group_id != context.group_id ||
          wanted->cipher_suite != context.cipher_suite ||
          wanted->extensions != context.extensions || !covers(state.tree, old.state().tree)) {
        return bad_info("the group is not the one that the ReInit asked for");
      }
    } else if (context.cipher_suite != old.context().cipher_suite ||
               !covers(old.state().tree, state.tree)) {
      return bad_info("a branch has the suite and a subset of the members of its group");
    }
  }
  return {};
}

Result<SecretBytes> find_psk_secret(const Environment& env, const Suite& suite,
                                    std::span<const PreSharedKeyId> ids,
                                    const JoinOptions& options) {
  std::vector<Psk> psks;
  for (const PreSharedKeyId& id : ids) {
    std::optional<SecretBytes> found;
    const Group* old = options.linked_group;
    if (old != nullptr && id.type == PskType::resumption &&
        id.psk_group_id == old->context().group_id && id.psk_epoch == old->context().epoch) {
      found = SecretBytes::copy_of(old->resumption_psk());
    } else if (env.psks != nullptr) {
      found = env.psks->find(id);
    }
    if (!found) {
      return fail(Errc::unknown_psk, "a pre-shared key is not held");
    }
    psks.push_back({id, std::move(*found)});
  }
  return psk_secret(suite, psks);
}

Result<OpenedWelcome> open_welcome(const Environment& env, const Suite& suite,
                                   const OwnKeyPackage& ours, const Welcome& welcome,
                                   const JoinOptions& options) {
  const EncryptedGroupSecrets* entry = welcome.find(ours.key_package.reference(suite).view());
  if (entry == nullptr || welcome.cipher_suite != suite.id()) {
    return fail(Errc::not_for_us, "the Welcome has no entry for this KeyPackage");
  }
  UNHIDRA_TRY(const HpkeInfo info, encrypt_context(suite, "Welcome", welcome.encrypted_group_info));
  const auto opened = hpke_open(suite, ours.init_key, entry->encrypted_group_secrets.kem_output,
                                info, {}, entry->encrypted_group_secrets.ciphertext);
  if (!opened) {
    return fail(Errc::undecryptable, "the group secrets do not decrypt");
  }
  OpenedWelcome out;
  UNHIDRA_TRY(out.secrets, GroupSecrets::decode(opened->expose()));
  UNHIDRA_TRY_VOID(check_linked(out.secrets, options));
  UNHIDRA_TRY(out.psk, find_psk_secret(env, suite, out.secrets.psks, options));
  const WelcomeKey key = welcome_key(suite, out.secrets.joiner_secret.expose(), out.psk.expose());
  if (welcome.encrypted_group_info.size() < crypto::kAeadTagSize) {
    return fail(PublicErrc::malformed, "the encrypted GroupInfo is too short");
  }
  Bytes plain(welcome.encrypted_group_info.size() - crypto::kAeadTagSize);
  if (!suite.provider().aead_open(suite.parameters().aead, key.key.expose(), key.nonce.expose(), {},
                                  welcome.encrypted_group_info, plain)) {
    return fail(PublicErrc::bad_tag, "the GroupInfo does not decrypt");
  }
  UNHIDRA_TRY(out.group_info, decode<GroupInfo>(plain, "a GroupInfo"));
  return out;
}

// The newcomer's keys above the node where its path meets the committer's.
Status implant_path(const Suite& suite, const RatchetTree& tree, LeafIndex signer,
                    ByteView path_secret, PrivateTree& keys) {
  const auto steps = tree.filtered_direct_path(signer);
  const NodeIndex meeting = tree_math::common_ancestor(signer, keys.self());
  const auto from = std::ranges::find(steps, meeting, &PathStep::node);
  if (from == steps.end() || path_secret.size() != suite.hash_size()) {
    return fail(PublicErrc::invalid_commit, "the path secret belongs to no node");
  }
  const auto rest = std::span(steps).subspan(static_cast<std::size_t>(from - steps.begin()));
  UNHIDRA_TRY_VOID(keys.implant(suite, tree, rest, path_secret));
  return {};
}

}  // namespace

Result<Group> Group::join(const Environment& env, const OwnKeyPackage& ours, const Welcome& welcome,
                          const JoinOptions& options) {
  UNHIDRA_TRY(const Suite suite, Suite::of(env.provider, ours.key_package.cipher_suite));
  UNHIDRA_TRY(const OpenedWelcome opened, open_welcome(env, suite, ours, welcome, options));
  UNHIDRA_TRY(PublicState pub, state_of(env, suite, opened.group_info, options));
  const LeafNode& leaf = *ours.key_package.leaf_node;
  const auto self = pub.tree.find_signature_key(leaf.signature_key());
  if (!self || !std::ranges::equal(pub.tree.leaf(*self)->encoding(), leaf.encoding())) {
    return bad_info("our leaf is not in the tree");
  }
  if (*self == opened.group_info.signer) {
    return bad_info("the Welcome is signed by our own leaf");
  }
  PrivateTree keys(*self, ours.encryption_key.clone());
  if (opened.secrets.path_secret) {
    UNHIDRA_TRY_VOID(implant_path(suite, pub.tree, opened.group_info.signer,
                                  opened.secrets.path_secret->expose(), keys));
  }
  EpochSecrets secrets = EpochSecrets::from_joiner(suite, opened.secrets.joiner_secret.expose(),
                                                   opened.psk.expose(), pub.encoded_context);
  const Digest tag =
      mac(suite, secrets.confirmation_key.expose(), pub.context.confirmed_transcript_hash);
  if (!constant_time_equal(tag.view(), pub.confirmation_tag)) {
    return fail(PublicErrc::bad_tag, "the confirmation tag does not match");
  }
  UNHIDRA_TRY_VOID(check_continuation(opened.secrets, pub, options));
  SecretTree messages(suite, pub.tree.leaf_count(), std::move(secrets.encryption_secret));
  Group out({std::move(pub), std::move(secrets), std::move(messages), std::move(keys)},
            ours.signature_key.clone());
  out.welcomed_by_ = opened.group_info.signer;
  return out;
}

Result<Group::ExternalJoin> Group::join_external(const Environment& env, const GroupInfo& info,
                                                 const Identity& identity,
                                                 const JoinOptions& options,
                                                 std::optional<LeafIndex> resync) {
  UNHIDRA_TRY(const Suite suite, Suite::of(env.provider, info.group_context.cipher_suite));
  UNHIDRA_TRY(const PublicState before, state_of(env, suite, info, options));
  UNHIDRA_TRY(const auto external, external_pub(info.extensions));
  if (!external) {
    return bad_info("the GroupInfo has no external_pub");
  }
  if (!suite.check_hpke_key(external->external_pub)) {
    return bad_info("the external_pub is no key of the cipher suite");
  }
  UNHIDRA_TRY(HpkeExport init, external_init_send(suite, env.random, external->external_pub));

  const Sender sender{SenderType::new_member_commit, 0};
  auto commit = std::make_shared<Commit>();
  const auto cover = [&](Proposal proposal) {
    commit->proposals.push_back({std::make_shared<const Proposal>(std::move(proposal))});
  };
  cover({ExternalInit{init.kem_output}});
  if (resync) {
    cover({Remove{*resync}});
  }
  for (const PreSharedKeyId& psk : options.psks) {
    cover({PreSharedKey{psk}});
  }
  UNHIDRA_TRY(const SecretBytes psk, find_psk_secret(env, suite, options.psks, options));
  UNHIDRA_TRY(const auto proposals, resolve_proposals(*commit, {}, sender));
  UNHIDRA_TRY(AppliedProposals applied, apply_proposals(before, proposals, sender, env.rules));

  // The leaf takes its place first, so that the path is computed from there.
  UNHIDRA_TRY(HpkeKeyPair key, HpkeKeyPair::generate(suite, env.random));
  const LeafNodeContent content{.encryption_key = key.public_key(),
                                .signature_key = identity.signature_key.public_key(),
                                .credential = identity.credential,
                                .capabilities = identity.capabilities,
                                .source = LeafNodeSource::commit,
                                .lifetime = {},
                                .parent_hash = {},
                                .extensions = identity.leaf_extensions};
  UNHIDRA_TRY(LeafNodePtr leaf,
              sign_leaf(suite, identity.signature_key, content, {before.context.group_id, {0}}));
  PrivateTree keys(applied.tree.add(std::move(leaf)), std::move(key));
  UNHIDRA_TRY(BuiltPath path,
              build_path(env, before, applied, identity.signature_key, content, keys));
  UNHIDRA_TRY_VOID(validate_members_together(applied.tree, applied.extensions));
  commit->path = std::move(path.path);

  UNHIDRA_TRY(AuthenticatedContent signed_content,
              sign_content(suite, identity.signature_key, WireFormat::mls_public_message,
                           {before.context.group_id,
                            before.context.epoch,
                            sender,
                            {},
                            std::shared_ptr<const Commit>(std::move(commit))},
                           before.encoded_context));
  PublicState next = next_state(before, applied, signed_content);
  const SecretBytes joiner =
      joiner_secret(suite, init.secret.expose(), path.commit_secret.expose(), next.encoded_context);
  EpochSecrets secrets =
      EpochSecrets::from_joiner(suite, joiner.expose(), psk.expose(), next.encoded_context);
  signed_content.auth.confirmation_tag =
      mac(suite, secrets.confirmation_key.expose(), next.context.confirmed_transcript_hash).copy();
  set_confirmation_tag(next, signed_content.auth.confirmation_tag);
  SecretTree messages(suite, next.tree.leaf_count(), std::move(secrets.encryption_secret));
  Bytes message = encode(MlsMessage{
      PublicMessage{std::move(signed_content.content), std::move(signed_content.auth), {}}});
  return ExternalJoin{
      Group({std::move(next), std::move(secrets), std::move(messages), std::move(keys)},
            identity.signature_key.clone()),
      std::move(message)};
}

}  // namespace unhidra::mls
