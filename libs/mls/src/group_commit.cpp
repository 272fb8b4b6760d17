// Making a commit (RFC 9420 section 12.4.1) and its Welcome.
#include <algorithm>
#include <set>

#include "unhidra/mls/group.h"

#include "epoch.h"

namespace unhidra::mls {
namespace {

// The path secret of the node where a newcomer's path meets the committer's.
std::optional<SecretBytes> secret_for(const BuiltPath& path, LeafIndex self, LeafIndex added) {
  const NodeIndex meeting = tree_math::common_ancestor(self, added);
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    if (path.steps[i].node == meeting) {
      return path.path_secrets[i].clone();
    }
  }
  return std::nullopt;
}

struct WelcomeInput {
  const Suite& suite;
  std::span<const KeyPackagePtr> key_packages;
  std::span<const LeafIndex> leaves;
  ByteView joiner_secret;
  ByteView psk_secret;
  const std::vector<PreSharedKeyId>& psks;
  const std::optional<BuiltPath>& path;
  LeafIndex self;
};

Result<Welcome> make_welcome(RandomSource& random, const WelcomeInput& in,
                             const GroupInfo& group_info) {
  const Suite& suite = in.suite;
  const WelcomeKey key = welcome_key(suite, in.joiner_secret, in.psk_secret);
  const Bytes plain = encode(group_info);
  Welcome out{suite.id(), {}, Bytes(plain.size() + crypto::kAeadTagSize)};
  UNHIDRA_TRY_VOID(suite.provider().aead_seal(suite.parameters().aead, key.key.expose(),
                                              key.nonce.expose(), {}, plain,
                                              out.encrypted_group_info));
  UNHIDRA_TRY(const HpkeInfo info, encrypt_context(suite, "Welcome", out.encrypted_group_info));
  for (std::size_t i = 0; i < in.leaves.size(); ++i) {
    const KeyPackage& key_package = *in.key_packages[i];
    const GroupSecrets secrets{SecretBytes::copy_of(in.joiner_secret),
                               in.path ? secret_for(*in.path, in.self, in.leaves[i]) : std::nullopt,
                               in.psks};
    UNHIDRA_TRY(HpkeCiphertext ciphertext, hpke_seal(suite, random, key_package.init_key, info, {},
                                                     secrets.encode().expose()));
    out.secrets.push_back({key_package.reference(suite).copy(), std::move(ciphertext)});
  }
  return out;
}

}  // namespace

Result<std::vector<Psk>> Group::find_psks(const Environment& env,
                                          std::span<const PreSharedKeyId> ids) const {
  std::vector<Psk> out;
  for (const PreSharedKeyId& id : ids) {
    std::optional<SecretBytes> secret;
    if (id.type == PskType::resumption && id.psk_group_id == context().group_id) {
      if (id.psk_epoch == context().epoch) {
        secret = epoch_.secrets.resumption_psk.clone();
      }
      for (const Resumption& kept : resumption_) {
        if (kept.epoch == id.psk_epoch) {
          secret = kept.psk.clone();
        }
      }
    }
    if (!secret && env.psks != nullptr) {
      secret = env.psks->find(id);
    }
    if (!secret) {
      return fail(Errc::unknown_psk, "a pre-shared key is not held");
    }
    out.push_back({id, std::move(*secret)});
  }
  return out;
}

// Section 12.4: all valid proposals of the epoch. Of several for one leaf a Remove counts, or else
// the latest Update; what cannot stand beside the others is left for a later commit.
Result<std::vector<QueuedProposal>> Group::choose_proposals(const Environment&,
                                                            const CommitOptions& options) const {
  std::vector<QueuedProposal> out;
  const Sender own = Sender::member(self());
  for (const Proposal& proposal : options.proposals) {
    out.push_back({std::make_shared<const Proposal>(proposal), own, {}});
  }
  if (!options.cover_pending) {
    return out;
  }
  std::set<LeafIndex> removed;
  bool extensions = false;
  const auto note = [&](const Proposal& proposal) {
    if (const Remove* remove = proposal.as<Remove>()) {
      removed.insert(remove->removed);
    }
    extensions = extensions || proposal.as<GroupContextExtensions>() != nullptr;
  };
  for (const Proposal& proposal : options.proposals) {
    note(proposal);
  }
  std::vector<const QueuedProposal*> chosen;
  std::set<LeafIndex> updated;
  const auto& items = proposals_.items();
  for (const QueuedProposal& item : items) {
    const Remove* remove = item.proposal->as<Remove>();
    if (remove != nullptr && remove->removed != self() && !removed.contains(remove->removed)) {
      removed.insert(remove->removed);
      chosen.push_back(&item);
    }
  }
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    switch (item->proposal->type()) {
      case ProposalType::update:
        if (item->sender != own && !removed.contains(item->sender.leaf()) &&
            updated.insert(item->sender.leaf()).second) {
          chosen.push_back(&*item);
        }
        break;
      case ProposalType::add:
      case ProposalType::psk:
        chosen.push_back(&*item);
        break;
      case ProposalType::group_context_extensions:
        if (!extensions) {
          extensions = true;
          chosen.push_back(&*item);
        }
        break;
      default:
        break;
    }
  }
  if (chosen.empty() && out.empty() && !items.empty() &&
      items.back().proposal->as<ReInit>() != nullptr) {
    chosen.push_back(&items.back());
  }
  // In the order in which they came.
  std::ranges::sort(chosen);
  for (const QueuedProposal* item : chosen) {
    out.push_back(*item);
  }
  return out;
}

Result<CommitBundle> Group::commit(const Environment& env, const CommitOptions& options) {
  UNHIDRA_TRY_VOID(check_active());
  if (pending_) {
    return fail(Errc::pending_commit, "a commit of our own waits for its confirmation");
  }
  const PublicState& pub = epoch_.pub;
  const Suite& suite = pub.suite;
  const Sender sender = Sender::member(self());
  UNHIDRA_TRY(const auto proposals, choose_proposals(env, options));
  UNHIDRA_TRY(AppliedProposals applied,
              apply_proposals(pub, proposals, sender, env.rules, options.use));
  UNHIDRA_TRY(const auto psks, find_psks(env, applied.psks));
  const SecretBytes psk = psk_secret(suite, psks);

  auto commit = std::make_shared<Commit>();
  for (const QueuedProposal& item : proposals) {
    commit->proposals.push_back(item.reference.empty() ? ProposalOrRef{item.proposal}
                                                       : ProposalOrRef{item.reference});
  }
  PrivateTree keys = epoch_.keys.clone();
  std::optional<BuiltPath> path;
  if (applied.path_required || options.force_path) {
    auto leaf = pub.tree.leaf(self())->content();
    leaf.capabilities = options.capabilities.value_or(std::move(leaf.capabilities));
    UNHIDRA_TRY(path, build_path(env, pub, applied, signer_, leaf, keys));
    commit->path = path->path;
    UNHIDRA_TRY_VOID(validate_members_together(applied.tree, applied.extensions));
  }
  keys.drop_outdated(applied.tree);
  const SecretBytes commit_secret = path ? path->commit_secret.clone() : zero_secret(suite);

  UNHIDRA_TRY(AuthenticatedContent content,
              sign_content(suite, signer_, options.wire_format,
                           {context().group_id, context().epoch, sender, options.authenticated_data,
                            std::shared_ptr<const Commit>(std::move(commit))},
                           pub.encoded_context));
  PublicState next = next_state(pub, applied, content);
  const SecretBytes joiner = joiner_secret(suite, epoch_.secrets.init_secret.expose(),
                                           commit_secret.expose(), next.encoded_context);
  EpochSecrets secrets =
      EpochSecrets::from_joiner(suite, joiner.expose(), psk.expose(), next.encoded_context);
  content.auth.confirmation_tag =
      mac(suite, secrets.confirmation_key.expose(), next.context.confirmed_transcript_hash).copy();
  set_confirmation_tag(next, content.auth.confirmation_tag);

  CommitBundle out;
  out.epoch = next.context.epoch;
  if (!applied.added.empty()) {
    UNHIDRA_TRY(const GroupInfo info,
                make_group_info(next, secrets, signer_, self(), options.tree_in_group_info, false));
    UNHIDRA_TRY(Welcome welcome,
                make_welcome(env.random,
                             {suite, applied.key_packages, applied.added, joiner.expose(),
                              psk.expose(), applied.psks, path, self()},
                             info));
    out.welcome = encode(MlsMessage{std::move(welcome)});
  }
  if (options.make_group_info) {
    UNHIDRA_TRY(GroupInfo info,
                make_group_info(next, secrets, signer_, self(), options.tree_in_group_info, true));
    out.group_info = encode(MlsMessage{std::move(info)});
  }
  if (!options.tree_in_group_info) {
    TlsWriter tree;
    next.tree.write(tree);
    out.ratchet_tree = std::move(tree).take();
  }
  if (options.wire_format == WireFormat::mls_private_message) {
    UNHIDRA_TRY(PrivateMessage message, protect_private(suite, env.random, content,
                                                        epoch_.secrets.sender_data_secret.expose(),
                                                        epoch_.messages, options.padding));
    out.commit = encode(MlsMessage{std::move(message)});
  } else {
    UNHIDRA_TRY(PublicMessage message,
                protect_public(suite, content, epoch_.secrets.membership_key.expose(),
                               pub.encoded_context));
    out.commit = encode(MlsMessage{std::move(message)});
  }
  SecretTree messages(suite, next.tree.leaf_count(), std::move(secrets.encryption_secret));
  pending_ = Pending{{std::move(next), std::move(secrets), std::move(messages), std::move(keys)},
                     {out.epoch, applied.added, applied.removed, false, applied.reinit}};
  return out;
}

Result<CommitEffects> Group::confirm_pending(const Environment& env) {
  if (!pending_) {
    return fail(Errc::no_pending, "no commit of our own waits");
  }
  Pending pending = std::move(*pending_);
  enter(env, std::move(pending.next), pending.effects);
  return pending.effects;
}

}  // namespace unhidra::mls
